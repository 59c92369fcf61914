"""Every channel of evidence of a recording: contact, modes, motion, change, surprise."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from robot_skills.core.progress import Track, quiet
from robot_skills.segment.evidence.columns import Blocks, Scaler, joined, read_blocks
from robot_skills.segment.evidence.discrepancy import discrepancy
from robot_skills.segment.evidence.holding import holding_changes
from robot_skills.segment.evidence.kinematics import (
    acceleration,
    leaving_trend,
    pausing,
    turning_back,
)
from robot_skills.segment.evidence.levels import Curves
from robot_skills.segment.evidence.modes import VIEWS, View, mode_changes
from robot_skills.segment.predict.surprise import Place, Predictors, Surprise
from robot_skills.segment.signals import Signals

Floats = NDArray[np.float64]

BRIEF = 10  # samples: a switch or a touch
LONG = 30  # samples: a change of behaviour
TREND = ("path", "touch")
SWITCHES = {"touch": "touch", "fixture": "sliding", "object": "moving", "gripper": "gripper"}
HOLDING, CHANGE, TURN, ACCELERATION, PAUSE, TREND_ERROR = (
    "holding",
    "change",
    "turning back",
    "acceleration",
    "pause",
    "trend",
)
SURPRISE, HINDSIGHT = "surprise", "hindsight"


@dataclass(frozen=True)
class Evidence:
    """Curves (S,) of one recording by channel, and the surprise behind one of them."""

    curves: Curves
    surprise: Surprise


@dataclass(frozen=True)
class Channels:
    """What has to be learned from recordings of one layout before their evidence can be read."""

    scaler: Scaler
    views: dict[str, View]
    forward: Predictors
    backward: Predictors

    @staticmethod
    def fit(
        group: Sequence[Signals], places: Sequence[Place], seed: int, track: Track = quiet
    ) -> "Channels":
        """From stretches of one layout; InputError when nothing moves in any of them."""
        forward = Predictors.fit(group, places, seed, track)
        turned = [signals.backwards() for signals in group]
        backward = Predictors.fit(turned, places, seed, track)
        raw = [read_blocks(signals) for signals in group]
        scaler = Scaler.fit(raw)
        scaled = [scaler.apply(blocks) for blocks in raw]
        views = {name: View.fit(scaled, columns, seed) for name, columns in VIEWS.items()}
        known = {name: view for name, view in views.items() if view is not None}
        return Channels(scaler, known, forward, backward)

    def read(self, signals: Signals, place: Place) -> Evidence:
        """Evidence of one stretch of that layout, seen in learning or not."""
        blocks = self.scaler.apply(read_blocks(signals))
        surprise = self.forward.measure(signals, place)
        curves = _of_motion(signals) | _of_blocks(blocks)
        if signals.objects.shape[1]:
            curves[HOLDING] = holding_changes(signals)
        curves |= mode_changes(self.views, blocks)
        curves[SURPRISE] = surprise.total
        curves[HINDSIGHT] = self.backward.measure(signals.backwards(), place).total[::-1]
        return Evidence(curves, surprise)


def _of_motion(signals: Signals) -> Curves:
    velocity = signals.velocity
    return {
        TURN: turning_back(velocity),
        ACCELERATION: acceleration(velocity),
        PAUSE: pausing(velocity),
    }


def _of_blocks(blocks: Blocks) -> Curves:
    curves = {
        channel: discrepancy(blocks[block], BRIEF)
        for channel, block in SWITCHES.items()
        if block in blocks
    }
    curves[CHANGE] = discrepancy(joined(blocks, list(blocks)), LONG)
    curves[TREND_ERROR] = leaving_trend(joined(blocks, TREND))
    return curves
