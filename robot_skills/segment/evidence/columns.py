"""Signals as blocks of standardised columns: no unit and no wide block outweighs another."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from robot_skills.segment.signals import Signals, derivative

Floats = NDArray[np.float64]
Blocks = dict[str, Floats]

WRENCH = 6  # columns of one wrench: force, then torque
STILL = 1e-6  # of the largest value: a column that varies by less is constant
JUST_MOVES = 0.02  # m/s or rad/s: the speed at which a thing begins to move
FEW_COMMANDS = 3  # no more columns than this repeat what the hand does


@dataclass(frozen=True)
class Scaler:
    """Deviation (D,) of every block's columns about each recording's own mean, by block."""

    deviation: dict[str, Floats]

    @staticmethod
    def fit(group: Sequence[Blocks]) -> "Scaler":
        """From the blocks of recordings; one that they do not all have, alike wide, is left out."""
        found = {}
        for name in sorted(set.intersection(*(set(blocks) for blocks in group))):
            parts = [blocks[name] - blocks[name].mean(axis=0) for blocks in group]
            if len({part.shape[1] for part in parts}) == 1:
                found[name] = _deviation(np.concatenate(parts))
        return Scaler(found)

    def apply(self, blocks: Blocks) -> Blocks:
        """Blocks (S, D) whose columns together vary by about 1; constant columns are dropped.

        A block that this recording lacks, or has with other columns, is 0 throughout.
        """
        samples = len(next(iter(blocks.values())))
        scaled = {
            name: _scaled(blocks.get(name, np.zeros((samples, 0))), deviation)
            for name, deviation in self.deviation.items()
        }
        return {name: block for name, block in scaled.items() if block.shape[1]}


def read_blocks(signals: Signals) -> Blocks:
    """Blocks (S, D) of what the recording holds, in its own units."""
    blocks = {"path": signals.path, "velocity": signals.velocity, "speed": _speed(signals.velocity)}
    if signals.turn.shape[1]:
        blocks["turn"] = signals.turn
    if signals.gripper.shape[1]:
        blocks["gripper"] = signals.gripper
    if signals.force.shape[1]:
        blocks["force"] = signals.force
        blocks["touch"] = np.log1p(_strength(signals.force))
    if signals.picture.shape[1]:
        blocks["picture"] = signals.picture
    if signals.command.shape[1] > FEW_COMMANDS:
        blocks["command"] = signals.command
    if signals.objects.shape[1]:
        blocks["moving"] = np.log1p(object_speed(signals) / JUST_MOVES)[:, None]
    if signals.fixtures.shape[1]:
        sliding = np.abs(derivative(signals.fixtures)).max(axis=1)
        blocks["sliding"] = np.log1p(sliding / JUST_MOVES)[:, None]
    return blocks


def object_speed(signals: Signals) -> Floats:
    """Speed (S,) m/s of whichever object is fastest."""
    moved = [derivative(position) for position in np.moveaxis(signals.objects, 1, 0)]
    return np.asarray(np.linalg.norm(np.stack(moved, axis=1), axis=2).max(axis=1))


def joined(blocks: Blocks, names: Sequence[str]) -> Floats:
    """The named blocks that there are, side by side (S, D); D may be 0."""
    samples = len(next(iter(blocks.values()))) if blocks else 0
    return np.concatenate([np.zeros((samples, 0)), *(blocks[n] for n in names if n in blocks)], 1)


def _scaled(block: Floats, deviation: Floats) -> Floats:
    kept = deviation > 0
    if block.shape[1] != len(deviation):
        return np.zeros((len(block), int(kept.sum())))
    about = block - block.mean(axis=0)
    return np.asarray(about[:, kept] / deviation[kept] / np.sqrt(max(1, kept.sum())))


def _speed(velocity: Floats) -> Floats:
    columns = range(0, velocity.shape[1], 3)
    return np.stack([np.linalg.norm(velocity[:, a : a + 3], axis=1) for a in columns], axis=1)


def _strength(force: Floats) -> Floats:
    """Magnitude (S, arms) of the force in each wrench."""
    columns = range(0, force.shape[1], WRENCH)
    return np.stack([np.linalg.norm(force[:, a : a + 3], axis=1) for a in columns], axis=1)


def _deviation(block: Floats) -> Floats:
    """Deviation (D,) of each column, 0 where it is constant but for rounding."""
    if not block.size:
        return np.zeros(0)
    deviation = block.std(axis=0)
    return np.asarray(np.where(deviation > STILL * max(1.0, np.abs(block).max()), deviation, 0.0))
