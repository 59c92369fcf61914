"""How fast a gripper's fingers are sent, and from where."""


def slewed_width(sent_m: float, measured_m: float, wanted_m: float, most_m: float) -> float:
    """The next width to send, at most `most_m` nearer to what is wanted than the last one sent.

    Fingers that a thing stops are sent on, which presses. Told to turn round they set out from
    where they are, as a real gripper's do, and not from where they would have got to.
    """
    turns = max if wanted_m > measured_m else min
    start = turns(sent_m, measured_m)
    return start + min(max(wanted_m - start, -most_m), most_m)
