"""robomimic's own BC-RNN, trained on the kitchen's demonstrations in robomimic's own environment.

    python scripts/peer_robomimic.py [--minutes 60] [--partitions a b c]

Makes that environment, writes the demonstrations of scripts/bench_kitchen.py in robomimic's HDF5
layout, and trains with its published settings for low-dimensional BC-RNN (a Gaussian mixture, two
LSTM layers of 400 over 10 steps, batches of 100 sequences, Adam at 1e-4) on one core for a given
time. scripts/bench_kitchen.py then evaluates the newest checkpoint in its column robomimic.
Interrupted or called again with more minutes, training starts anew.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tyro
from kitchen_columns import Partition
from peer_cases import INSIDE, epoch_of, newest_checkpoint
from peer_view import OBSERVATION_KEYS, action_of, observations_of

from robot_skills.core.task import Task
from robot_skills.nets.sight.flat_features import FlatView
from robot_skills.nets.sight.skill_sight import OPEN_THRESHOLD_M
from robot_skills.storage.atomic import write_text
from robot_skills.storage.robomimic_hdf5 import RobomimicDemo, save_robomimic
from robot_skills.train.controls.flat import hindsight_goal
from robot_skills.train.history import History

TORCH = "torch==2.13.0"
ROBOMIMIC = ("robomimic==0.3.0", "six")  # the newest that PyPI has, and what it forgets to ask for
VALIDATED = 6  # demonstrations kept for the validation loss
SAVED_EVERY_S = 120
ENV_ARGS = {"env_name": "robot_skills_kitchen", "type": 2, "env_kwargs": {}}


@dataclass(frozen=True)
class Peer:
    """Train robomimic's BC-RNN on the demonstrations of each partition."""

    work: Path = Path("runs/bench_kitchen")
    """Folder of scripts/bench_kitchen.py."""

    venv: Path = Path("runs/robomimic_venv")
    """Folder for robomimic's own environment."""

    partitions: tuple[str, ...] = ("a", "b", "c")
    """Which partitions to train on."""

    minutes: float = 60.0
    """How long to train on each, on one core."""

    def run(self) -> None:
        """Make the environment, export, train."""
        python = make_environment(self.venv)
        for letter in self.partitions:
            partition = Partition(letter, self.work / letter, python)
            partition.record(workers=2)
            folder = partition.work / "robomimic"
            shutil.rmtree(folder, ignore_errors=True)
            export(partition, folder / "demonstrations.hdf5")
            train(python, folder, self.minutes)


def make_environment(folder: Path) -> Path:
    """The interpreter of an environment with robomimic in it, made unless it is there."""
    python = folder.absolute() / "bin" / "python"
    if not (folder / "made").is_file():
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        pip = [str(python), "-m", "pip", "install"]
        subprocess.run([*pip, TORCH], check=True)
        subprocess.run([*pip, TORCH, *ROBOMIMIC], check=True)
        write_text(folder / "made", " ".join((TORCH, *ROBOMIMIC)))
    return python


def export(partition: Partition, file: Path) -> None:
    """Write the demonstrations as robomimic reads them."""
    demos = [robomimic_demo(history, partition.task) for history in partition.histories()]
    numbers = np.random.default_rng(0).permutation(len(demos))
    masks = {"valid": sorted(numbers[:VALIDATED]), "train": sorted(numbers[VALIDATED:])}
    save_robomimic(file, demos, ENV_ARGS, masks)


def robomimic_demo(history: History, task: Task) -> RobomimicDemo:
    """A demonstration with the goal that it turned out to reach."""
    goal = hindsight_goal(history)
    closed = history.wanted_width_m < OPEN_THRESHOLD_M
    seen = [
        observations_of(
            FlatView(
                ee=history.ee[t],
                width_m=float(history.width_m[t]),
                closing=bool(closed[max(t - 1, 0)]),
                things={name: path[t] for name, path in history.things.items()},
                openings={name: float(path[t]) for name, path in history.openings.items()},
                facts=history.facts[t],
                goal=goal,
            ),
            task,
        )
        for t in range(history.steps)
    ]
    steps = zip(history.ee, history.wanted_ee, closed, strict=True)
    actions = np.array([action_of(ee, wanted, bool(shut)) for ee, wanted, shut in steps])
    return RobomimicDemo({key: np.array([s[key] for s in seen]) for key in seen[0]}, actions)


def train(python: Path, folder: Path, minutes: float) -> None:
    """Train until the time is over; robomimic keeps a checkpoint every few minutes."""
    config = folder / "config.json"
    write_text(config, json.dumps(settings(folder), indent=2))
    command = [str(python), str(INSIDE), "train", str(config)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": ""}
    log, started_s = folder / "train.log", time.monotonic()
    with log.open("w") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out, env=environment)
        os.sched_setaffinity(process.pid, {min(os.sched_getaffinity(0))})
        try:
            process.wait(60 * minutes)
        except subprocess.TimeoutExpired:
            process.terminate()
            process.wait()
    newest = newest_checkpoint(folder)
    if newest is None:
        raise RuntimeError(f"robomimic left no checkpoint; its last words are in {log}")
    taken = (time.monotonic() - started_s) / 60
    found = {"minutes": taken, "epochs": epoch_of(newest), **losses(log.read_text())}
    write_text(folder / "trained.json", json.dumps(found))
    print(f"{newest}: {found}")


def settings(folder: Path) -> dict[str, Any]:
    """What differs from robomimic's template of BC, and where its BC-RNN differs from that."""
    data = str((folder / "demonstrations.hdf5").absolute())
    recurrent = {"train": {"seq_length": 10}, "algo": {"rnn": {"enabled": True, "horizon": 10}}}
    mixture = {"algo": {"gmm": {"enabled": True}, "actor_layer_dims": []}}
    ours = {
        "experiment": {
            "name": "kitchen",
            "validate": True,
            "rollout": {"enabled": False},
            "render_video": False,
            "save": {"every_n_epochs": None, "every_n_seconds": SAVED_EVERY_S},
            "logging": {"log_tb": False},
        },
        "train": {
            "data": data,
            "output_dir": str((folder / "runs").absolute()),
            "hdf5_filter_key": "train",
            "hdf5_validation_filter_key": "valid",
            "cuda": False,
        },
        "observation": {"modalities": {"obs": {"low_dim": list(OBSERVATION_KEYS)}}},
    }
    return merged({"algo_name": "bc"}, recurrent, mixture, ours)


def merged(*tables: Mapping[str, Any]) -> dict[str, Any]:
    """Nested tables as one; the later wins."""
    result: dict[str, Any] = {}
    for table in tables:
        for key, value in table.items():
            old = result.get(key)
            both = isinstance(old, dict) and isinstance(value, Mapping)
            result[key] = merged(old, value) if both and isinstance(old, dict) else value
    return result


def losses(log: str) -> dict[str, float]:
    """The last loss of training and of validation that robomimic printed."""
    found: Sequence[tuple[str, str]] = re.findall(
        r'(Train|Validation) Epoch \d+\s*\{.*?"Loss": (-?[\d.]+)', log, re.DOTALL
    )
    return {f"{kind.lower()}_loss": float(value) for kind, value in found}


if __name__ == "__main__":
    tyro.cli(Peer).run()
