"""Demonstrations in, segments out."""

from collections.abc import Sequence
from dataclasses import dataclass

from robot_skills.core.demonstration import Demonstration, Segment, SegmentRole
from robot_skills.core.errors import InputError
from robot_skills.core.progress import Track, quiet
from robot_skills.segment.boundaries import Boundary
from robot_skills.segment.config import Method, SegmentConfig
from robot_skills.segment.deciding import Belief, decide, find_boundaries
from robot_skills.segment.evidence.weights import shipped_weights
from robot_skills.segment.groups import Chosen, by_layout
from robot_skills.segment.habits import learn_habits
from robot_skills.segment.methods.buds import buds_cuts
from robot_skills.segment.methods.chance import equal_boundaries, random_boundaries
from robot_skills.segment.methods.change_points import (
    kernel_boundaries,
    pelt_boundaries,
    window_boundaries,
)
from robot_skills.segment.methods.cuts import Cuts
from robot_skills.segment.methods.embedding import shape
from robot_skills.segment.methods.events import event_boundaries, gripper_boundaries
from robot_skills.segment.methods.key_poses import key_pose_boundaries
from robot_skills.segment.methods.lotus import lotus_cuts
from robot_skills.segment.methods.surprise_changes import surprise_change_cuts
from robot_skills.segment.methods.uvd import uvd_boundaries
from robot_skills.segment.predict.surprise import Surprise
from robot_skills.segment.recurrence.naming import name_skills
from robot_skills.segment.signals import SHORTEST_STEPS, Signals, read_signals
from robot_skills.segment.weighing import Weighed, Weigher

ALONE = {
    Method.UVD: uvd_boundaries,
    Method.KEY_POSES: key_pose_boundaries,
    Method.EVENTS: event_boundaries,
    Method.KERNEL: kernel_boundaries,
    Method.PELT: pelt_boundaries,
    Method.WINDOW: window_boundaries,
    Method.GRIPPER: gripper_boundaries,
    Method.EQUAL: equal_boundaries,
    Method.RANDOM: random_boundaries,
}
TOGETHER = {
    Method.BUDS: buds_cuts,
    Method.LOTUS: lotus_cuts,
    Method.KERNEL_SURPRISE: surprise_change_cuts,
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
    return segment_signals(signals, config, track)


def segment_signals(
    signals: Sequence[Signals], config: SegmentConfig, track: Track = quiet
) -> Segmentation:
    """`segment_in_detail` of what `read_signals` made of each demonstration."""
    long_enough = [s for s in signals if s.steps >= SHORTEST_STEPS]
    learned = _Learned({}, {}, [])
    if config.method is Method.SURPRISE:
        learned = _learned(long_enough, config, track)
        cuts = learned.cuts
    elif config.method in ALONE:
        cuts = {
            s.name: Cuts(ALONE[config.method](s, config)) for s in track(long_enough, "cutting")
        }
    else:
        together = _together(long_enough, config, track)
        cuts = {s.name: own for s, own in zip(long_enough, together, strict=True)}
    return Segmentation(
        [piece for s in signals for piece in _tile(s, cuts.get(s.name, Cuts([])))],
        {s.name: s for s in signals},
        learned.surprise,
        [f"{s.name}: {note}" for s in signals for note in s.notes] + learned.notes,
    )


@dataclass(frozen=True)
class _Learned:
    """Cuts and surprise by demonstration, and why others are left whole."""

    cuts: dict[str, Cuts]
    surprise: dict[str, Surprise]
    notes: list[str]


def _learned(signals: Sequence[Signals], config: SegmentConfig, track: Track) -> _Learned:
    """By the default method; InputError when there is no layout of which anything moves."""
    weighed: dict[int, tuple[Weighed, Weigher]] = {}
    failed: dict[int, InputError] = {}
    for group in by_layout(signals):
        try:
            weighed.update(zip(group.numbers, weigh(group, config, track), strict=True))
        except InputError as error:
            failed.update(dict.fromkeys(group.numbers, error))
    if failed and not weighed:
        raise failed[min(failed)]
    known = Chosen(signals, sorted(weighed))
    pairs = [weighed[number] for number in known.numbers]
    boundaries = find_boundaries(known, pairs, shipped_weights(), config)
    cuts = _named(known, boundaries, config.seed)
    return _Learned(
        {s.name: own for s, own in zip(known, cuts, strict=True)},
        {s.name: one.surprise for s, (one, _) in zip(known, pairs, strict=True)},
        [f"{signals[number].name}: left whole: {failed[number]}" for number in sorted(failed)],
    )


def segment_believed(
    signals: Sequence[Signals], beliefs: Sequence[Belief], config: SegmentConfig
) -> dict[str, list[Segment]]:
    """Segments by demonstration, decided from what each says by itself.

    Signals are taken one at a time, so that they need not all be held.
    """
    boundaries = decide(signals, beliefs, shipped_weights(), config)
    found: dict[str, list[Segment]] = {}
    for piece in cut_at(signals, boundaries, config.seed):
        found.setdefault(piece.demonstration, []).append(piece)
    return found


def cut_at(
    signals: Sequence[Signals], boundaries: Sequence[Sequence[Boundary]], seed: int
) -> list[Segment]:
    """Segments that tile recordings between their boundaries, with skills and roles."""
    cuts = _named(signals, boundaries, seed)
    return [piece for s, own in zip(signals, cuts, strict=True) for piece in _tile(s, own)]


def _named(
    signals: Sequence[Signals], boundaries: Sequence[Sequence[Boundary]], seed: int
) -> list[Cuts]:
    """Boundaries of each demonstration, with the skill and the role of the segments between."""
    named = name_skills(signals, [[b.sample for b in found] for found in boundaries], seed)
    return [
        Cuts(list(found), tuple(s.name for s in skills), tuple(s.role for s in skills))
        for found, skills in zip(boundaries, named, strict=True)
    ]


def weigh(
    signals: Sequence[Signals], config: SegmentConfig, track: Track = quiet
) -> list[tuple[Weighed, Weigher]]:
    """Moments of each recording that may be boundaries, and what they were weighed by.

    Recordings of one layout are learned from together. InputError when nothing moves in one.
    """
    result: dict[int, tuple[Weighed, Weigher]] = {}
    for group in by_layout(signals):
        habits, read = learn_habits(group, config.seed, track)
        for number, index in enumerate(group.numbers):
            evidence = read[number] if number in read else habits.read(group[number], number)
            result[index] = (habits.weigher.weigh(evidence), habits.weigher)
    return [result[index] for index in range(len(signals))]


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


def _together(signals: Sequence[Signals], config: SegmentConfig, track: Track) -> list[Cuts]:
    """Cuts by a method that compares demonstrations; those of one shape are compared."""
    groups: dict[tuple[int, ...], list[int]] = {}
    for index, one in enumerate(signals):
        groups.setdefault(shape(one), []).append(index)
    result: dict[int, Cuts] = {}
    for members in track(list(groups.values()), "cutting"):
        cut = TOGETHER[config.method]([signals[index] for index in members], config)
        result.update(zip(members, cut, strict=True))
    return [result[index] for index in range(len(signals))]


def _tile(signals: Signals, cuts: Cuts) -> list[Segment]:
    """Segments [start, stop) between the boundaries, from the first step to the last."""
    pieces = len(cuts.boundaries) + 1
    skills = cuts.skills or ("",) * pieces
    roles = cuts.roles or (SegmentRole.SKILL,) * pieces
    starts, facts = [0], [(skills[0], 1.0, "start", roles[0])]
    for boundary, skill, role in zip(cuts.boundaries, skills[1:], roles[1:], strict=True):
        step = signals.step_of(boundary.sample)
        if starts[-1] < step < signals.steps:
            starts.append(step)
            facts.append((skill, boundary.confidence, boundary.cause, role))
    stops = [*starts[1:], signals.steps]
    return [
        Segment(signals.name, start, stop, *fact)
        for start, stop, fact in zip(starts, stops, facts, strict=True)
    ]
