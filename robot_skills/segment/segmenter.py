"""Demonstrations in, segments out."""

from collections.abc import Sequence
from dataclasses import dataclass

from robot_skills.core.demonstration import Demonstration, Segment
from robot_skills.core.errors import InputError
from robot_skills.core.progress import Track, quiet
from robot_skills.segment.baselines import (
    equal_boundaries,
    gripper_boundaries,
    kernel_boundaries,
)
from robot_skills.segment.boundaries import Boundary, surprise_boundaries
from robot_skills.segment.config import Method, SegmentConfig
from robot_skills.segment.signals import SHORTEST_STEPS, Signals, read_signals
from robot_skills.segment.surprise import Surprise, measure_surprise

ALONE = {
    Method.KERNEL: kernel_boundaries,
    Method.GRIPPER: gripper_boundaries,
    Method.EQUAL: equal_boundaries,
}


@dataclass(frozen=True)
class Segmentation:
    """Segments of all demonstrations in order, and what they were found from.

    signals by demonstration name; surprise the same, empty for methods that have none; notes say
    what was mended or could not be cut.
    """

    segments: list[Segment]
    signals: dict[str, Signals]
    surprise: dict[str, Surprise]
    notes: list[str]

    def of(self, demonstration: str) -> list[Segment]:
        """Segments of one demonstration."""
        return [s for s in self.segments if s.demonstration == demonstration]


def segment(
    demonstrations: Sequence[Demonstration],
    config: SegmentConfig = SegmentConfig(),  # noqa: B008 - frozen, so sharing it is safe
    track: Track = quiet,
) -> list[Segment]:
    """Cut demonstrations into segments that tile each of them; labels and facts are never read.

    InputError when there are none, two share a name, or one holds nothing that can be cut.
    """
    return segment_in_detail(demonstrations, config, track).segments


def segment_in_detail(
    demonstrations: Sequence[Demonstration], config: SegmentConfig, track: Track = quiet
) -> Segmentation:
    """`segment`, together with the signals, the surprise and notes for the user."""
    _check(demonstrations)
    signals = [read_signals(one, config) for one in track(demonstrations, "reading signals")]
    long_enough = [s for s in signals if s.steps >= SHORTEST_STEPS]
    surprise: dict[str, Surprise] = {}
    if config.method is Method.SURPRISE and long_enough:
        measured = measure_surprise(long_enough, config.seed, track)
        surprise = {s.name: m for s, m in zip(long_enough, measured, strict=True)}
        found = surprise_boundaries(measured, config)
    elif config.method is Method.SURPRISE:
        found = []
    else:
        found = [ALONE[config.method](s, config) for s in track(long_enough, "cutting")]
    cuts = {s.name: b for s, b in zip(long_enough, found, strict=True)}
    return Segmentation(
        [piece for s in signals for piece in _tile(s, cuts.get(s.name, []))],
        {s.name: s for s in signals},
        surprise,
        [f"{s.name}: {note}" for s in signals for note in s.notes],
    )


def _check(demonstrations: Sequence[Demonstration]) -> None:
    if not demonstrations:
        raise InputError("no demonstrations to segment")
    names = [one.name for one in demonstrations]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InputError(f"demonstrations must have different names; twice: {', '.join(twice)}")
    empty = [one.name for one in demonstrations if not one.steps]
    if empty:
        raise InputError(f"demonstrations without any step: {', '.join(empty)}")


def _tile(signals: Signals, boundaries: Sequence[Boundary]) -> list[Segment]:
    """Segments [start, stop) between the boundaries, from the first step to the last."""
    starts, facts = [0], [(1.0, "start")]
    for boundary in boundaries:
        step = signals.step_of(boundary.sample)
        if starts[-1] < step < signals.steps:
            starts.append(step)
            facts.append((boundary.confidence, boundary.cause))
    stops = [*starts[1:], signals.steps]
    return [
        Segment(signals.name, start, stop, "", confidence, cause)
        for start, stop, (confidence, cause) in zip(starts, stops, facts, strict=True)
    ]
