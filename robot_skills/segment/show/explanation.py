"""What a cut means, in words."""

from robot_skills.core.demonstration import Segment, SegmentRole

SIGNALS = {
    "motion": "speed and direction",
    "path": "direction of the path",
    "action": "commands",
    "turn": "rotation",
    "object": "objects",
    "fixture": "fixtures",
    "force": "forces",
    "picture": "camera picture",
}
REASONS = {
    "surprise": "what comes next was hard to foresee",
    "hindsight": "what went before was hard to tell from what follows",
    "gripper": "the gripper switched",
    "holding": "something was taken or let go",
    "touch": "contact began or ended",
    "object": "an object began or ceased to move",
    "fixture": "a fixture began or ceased to move",
    "force": "the force changed",
    "contact modes": "the kind of contact changed",
    "wrench modes": "the pattern of forces changed",
    "motion modes": "the kind of motion changed",
    "state modes": "contact and speed changed together",
    "pose modes": "another of the usual places was reached",
    "course modes": "the course of the hand changed",
    "turning back": "the hand turned back",
    "acceleration": "the hand sped up or slowed down",
    "pause": "the hand paused",
    "stop": "the hand stopped",
    "rest": "a long rest began or ended",
    "trend": "the course of the signals turned",
    "change": "the signals changed",
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
    if cause in SIGNALS:
        return f"{REASONS['surprise']} ({SIGNALS[cause]})"
    return f"of {cause}"


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
