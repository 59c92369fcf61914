"""A skill's alarm: how surprising is what things just did, given how the hand moved.

Its weights lie beside the policy's under `alarm.`, its threshold among the skill's settings.
"""

from collections.abc import Sequence
from dataclasses import replace
from itertools import count, takewhile

import numpy as np
from numpy.typing import NDArray

from robot_skills.core.errors import InputError
from robot_skills.core.skill import Skill
from robot_skills.nets.contact import ContactView, contact_rows
from robot_skills.nets.gaussian_predictor import LOG_SPREAD, GaussianPredictor

Floats = NDArray[np.float64]
Layers = Sequence[NDArray[np.float32]]

PREFIX = "alarm."
THRESHOLD = "alarm_threshold"


def deviations(layers: Layers, view: ContactView) -> Floats:
    """How many predicted standard deviations (R,) the worst column of each row is off by."""
    inputs, targets = contact_rows(view)
    hidden = inputs
    for weight, offset in zip(layers[:-2:2], layers[1:-2:2], strict=True):
        hidden = hidden @ weight.T + offset
        hidden = hidden / (1.0 + np.exp(-np.clip(hidden, -60.0, 60.0)))
    mean, log_spread = np.split(hidden @ layers[-2].T + layers[-1], 2, axis=1)
    spread = np.exp(np.clip(log_spread, *LOG_SPREAD))
    return np.asarray(np.max(np.abs(targets - mean) / spread, axis=1))


class ContactAlarm:
    """Tells how surprising views are, in units of the threshold: above 1 it goes off.

    All of its predictors, each trained on other demonstrations, have to be surprised.
    """

    def __init__(self, members: Sequence[Layers], threshold: float) -> None:
        self._members = members
        self._threshold = threshold

    def surprise(self, view: ContactView) -> float:
        """Surprise at the last motion of a view of at least five steps."""
        return min(float(deviations(m, view)[-1]) for m in self._members) / self._threshold


def alarm_of(skill: Skill) -> ContactAlarm | None:
    """The alarm that a skill was given, or None."""
    members = list(takewhile(bool, (_member(skill, number) for number in count())))
    if not members:
        return None
    threshold = skill.settings.get(THRESHOLD)
    if not isinstance(threshold, int | float) or not threshold > 0:
        raise InputError(f"skill {skill.name} has an alarm but lacks the number {THRESHOLD!r}")
    return ContactAlarm(members, float(threshold))


def with_alarm(skill: Skill, members: Sequence[GaussianPredictor], threshold: float) -> Skill:
    """The skill with an alarm that goes off above `threshold` standard deviations."""
    layers = {
        f"{PREFIX}{number}.{place}": layer
        for number, member in enumerate(members)
        for place, layer in enumerate(member.layers)
    }
    return replace(
        skill,
        weights={**skill.weights, **layers},
        settings={**skill.settings, THRESHOLD: float(threshold)},
    )


def _member(skill: Skill, number: int) -> list[NDArray[np.float32]]:
    names = (f"{PREFIX}{number}.{place}" for place in count())
    return [skill.weights[name] for name in takewhile(skill.weights.__contains__, names)]
