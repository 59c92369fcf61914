"""What a cut means, in words."""

from collections.abc import Sequence
from itertools import pairwise

from robot_skills.core.demonstration import Demonstration, Segment, SegmentRole
from robot_skills.segment.segmenter import Segmentation

SIGNALS = {
    "motion": "speed and direction",
    "path": "direction of the path",
    "action": "commands",
    "turn": "rotation",
    "object": "objects",
    "fixture": "fixtures",
    "force": "forces",
    "gripper": "gripper",
    "embedding": "camera picture",
    "flow": "movement in the picture",
    "stop": "standstill",
}
REASONS = {
    "gripper": "the gripper switched",
    "stop": "the hand stopped",
    "signals": "the signals changed",
    "distance": "a subgoal was reached",
    "recurrence": "another recurring piece begins",
    "equal": "it is one of equal parts",
    "random": "of chance",
}


def signal_words(cause: str) -> str:
    """The signal behind a cause, as a person names it; an unknown cause stays as it is."""
    return SIGNALS.get(cause, cause)


def reason(cause: str) -> str:
    """Why there is a cut, as the end of a sentence that goes "because ..."."""
    if cause in REASONS:
        return REASONS[cause]
    return f"what comes next was hard to foresee ({signal_words(cause)})"


def segment_words(segment: Segment) -> str:
    """What a segment is called: its skill, or what it is instead of one; "" where unknown."""
    if segment.role in (SegmentRole.IDLE, SegmentRole.EXTRANEOUS):
        return segment.role.value
    again = " again" if segment.role is SegmentRole.REPETITION else ""
    return f"{segment.skill}{again}".strip()


def explain_cut(before: Segment, after: Segment, rate_hz: float) -> str:
    """One sentence on the boundary between two neighbours: when, how sure, why, and what changed.

    "at 12.35 s, 84 % sure, because the gripper switched: reach -> grasp"
    """
    sentence = (
        f"at {after.start / rate_hz:.2f} s, {100 * after.confidence:.0f} % sure, "
        f"because {reason(after.cause)}"
    )
    names = segment_words(before), segment_words(after)
    return f"{sentence}: {names[0] or '?'} -> {names[1] or '?'}" if any(names) else sentence


def explanation(demonstrations: Sequence[Demonstration], found: Segmentation) -> list[str]:
    """A line for each cut of each demonstration."""
    return [
        f"{one.name}: cut {number} {explain_cut(before, after, one.rate_hz)}"
        for one in demonstrations
        for number, (before, after) in enumerate(pairwise(found.of(one.name)), start=1)
    ]
