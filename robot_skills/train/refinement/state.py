"""A practice that can be gone on with: networks, optimisers and memory of the learner as arrays."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from stable_baselines3 import TD3

from robot_skills.core.errors import InputError

Arrays = Mapping[str, NDArray[Any]]

POLICY, MEMORY = "policy/", "memory/"
REMEMBERED = ("observations", "next_observations", "actions", "rewards", "dones", "timeouts")


@dataclass(frozen=True)
class PracticeState:
    """Where a practice stands; `success` as in `Practised`."""

    arrays: Arrays
    success: tuple[float, ...]
    steps: int

    @classmethod
    def of(cls, arrays: Arrays, figures: Mapping[str, Any]) -> "PracticeState":
        """The state with these arrays and what `figures` said of it."""
        return cls(arrays, tuple(map(float, figures["success"])), int(figures["steps"]))

    @property
    def figures(self) -> dict[str, Any]:
        """What is no array, as plain values."""
        return {"success": list(self.success), "steps": self.steps}


def take_state(learner: TD3, success: Sequence[float]) -> PracticeState:
    """The state of a learner between two rounds."""
    arrays = {
        POLICY + name: tensor.detach().numpy().copy()
        for name, tensor in learner.policy.state_dict().items()
    }
    for part, optimiser in _optimisers(learner).items():
        for number, moments in optimiser.state_dict()["state"].items():
            for name, tensor in moments.items():
                arrays[f"{part}/{number}/{name}"] = np.array(tensor.detach().numpy())
    memory = learner.replay_buffer
    end = memory.buffer_size if memory.full else memory.pos
    arrays |= {MEMORY + name: getattr(memory, name)[:end].copy() for name in REMEMBERED}
    arrays[MEMORY + "position"] = np.array([memory.pos, memory.full], np.int64)
    return PracticeState(arrays, tuple(success), learner.num_timesteps)


def read_state(state: PracticeState, learner: TD3) -> None:
    """Bring a learner of the same sizes to a state; InputError where it is of another practice."""
    policy = {name: torch.from_numpy(array) for name, array in _part(state, POLICY).items()}
    try:
        learner.policy.load_state_dict(policy)
        for part, optimiser in _optimisers(learner).items():
            _read_optimiser(optimiser, _part(state, part + "/"))
        _read_memory(learner, _part(state, MEMORY))
    except (RuntimeError, ValueError, KeyError) as error:
        raise InputError(f"what was kept belongs to another practice: {error}") from None
    learner.num_timesteps = state.steps


def _optimisers(learner: TD3) -> dict[str, torch.optim.Optimizer]:
    return {"actor": learner.actor.optimizer, "critic": learner.critic.optimizer}


def _part(state: PracticeState, prefix: str) -> dict[str, NDArray[Any]]:
    return {
        name.removeprefix(prefix): np.array(array)
        for name, array in state.arrays.items()
        if name.startswith(prefix)
    }


def _read_optimiser(optimiser: torch.optim.Optimizer, arrays: dict[str, NDArray[Any]]) -> None:
    moments: dict[int, dict[str, torch.Tensor]] = {}
    for name, array in arrays.items():
        number, moment = name.split("/")
        moments.setdefault(int(number), {})[moment] = torch.from_numpy(array)
    optimiser.load_state_dict({**optimiser.state_dict(), "state": moments})


def _read_memory(learner: TD3, arrays: dict[str, NDArray[Any]]) -> None:
    memory = learner.replay_buffer
    for name in REMEMBERED:
        getattr(memory, name)[: len(arrays[name])] = arrays[name]
    memory.pos, memory.full = int(arrays["position"][0]), bool(arrays["position"][1])
