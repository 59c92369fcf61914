"""Scores of several methods on the same demonstrations, with intervals."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from robot_skills.core.demonstration import Demonstration, Segment
from robot_skills.segment.config import TAKES_NUMBER, SegmentConfig
from robot_skills.segment.metrics.boundary_metrics import (
    TOLERANCE_S,
    BoundaryCounts,
    bootstrap_f1,
    count_boundaries,
    total_counts,
)
from robot_skills.segment.segmenter import segment


@dataclass(frozen=True)
class Score:
    """Pooled F1 with its 95 % interval over demonstrations; n true boundaries."""

    f1: float
    low: float
    high: float
    n: int
    precision: float
    recall: float


def score_segments(
    demonstrations: Sequence[Demonstration],
    segments: Sequence[Segment],
    truths_s: Sequence[Sequence[float]],
    tolerance_s: float = TOLERANCE_S,
) -> Score:
    """Score of segments against true boundaries in seconds, one list a demonstration."""
    counts = boundary_counts(demonstrations, segments, truths_s, tolerance_s)
    pooled = total_counts(counts)
    low, high = bootstrap_f1(counts)
    return Score(pooled.f1, low, high, pooled.true, pooled.precision, pooled.recall)


def score_methods(
    demonstrations: Sequence[Demonstration],
    truths_s: Sequence[Sequence[float]],
    configs: Mapping[str, SegmentConfig],
    tolerance_s: float = TOLERANCE_S,
) -> dict[str, Score]:
    """Score of each configuration by its name."""
    return {
        name: score_segments(demonstrations, segment(demonstrations, config), truths_s, tolerance_s)
        for name, config in configs.items()
    }


def score_with_true_number(
    demonstrations: Sequence[Demonstration],
    truths_s: Sequence[Sequence[float]],
    config: SegmentConfig,
    tolerance_s: float = TOLERANCE_S,
) -> Score:
    """Score of a method in TAKES_NUMBER when it is told how many boundaries there are."""
    if config.method not in TAKES_NUMBER:
        raise ValueError(f"{config.method} cannot be told a number of boundaries")
    pieces = [
        piece
        for one, truth_s in zip(demonstrations, truths_s, strict=True)
        for piece in segment([one], replace(config, cuts=len(truth_s)))
    ]
    return score_segments(demonstrations, pieces, truths_s, tolerance_s)


def boundary_counts(
    demonstrations: Sequence[Demonstration],
    segments: Sequence[Segment],
    truths_s: Sequence[Sequence[float]],
    tolerance_s: float = TOLERANCE_S,
) -> list[BoundaryCounts]:
    """Counts of each demonstration, whose true boundaries are in seconds."""
    return [
        count_boundaries(found_boundaries_s(one, segments), truth_s, tolerance_s)
        for one, truth_s in zip(demonstrations, truths_s, strict=True)
    ]


def found_boundaries_s(one: Demonstration, segments: Sequence[Segment]) -> list[float]:
    """Boundaries in seconds of one demonstration, from the segments of several."""
    return [s.start / one.rate_hz for s in segments if s.demonstration == one.name and s.start]
