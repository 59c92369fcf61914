"""How well labelled segments agree with true ones; found labels are matched to true ones first.

A labelling is one label a control step, such as ["reach", "reach", "grasp"]; `labels_of` makes it
from segments. Found labels are clusters without meaning, so they are renamed to the true labels
they overlap most with, one to one, over all demonstrations together.
"""

from collections.abc import Callable, Hashable, Sequence
from itertools import combinations, groupby

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from robot_skills.core.demonstration import Segment
from robot_skills.segment.metrics.intervals import Mean, bootstrap_mean

Labelling = Sequence[Hashable]
Labellings = Sequence[Labelling]
Spans = list[tuple[Hashable, int, int]]

OVERLAPS = (0.10, 0.25, 0.50)


def labels_of(segments: Sequence[Segment]) -> list[str]:
    """Skill of every step of one demonstration.

    A segment without a skill is its own label, which no other demonstration shares in earnest: of
    methods that name no skills only `over_segmentation` means something.
    """
    named = [(s.skill or f"segment {number}", s) for number, s in enumerate(segments, 1)]
    return [name for name, segment in named for _ in range(segment.steps)]


def matched_labels(found: Labellings, true: Labellings) -> list[list[Hashable]]:
    """Found labels renamed to true ones so that most steps agree; unmatched ones stay apart.

    Source: Kuhn, "The Hungarian method for the assignment problem", 1955.
    """
    _check(found, true)
    names = _distinct(found)
    wanted = _distinct(true)
    overlap = _overlap(found, true, names, wanted)
    rows, columns = linear_sum_assignment(-overlap)
    renamed: dict[Hashable, Hashable] = {name: ("unmatched", name) for name in names}
    renamed |= {names[i]: wanted[j] for i, j in zip(rows, columns, strict=True) if overlap[i, j]}
    return [[renamed[label] for label in labelling] for labelling in found]


def frame_accuracy(found: Labelling, true: Labelling) -> float:
    """Share of steps whose label is the true one."""
    _check([found], [true])
    return float(np.mean([a == b for a, b in zip(found, true, strict=True)]))


def edit_score(found: Labelling, true: Labelling) -> float:
    """1 less the edits between the orders of labels, a share of the longer one; lengths are free.

    Source: Lea, Flynn, Vidal, Reiter and Hager, "Temporal convolutional networks for action
    segmentation and detection", CVPR 2017; the distance is Levenshtein's.
    """
    one, other = [x for x, _ in groupby(found)], [x for x, _ in groupby(true)]
    return 1 - _edits(one, other) / max(len(one), len(other), 1)


def segmental_f1(found: Labelling, true: Labelling, overlap: float) -> float:
    """F1 of segments: right are those of the right label that share `overlap` of their union.

    Each true segment counts once. F1@10/25/50 of Lea et al., CVPR 2017.
    """
    _check([found], [true])
    if not 0 < overlap <= 1:
        raise ValueError(f"overlap must lie in (0, 1]; found {overlap}")
    spans, wanted = _spans(found), _spans(true)
    taken: set[int] = set()
    for span in spans:
        shares = [_share(span, other) for other in wanted]
        best = int(np.argmax(shares))
        if shares[best] >= overlap and best not in taken:
            taken.add(best)
    return 2 * len(taken) / (len(spans) + len(wanted))


def over_segmentation(found: Labelling, true: Labelling) -> float:
    """Number of found segments for each true one: 1 is right, 2 is twice as many."""
    _check([found], [true])
    return len(_spans(found)) / len(_spans(true))


def normalised_mutual_information(found: Labellings, true: Labellings) -> float:
    """Shared information of two labellings as a share of their mean entropy; 1 when both are one.

    The names of labels do not matter, so matching them first changes nothing.
    Source: Strehl and Ghosh, "Cluster ensembles", JMLR 2002, with the arithmetic mean.
    """
    _check(found, true)
    joint = _overlap(found, true, _distinct(found), _distinct(true))
    joint = joint / joint.sum()
    mean = (_entropy(joint.sum(axis=0)) + _entropy(joint.sum(axis=1))) / 2
    shared = 2 * mean - _entropy(joint.ravel())
    return float(np.clip(shared / mean, 0.0, 1.0)) if mean > 1e-12 else 1.0


def label_consistency(found: Labellings) -> float:
    """Mean edit score between the orders of labels of every two demonstrations of one task.

    1 where all demonstrations do the same skills in the same order, and for a single one.
    """
    pairs = list(combinations(found, 2))
    return float(np.mean([edit_score(a, b) for a, b in pairs])) if pairs else 1.0


def score_labels(found: Labellings, true: Labellings, seed: int = 0) -> dict[str, Mean]:
    """Every metric with its mean and interval over demonstrations, after matching the labels.

    The keys are frame_accuracy, edit, f1@10, f1@25, f1@50, over_segmentation, nmi, consistency.
    A demonstration's consistency is its mean edit score with the others.
    """
    matched = matched_labels(found, true)
    each: dict[str, Callable[[Labelling, Labelling], float]] = {
        "frame_accuracy": frame_accuracy,
        "edit": edit_score,
        "over_segmentation": over_segmentation,
        "nmi": lambda a, b: normalised_mutual_information([a], [b]),
    }
    scores = {
        name: [metric(a, b) for a, b in zip(matched, true, strict=True)]
        for name, metric in each.items()
    }
    for overlap in OVERLAPS:
        values = [segmental_f1(a, b, overlap) for a, b in zip(matched, true, strict=True)]
        scores[f"f1@{round(100 * overlap)}"] = values
    scores["consistency"] = _consistency_each(found)
    return {name: bootstrap_mean(values, seed) for name, values in scores.items()}


def _consistency_each(found: Labellings) -> list[float]:
    scores = np.eye(len(found))
    for i, j in combinations(range(len(found)), 2):
        scores[i, j] = scores[j, i] = edit_score(found[i], found[j])
    others = max(1, len(found) - 1)
    return [float(s) for s in (scores.sum(axis=1) - (len(found) > 1)) / others]


def _check(found: Labellings, true: Labellings) -> None:
    lengths = [len(one) for one in found], [len(one) for one in true]
    if lengths[0] != lengths[1] or not all(lengths[0]) or not lengths[0]:
        raise ValueError(
            "found and true labels must be as many a demonstration, and at least one; "
            f"found lengths {lengths[0]} and {lengths[1]}"
        )


def _distinct(labellings: Labellings) -> list[Hashable]:
    return list(dict.fromkeys(label for labelling in labellings for label in labelling))


def _overlap(
    found: Labellings, true: Labellings, names: list[Hashable], wanted: list[Hashable]
) -> NDArray[np.float64]:
    """Steps (F, T) that found label i and true label j share."""
    row = {name: i for i, name in enumerate(names)}
    column = {name: j for j, name in enumerate(wanted)}
    table = np.zeros((len(names), len(wanted)))
    for a, b in zip(found, true, strict=True):
        np.add.at(table, ([row[x] for x in a], [column[x] for x in b]), 1)
    return table


def _spans(labelling: Labelling) -> Spans:
    """Runs of one label as (label, start, stop)."""
    spans: Spans = []
    start = 0
    for label, run in groupby(labelling):
        stop = start + sum(1 for _ in run)
        spans.append((label, start, stop))
        start = stop
    return spans


def _share(one: tuple[Hashable, int, int], other: tuple[Hashable, int, int]) -> float:
    """Intersection of two spans over their union; 0 for unlike labels."""
    common = min(one[2], other[2]) - max(one[1], other[1])
    if one[0] != other[0] or common <= 0:
        return 0.0
    return common / (max(one[2], other[2]) - min(one[1], other[1]))


def _edits(one: Sequence[Hashable], other: Sequence[Hashable]) -> int:
    """Fewest insertions, deletions and replacements (Levenshtein 1966)."""
    before = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        row = [i]
        for j, b in enumerate(other, 1):
            row.append(min(before[j] + 1, row[-1] + 1, before[j - 1] + (a != b)))
        before = row
    return before[-1]


def _entropy(shares: NDArray[np.float64]) -> float:
    positive = shares[shares > 0]
    return float(-np.sum(positive * np.log(positive)))
