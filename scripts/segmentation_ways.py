"""Every published way of cutting that the default is compared with, by name.

A way takes one labelled set and gives back the segments of its demonstrations. Only those whose
name ends in TOLD look at the truth: each demonstration's number of boundaries, nothing else.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from robot_skills.core.demonstration import Demonstration, Segment
from robot_skills.segment.config import TAKES_NUMBER, Method, SegmentConfig
from robot_skills.segment.segmenter import segment
from robot_skills.storage.labelled_set import LabelledSet

Way = Callable[[LabelledSet], list[Segment]]

DEFAULT = SegmentConfig().method.value
TUNED = f"{DEFAULT}_tuned_on_all"
TOLD = "_true_number"
ABLATION = "ablation/"
FINEST = 2.0**8  # how far the search for a penalty goes, times and parts of the usual one
HALVINGS = 18


def all_ways() -> dict[str, Way]:
    """Baselines as a user would run them, then those told the true number."""
    ways: dict[str, Way] = {
        method.value: partial(cut, method=method) for method in Method if method.value != DEFAULT
    }
    ways |= {f"{method.value}{TOLD}": partial(cut_told, method=method) for method in TAKES_NUMBER}
    ways[f"{Method.PELT.value}{TOLD}"] = pelt_told
    return ways


def cut(known: LabelledSet, method: Method) -> list[Segment]:
    """The set cut as a user would who says nothing."""
    return segment(known.demonstrations, SegmentConfig(method=method))


def cut_told(known: LabelledSet, method: Method) -> list[Segment]:
    """Each demonstration cut into its true number of segments."""
    config = SegmentConfig(method=method)
    return [
        piece
        for one, truth_s in zip(known.demonstrations, known.boundaries_s, strict=True)
        for piece in segment([one], replace(config, cuts=len(truth_s)))
    ]


def pelt_told(known: LabelledSet) -> list[Segment]:
    """PELT with each demonstration's penalty searched until the number of cuts is right."""
    return [
        piece
        for one, truth_s in zip(known.demonstrations, known.boundaries_s, strict=True)
        for piece in _pelt_of(one, len(truth_s))
    ]


def _pelt_of(one: Demonstration, cuts: int) -> list[Segment]:
    """The segments nearest in number to `cuts` + 1 that bisecting the penalty meets."""
    low, high = 1 / FINEST, FINEST
    best: list[Segment] = []
    for _ in range(HALVINGS):
        finer = (low * high) ** 0.5
        pieces = segment([one], SegmentConfig(method=Method.PELT, finer=finer))
        if not best or abs(len(pieces) - cuts - 1) < abs(len(best) - cuts - 1):
            best = pieces
        if len(pieces) == cuts + 1:
            break
        low, high = (low, finer) if len(pieces) > cuts + 1 else (finer, high)
    return best
