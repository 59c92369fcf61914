"""Gives a skill its alarm: predictors of what things do, and how far off they may be."""

from collections.abc import Sequence
from math import ceil

import numpy as np
from numpy.typing import NDArray

from robot_skills.core.skill import Skill
from robot_skills.nets.alarm import deviations, with_alarm
from robot_skills.nets.contact import AHEAD_STEPS, ContactView, contact_rows
from robot_skills.nets.gaussian_predictor import GaussianPredictor, fit_predictor
from robot_skills.train.discovery.grouping import SkillGroup
from robot_skills.train.discovery.lifting import Instance

Floats = NDArray[np.float64]

FOLDS = 2
MARGIN = 3.0  # measured: a policy strays from what was shown by more than demonstrations differ
LEAST = 6.0  # standard deviations below which nothing counts as surprising
FALSE_ALARMS = 0.05  # share of undisturbed demonstrations of a skill in which it would go off


def add_alarm(skill: Skill, group: SkillGroup, seed: int) -> Skill:
    """The skill with predictors fitted to its segments, and a threshold from those left out.

    Each segment is judged by the predictor that did not see it; a motion's threshold is `MARGIN`
    times the conformal quantile of the segments' worst moments (Vovk, Gammerman and Shafer 2005).
    """
    views = [contact_view(instance) for instance in group.instances]
    views = [view for view in views if len(view.ee) > AHEAD_STEPS]
    if len(views) < FOLDS:
        return skill
    members = [
        _fit([v for number, v in enumerate(views) if number % FOLDS != fold], seed * FOLDS + fold)
        for fold in range(FOLDS)
    ]
    worst = np.array(
        [
            deviations(members[number % FOLDS].layers, view).max(axis=0)
            for number, view in enumerate(views)
        ]
    )
    share = FALSE_ALARMS / worst.shape[1]
    usual = [conformal_quantile(column, share) for column in worst.T.tolist()]
    return with_alarm(skill, members, [max(LEAST, MARGIN * one) for one in usual])


def conformal_quantile(scores: Sequence[float], share: float) -> float:
    """The score that a new one exceeds with a probability of at most `share`.

    With fewer than 1 / share - 1 scores there is none, and the largest stands in for it.
    """
    rank = ceil((len(scores) + 1) * (1 - share))
    return sorted(scores)[min(rank, len(scores)) - 1]


def contact_view(instance: Instance) -> ContactView:
    """What the hand and all things did in one segment."""
    transition = instance.transition
    history, span = transition.history, slice(transition.start, transition.stop)
    name = instance.binding["?x"]
    others = [history.things[n][span, :3] for n in history.objects if n != name]
    openings = [history.openings[n][span] for n in sorted(history.openings)]
    steps = len(history.ee[span])
    told_m = np.concatenate([history.wanted_width_m[:1], history.wanted_width_m[:-1]])
    return ContactView(
        ee=history.ee[span],
        thing=history.things[name][span],
        width_m=history.width_m[span],
        told_m=told_m[span],
        others=np.stack(others, axis=1) if others else np.zeros((steps, 0, 3)),
        openings=np.stack(openings, axis=1) if openings else np.zeros((steps, 0)),
    )


def _fit(views: Sequence[ContactView], seed: int) -> GaussianPredictor:
    inputs, targets = zip(*map(contact_rows, views), strict=True)
    return fit_predictor(np.concatenate(inputs), np.concatenate(targets), seed)
