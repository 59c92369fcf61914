"""How fast a gripper's fingers are sent, and from where."""

from robot_skills.core.arrays import Array, namespace


def slewed_width(sent_m: Array, measured_m: Array, wanted_m: Array, most_m: float) -> Array:
    """The next width (...,) to send, at most `most_m` nearer to what is wanted than the last one.

    Fingers that a thing stops are sent on, which presses. Told to turn round they set out from
    where they are, as a real gripper's do, and not from where they would have got to.
    """
    xp = namespace(sent_m, measured_m, wanted_m)
    further, nearer = xp.maximum(sent_m, measured_m), xp.minimum(sent_m, measured_m)
    start = xp.where(wanted_m > measured_m, further, nearer)
    return start + xp.clip(wanted_m - start, -most_m, most_m)
