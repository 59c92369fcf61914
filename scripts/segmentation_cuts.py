"""The default method from kept evidence and any weights: the same cuts as `segment` makes."""

import numpy as np
from numpy.typing import NDArray
from scipy.signal import find_peaks
from segmentation_evidence import AS_SHIPPED, CONFIG, ReadSet, Recipe

from robot_skills.core.demonstration import Segment
from robot_skills.segment.boundaries import Boundary
from robot_skills.segment.deciding import RECURRENCE, find_boundaries
from robot_skills.segment.evidence.levels import Level
from robot_skills.segment.evidence.weights import Weights
from robot_skills.segment.segmenter import cut_at
from robot_skills.segment.signals import SIGNAL_RATE_HZ

Floats = NDArray[np.float64]

LIKELY = 0.5  # evidence of a crest as high as its channel's level


def cut_read(read: ReadSet, weights: Weights, recipe: Recipe = AS_SHIPPED) -> list[Segment]:
    """Segments of recordings whose evidence was read, with those weights."""
    recurrence = RECURRENCE if recipe.recurs else 0.0
    weighed = read.weigh(recipe)
    boundaries = find_boundaries(read.signals, weighed, weights, CONFIG, recurrence)
    return cut_at(read.signals, boundaries, CONFIG.seed)


def channels_of(read: ReadSet) -> list[str]:
    """Names of the channels that any recording has."""
    return sorted({name for one in read.evidence for name in one.curves})


def cut_by_channel(read: ReadSet, channel: str) -> list[Segment]:
    """Cut where one channel crests above the level that parts its own crests into high and low."""
    found: list[list[Boundary]] = [[] for _ in read.signals]
    for members in read.layouts():
        own = {i: read.evidence[i].curves for i in members}
        curves = {i: curve[channel] for i, curve in own.items() if channel in curve}
        level = Level.find(list(curves.values())) if curves else None
        if level is not None:
            for index, curve in curves.items():
                found[index] = _crests(level.evidence(curve), channel)
    return cut_at(read.signals, found, CONFIG.seed)


def _crests(evidence: Floats, channel: str) -> list[Boundary]:
    apart = round(CONFIG.min_length_s * SIGNAL_RATE_HZ)
    at, _ = find_peaks(evidence, height=LIKELY, distance=apart)
    inside = at[(at >= apart) & (at <= len(evidence) - apart)]
    return [Boundary(int(sample), float(evidence[sample]), channel) for sample in inside]
