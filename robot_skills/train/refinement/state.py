"""A practice that can be gone on with: networks and optimiser of the learner as plain arrays."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from stable_baselines3 import PPO
from torch import nn

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
    arrays = arrays_of(learner.policy, learner.policy.optimizer)
    return PracticeState(arrays, tuple(success), learner.num_timesteps)


def read_state(state: PracticeState, learner: PPO) -> None:
    """Bring a learner of the same sizes to a state; InputError where it is of another practice."""
    restore(state.arrays, learner.policy, learner.policy.optimizer)
    learner.num_timesteps = state.steps


def arrays_of(networks: nn.Module, optimiser: torch.optim.Optimizer) -> Arrays:
    """Networks and their optimiser's moments as plain arrays by name."""
    arrays = {POLICY + name: _array(tensor) for name, tensor in networks.state_dict().items()}
    for number, moments in optimiser.state_dict()["state"].items():
        arrays |= {f"{OPTIMISER}{number}/{name}": _array(one) for name, one in moments.items()}
    return arrays


def restore(arrays: Arrays, networks: nn.Module, optimiser: torch.optim.Optimizer) -> None:
    """Bring networks and optimiser of the same sizes to these arrays; InputError for others."""
    moments: dict[int, dict[str, torch.Tensor]] = {}
    for name, tensor in _part(arrays, OPTIMISER).items():
        number, moment = name.split("/")
        moments.setdefault(int(number), {})[moment] = tensor
    try:
        networks.load_state_dict(_part(arrays, POLICY))
        optimiser.load_state_dict({**optimiser.state_dict(), "state": moments})
    except (RuntimeError, ValueError, KeyError) as error:
        raise InputError(f"what was kept belongs to another practice: {error}") from None


def _array(tensor: torch.Tensor) -> NDArray[Any]:
    return np.array(tensor.detach().cpu().numpy())


def _part(arrays: Arrays, prefix: str) -> dict[str, torch.Tensor]:
    return {
        name.removeprefix(prefix): torch.from_numpy(np.array(array))
        for name, array in arrays.items()
        if name.startswith(prefix)
    }
