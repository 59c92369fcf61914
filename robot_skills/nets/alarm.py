"""A skill's alarm: how surprising is what things just did, given how the hand moved.

Its weights lie beside the policy's under `contact.`, its thresholds among the skill's settings.
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

PREFIX = "contact."
THRESHOLDS = "contact_thresholds"


def deviations(layers: Layers, view: ContactView) -> Floats:
    """How many predicted standard deviations (R, 8) each motion of a view is off by."""
    inputs, targets = contact_rows(view)
    hidden = inputs
    for weight, offset in zip(layers[:-2:2], layers[1:-2:2], strict=True):
        hidden = hidden @ weight.T + offset
        hidden = hidden / (1.0 + np.exp(-np.clip(hidden, -60.0, 60.0)))
    mean, log_spread = np.split(hidden @ layers[-2].T + layers[-1], 2, axis=1)
    spread = np.exp(np.clip(log_spread, *LOG_SPREAD))
    return np.asarray(np.abs(targets - mean) / spread)


class ContactAlarm:
    """Tells how surprising views are, in units of the thresholds (8,): above 1 it goes off.

    All of its predictors, each trained on other demonstrations, have to be surprised.
    """

    def __init__(self, members: Sequence[Layers], thresholds: Floats) -> None:
        self._members = members
        self._thresholds = thresholds

    def surprise(self, view: ContactView) -> float:
        """Surprise at the last motion of a view of at least five steps."""
        last = np.array([deviations(member, view)[-1] for member in self._members])
        return float(np.max(last.min(axis=0) / self._thresholds))


def alarm_of(skill: Skill) -> ContactAlarm | None:
    """The alarm that a skill was given, or None."""
    members = list(takewhile(bool, (_member(skill, number) for number in count())))
    if not members:
        return None
    thresholds = skill.settings.get(THRESHOLDS)
    if not isinstance(thresholds, tuple) or not thresholds or min(thresholds) <= 0:
        raise InputError(f"skill {skill.name} has an alarm but lacks the numbers {THRESHOLDS!r}")
    return ContactAlarm(members, np.array(thresholds))


def with_alarm(
    skill: Skill, members: Sequence[GaussianPredictor], thresholds: Sequence[float]
) -> Skill:
    """The skill with an alarm that goes off above `thresholds` (8,) standard deviations."""
    layers = {
        f"{PREFIX}{number}.{place}": layer
        for number, member in enumerate(members)
        for place, layer in enumerate(member.layers)
    }
    return replace(
        skill,
        weights={**skill.weights, **layers},
        settings={**skill.settings, THRESHOLDS: tuple(map(float, thresholds))},
    )


def _member(skill: Skill, number: int) -> list[NDArray[np.float32]]:
    names = (f"{PREFIX}{number}.{place}" for place in count())
    return [skill.weights[name] for name in takewhile(skill.weights.__contains__, names)]
