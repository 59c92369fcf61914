"""What runs in robomimic's own environment: its training, and its policy behind a pipe.

    python peer_inside.py train CONFIG
    python peer_inside.py act CHECKPOINT

`act` reads a line of JSON a control step, {} where an episode starts and observations by key after
that, and answers each with a line of JSON: the action.
"""

import argparse
import json
import os
import re
import sys

import torch

MOST_OPERATORS = 50


def import_torchvision() -> None:
    """Import torchvision, even one whose compiled part was built for another torch.

    robomimic needs nothing of that part for low-dimensional observations, but importing
    torchvision asks for its operators: those that are missing are declared without an
    implementation.
    """
    library = torch.library.Library("torchvision", "FRAGMENT")  # type: ignore[no-untyped-call]
    for _ in range(MOST_OPERATORS):
        try:
            import torchvision  # noqa: F401 - imported for what it needs

            return
        except RuntimeError as error:
            missing = re.search(r"operator torchvision::(\w+) does not exist", str(error))
            if missing is None:
                raise
            library.define(f"{missing[1]}(Tensor x) -> Tensor")  # type: ignore[no-untyped-call]


def train(config: str) -> None:
    """robomimic's own training script."""
    from robomimic.scripts.train import main

    main(argparse.Namespace(config=config, dataset=None, name=None, debug=False))


def act(checkpoint: str) -> None:
    """Answer until there is nothing more to read."""
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # what robomimic prints, from its import on, is no answer
    from robomimic.utils import file_utils

    torch.set_num_threads(1)
    policy, _ = file_utils.policy_from_checkpoint(ckpt_path=checkpoint, device=torch.device("cpu"))
    for line in sys.stdin:
        observations = {key: torch.tensor(v).numpy() for key, v in json.loads(line).items()}
        if observations:
            action = policy(ob=observations).tolist()
        else:
            policy.start_episode()
            action = []
        answers.write(json.dumps(action) + "\n")


if __name__ == "__main__":
    import_torchvision()
    {"train": train, "act": act}[sys.argv[1]](sys.argv[2])
