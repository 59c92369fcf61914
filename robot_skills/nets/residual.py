"""A small network that corrects a frozen policy, step by step; run in NumPy from its weights.

Its weights lie beside the policy's under `residual.`, its sizes among the skill's settings. Source:
Ankile et al., "From Imitation to Refinement: Residual RL for Precise Assembly", 2024.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from robot_skills.core.errors import InputError
from robot_skills.core.skill import Skill

Floats = NDArray[np.float64]
Weights = dict[str, NDArray[np.float32]]
ActResidual = Callable[[Floats], Floats]

PREFIX = "residual."
SETTINGS = (
    "residual_layers",
    "residual_position_m",
    "residual_rotation_rad",
    "residual_every",
)
ACTION_SIZE = 7  # position 3, rotation vector 3, whether the gripper waits; from -1 to 1
INPUT_LIMIT = 5.0  # standard deviations beyond which an input says no more


@dataclass(frozen=True)
class ResidualReach:
    """How far an action of 1 moves the target along an axis, in m, and turns it, in rad.

    An action holds for `every` control steps, so that what is tried is tried long enough to show.
    """

    position_m: float = 0.005
    rotation_rad: float = 0.05
    every: int = 6


class ResidualRunner:
    """Runs exported residual weights: inputs (F,) to an action (7,) in [-1, 1]."""

    def __init__(self, weights: Mapping[str, NDArray[np.float32]], layers: int) -> None:
        held = {name: array.astype(np.float64) for name, array in weights.items()}
        self._mean, self._scale = held["input_mean"], held["input_scale"]
        self._layers = [
            (held[f"linear.{i}.weight"].T.copy(), held[f"linear.{i}.bias"])
            for i in range(layers + 1)
        ]

    def __call__(self, inputs: Floats) -> Floats:
        """The action for raw inputs, as the torch network gives it."""
        hidden = standardised(inputs, self._mean, self._scale)
        for weight, bias in self._layers[:-1]:
            hidden = np.tanh(hidden @ weight + bias)
        weight, bias = self._layers[-1]
        return np.clip(hidden @ weight + bias, -1.0, 1.0)


def standardised(inputs: Floats, mean: Floats, scale: Floats) -> Floats:
    """Inputs (..., F) as the network is given them."""
    return np.clip((inputs - mean) / scale, -INPUT_LIMIT, INPUT_LIMIT)


def residual_of(skill: Skill) -> ResidualRunner | None:
    """What was learned to correct a skill with, or None where nothing was."""
    own = {
        name.removeprefix(PREFIX): array
        for name, array in skill.weights.items()
        if name.startswith(PREFIX)
    }
    return ResidualRunner(own, int(_setting(skill, SETTINGS[0]))) if own else None


def reach_of(skill: Skill) -> ResidualReach:
    """How far a refined skill's corrections go."""
    position_m, rotation_rad, every = (_setting(skill, name) for name in SETTINGS[1:])
    return ResidualReach(position_m, rotation_rad, int(every))


def with_residual(skill: Skill, weights: Weights, layers: int, reach: ResidualReach) -> Skill:
    """The skill with a residual in the place of what it may have had."""
    plain = without_residual(skill)
    values = (layers, float(reach.position_m), float(reach.rotation_rad), int(reach.every))
    return replace(
        plain,
        weights={**plain.weights, **{PREFIX + name: array for name, array in weights.items()}},
        settings={**plain.settings, **dict(zip(SETTINGS, values, strict=True))},
    )


def without_residual(skill: Skill) -> Skill:
    """The skill as it was cloned."""
    return replace(
        skill,
        weights={n: array for n, array in skill.weights.items() if not n.startswith(PREFIX)},
        settings={n: value for n, value in skill.settings.items() if n not in SETTINGS},
    )


def _setting(skill: Skill, name: str) -> float:
    value = skill.settings.get(name)
    if not isinstance(value, int | float):
        raise InputError(f"skill {skill.name} is refined but lacks the number {name!r}")
    return float(value)
