"""A practice that can be gone on with: networks and optimiser of the learner as plain arrays."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from stable_baselines3 import PPO

from robot_skills.core.errors import InputError

Arrays = Mapping[str, NDArray[Any]]

POLICY, OPTIMISER = "policy/", "optimiser/"


@dataclass(frozen=True)
class PracticeState:
    """Where a practice stands after `steps` steps; `success` round by round as in `Practised`."""

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


def take_state(learner: PPO, success: Sequence[float]) -> PracticeState:
    """The state of a learner between two rounds."""
    policy = learner.policy
    arrays = {POLICY + name: _array(tensor) for name, tensor in policy.state_dict().items()}
    for number, moments in policy.optimizer.state_dict()["state"].items():
        arrays |= {f"{OPTIMISER}{number}/{name}": _array(one) for name, one in moments.items()}
    return PracticeState(arrays, tuple(success), learner.num_timesteps)


def read_state(state: PracticeState, learner: PPO) -> None:
    """Bring a learner of the same sizes to a state; InputError where it is of another practice."""
    policy = learner.policy
    moments: dict[int, dict[str, torch.Tensor]] = {}
    for name, tensor in _part(state, OPTIMISER).items():
        number, moment = name.split("/")
        moments.setdefault(int(number), {})[moment] = tensor
    try:
        policy.load_state_dict(_part(state, POLICY))
        policy.optimizer.load_state_dict({**policy.optimizer.state_dict(), "state": moments})
    except (RuntimeError, ValueError, KeyError) as error:
        raise InputError(f"what was kept belongs to another practice: {error}") from None
    learner.num_timesteps = state.steps


def _array(tensor: torch.Tensor) -> NDArray[Any]:
    return np.array(tensor.detach().numpy())


def _part(state: PracticeState, prefix: str) -> dict[str, torch.Tensor]:
    return {
        name.removeprefix(prefix): torch.from_numpy(np.array(array))
        for name, array in state.arrays.items()
        if name.startswith(prefix)
    }
