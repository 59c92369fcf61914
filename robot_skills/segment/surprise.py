"""How open the future is at each moment, by predictors that never saw that demonstration."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d
from scipy.spatial import cKDTree

from robot_skills.core.progress import Track, quiet
from robot_skills.segment.features import Features, layout, make_features
from robot_skills.segment.forecaster import Forecaster
from robot_skills.segment.signals import Signals

Floats = NDArray[np.float64]

FOLDS = 4
ENSEMBLE = 2
SMOOTHING = 2.0  # samples
NEIGHBOURS = 20
RECURRENCE_HALF = 10  # demonstrations at which recurrence weighs as much as the moment itself
CONTACT = ("object", "fixture")  # events that cut until many recordings show what they belong to
SILENT = ("gripper",)  # seen by the predictor, but a switch lies inside a behaviour


@dataclass(frozen=True)
class Surprise:
    """Surprise (S,) of one demonstration in nats, and the share of each cause in it."""

    total: Floats
    by_cause: dict[str, Floats]


@dataclass(frozen=True)
class _Scores:
    """Expected and actual surprise (R, D) of one demonstration's rows, filled fold by fold."""

    expected: Floats
    actual: Floats

    @staticmethod
    def empty(rows: int, columns: int) -> "_Scores":
        return _Scores(np.zeros((rows, columns)), np.zeros((rows, columns)))

    def add(self, rows: NDArray[np.bool_], expected: Floats, actual: Floats) -> None:
        """Add what one member of the ensemble says about `rows`."""
        self.expected[rows] += expected / ENSEMBLE
        self.actual[rows] += actual / ENSEMBLE


def measure_surprise(signals: Sequence[Signals], seed: int, track: Track = quiet) -> list[Surprise]:
    """Surprise of each demonstration; those of one layout are predicted from one another."""
    groups: dict[tuple[int, ...], list[int]] = {}
    for index, one in enumerate(signals):
        groups.setdefault(layout(one), []).append(index)
    result: dict[int, Surprise] = {}
    for members in groups.values():
        chosen = [signals[index] for index in members]
        result.update(zip(members, _of_group(chosen, seed, track), strict=True))
    return [result[index] for index in range(len(signals))]


def _of_group(signals: Sequence[Signals], seed: int, track: Track) -> list[Surprise]:
    features = make_features(signals)
    scores, causes = _cross_fitted(features, seed, track)
    targets = np.concatenate([np.concatenate([f.motion, f.things], axis=1) for f in features])
    weights = _weights(targets, scores, causes, _recurrence_share(len(features)))
    rows = [_by_cause(score.expected, causes, weights) for score in scores]
    recurring = _recurring(features, [_sum(parts) for parts in rows])
    return [
        _on_samples(f, parts, again, s.samples)
        for f, parts, again, s in zip(features, rows, recurring, signals, strict=True)
    ]


def _cross_fitted(
    features: Sequence[Features], seed: int, track: Track
) -> tuple[list[_Scores], NDArray[np.str_]]:
    folds = _folds(features)
    causes = np.array(features[0].motion_causes + features[0].things_causes)
    scores = [_Scores.empty(len(f.at), len(causes)) for f in features]
    for fold in track(range(max(int(of.max()) for of in folds) + 1), "predicting"):
        seen = [f.rows(of != fold) for f, of in zip(features, folds, strict=True)]
        for member in range(ENSEMBLE):
            forecaster = Forecaster.fit(seen, seed * ENSEMBLE + member)
            for f, of, score in zip(features, folds, scores, strict=True):
                score.add(of == fold, *forecaster.score(f.rows(of == fold)))
    return scores, causes


def _folds(features: Sequence[Features]) -> list[NDArray[np.int64]]:
    """Fold of every row: whole demonstrations, or blocks of time when there is only one."""
    if len(features) > 1:
        count = min(FOLDS, len(features))
        return [np.full(len(f.at), index % count) for index, f in enumerate(features)]
    rows = len(features[0].at)
    return [np.arange(rows) * FOLDS // rows]


def _weights(
    targets: Floats, scores: Sequence[_Scores], causes: NDArray[np.str_], recurrence: float
) -> dict[str, float]:
    """Trust in each cause: the square of what prediction gains over knowing only the spread."""
    blind = 0.5 + np.log(targets.std(axis=0) + 1e-3)
    gain = blind - np.concatenate([s.actual for s in scores]).mean(axis=0)
    heard = [str(cause) for cause in np.unique(causes) if cause not in SILENT]
    trust = {cause: max(0.0, float(gain[causes == cause].mean())) ** 2 for cause in heard}
    trust |= {c: trust[c] * (1 - recurrence) for c in CONTACT if c in trust}
    total = sum(trust.values())
    if not total:
        return dict.fromkeys(trust, 1 / len(trust))
    return {cause: value / total for cause, value in trust.items()}


def _by_cause(
    expected: Floats, causes: NDArray[np.str_], weights: dict[str, float]
) -> dict[str, Floats]:
    return {c: w * expected[:, causes == c].mean(axis=1) for c, w in weights.items()}


def _sum(parts: dict[str, Floats]) -> Floats:
    return np.asarray(np.sum(list(parts.values()), axis=0))


def _recurrence_share(demonstrations: int) -> float:
    """How much to believe what recurs: 0 for one demonstration, towards 1 for many."""
    return (demonstrations - 1) / (demonstrations - 1 + RECURRENCE_HALF)


def _recurring(features: Sequence[Features], totals: Sequence[Floats]) -> list[Floats]:
    """Each row's surprise drawn towards that of like moments in other demonstrations."""
    if len(features) < 2:
        return list(totals)
    share = _recurrence_share(len(features))
    every = np.concatenate([f.context for f in features])[::2]
    owner = np.concatenate([np.full(len(f.at), i) for i, f in enumerate(features)])[::2]
    values = np.concatenate(totals)[::2]
    tree = cKDTree(every)
    result = []
    for index, (f, own) in enumerate(zip(features, totals, strict=True)):
        distance, near = tree.query(f.context, k=min(NEIGHBOURS + 12, len(every)))
        other = owner[near] != index
        width = np.median(distance[other]) if other.any() else 1.0
        weight = other * np.exp(-(distance**2) / (2 * width**2 + 1e-12)) + 1e-12
        like = np.sum(weight * values[near], axis=1) / weight.sum(axis=1)
        result.append((1 - share) * own + share * np.where(other.any(axis=1), like, own))
    return result


def _on_samples(
    features: Features, parts: dict[str, Floats], total: Floats, samples: int
) -> Surprise:
    def spread(rows: Floats) -> Floats:
        return np.asarray(
            gaussian_filter1d(np.interp(np.arange(samples), features.at, rows), SMOOTHING)
        )

    return Surprise(spread(total), {cause: spread(rows) for cause, rows in parts.items()})
