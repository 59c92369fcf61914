"""Evidence of labelled sets, read once and kept: fitting, the benchmark and ablations share it.

It is kept under a key of the signals and of the code that reads evidence from them.
"""

import hashlib
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import cache
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from results import ROOT
from scipy.ndimage import gaussian_filter1d

from robot_skills.nets.threads import limited_threads
from robot_skills.segment.config import SegmentConfig
from robot_skills.segment.evidence.channels import HINDSIGHT, SURPRISE, Channels, Evidence
from robot_skills.segment.evidence.fusion import share_of_few
from robot_skills.segment.evidence.levels import Curves
from robot_skills.segment.habits import learn_habits
from robot_skills.segment.predict.features import layout
from robot_skills.segment.predict.surprise import SMOOTHING, Place, Predictors, Surprise
from robot_skills.segment.signals import SERIES, Signals, read_signals
from robot_skills.segment.weighing import Weighed, Weigher, evidence_of
from robot_skills.storage.atomic import new_file
from robot_skills.storage.labelled_set import LabelledSet

Floats = NDArray[np.float64]

CONFIG = SegmentConfig()
READING = (
    "robot_skills/segment/evidence/*.py",
    "robot_skills/segment/predict/*.py",
    "robot_skills/segment/habits.py",
    "robot_skills/segment/stretches.py",
    "scripts/segmentation_evidence.py",
)
ONLY_WEIGHS = {"fusion", "levels", "rises", "weights"}
CONSTANT_SPREAD = " as squared error"  # variants of what the predictors say, for ablations
NO_MEMORY = " of the moment alone"


@dataclass(frozen=True)
class Recipe:
    """How the default is put together; an ablation differs from it in one of these.

    `without` channels are left out; in the place of a channel in `instead` stands a variant of it.
    """

    without: frozenset[str] = frozenset()
    instead: str = ""
    forgets: bool = True
    by_consensus: bool = False
    recurs: bool = True

    def of(self, read: Evidence, variants: Curves) -> Evidence:
        """The evidence as this recipe wants it."""
        curves = {name: curve for name, curve in read.curves.items() if name not in self.without}
        if not self.instead:
            return Evidence(curves, read.surprise)
        for channel in (SURPRISE, HINDSIGHT):
            curves[channel] = variants[channel + self.instead]
        return Evidence(curves, Surprise(curves[SURPRISE], read.surprise.by_cause))

    def weigher(self, read: Sequence[Evidence], few: float) -> Weigher:
        """What weighs evidence that this recipe made."""
        found = Weigher.fit(read, few, self.forgets)
        if not self.by_consensus:
            return found
        each = [evidence_of(one.curves, found.levels, len(one.surprise.total)) for one in read]
        trust = consensus({name: [evidence[name] for evidence in each] for name in found.levels})
        return replace(found, mixture=found.mixture.of(trust, found.mixture.contact_is_known))


def consensus(evidence: Mapping[str, Sequence[Floats]]) -> dict[str, float]:
    """Trust in each channel, summing to 1, from its evidence (S,) in every recording.

    The leading eigenvector of their correlations, the diagonal left out: a channel that fires
    where trusted ones fire is trusted. Source: Parisi et al., "Ranking and combining multiple
    predictors without labeled data", PNAS 2014.
    """
    names = list(evidence)
    rows = np.stack([np.concatenate(list(evidence[name])) for name in names])
    moving = rows.std(axis=1) > 0
    agreement = np.zeros((len(names), len(names)))
    if moving.any():
        agreement[np.ix_(moving, moving)] = np.atleast_2d(np.corrcoef(rows[moving]))
    np.fill_diagonal(agreement, 0.0)
    trust = np.ones(len(names))
    for _ in range(50):
        trust = np.maximum(agreement @ trust, 0.0)
        trust = trust / (np.linalg.norm(trust) + 1e-12)
    total = trust.sum()
    shares = trust / total if total > 0 else np.full(len(names), 1 / len(names))
    return dict(zip(names, map(float, shares), strict=True))


AS_SHIPPED = Recipe()


@dataclass(frozen=True)
class ReadSet:
    """Recordings cut together: signals and evidence of each, variants of some of its channels."""

    signals: list[Signals]
    evidence: list[Evidence]
    variants: list[Curves]

    def layouts(self) -> list[list[int]]:
        """Numbers of the recordings of each layout."""
        groups: dict[tuple[int, ...], list[int]] = {}
        for index, one in enumerate(self.signals):
            groups.setdefault(layout(one), []).append(index)
        return list(groups.values())

    def weigh(self, recipe: Recipe) -> list[tuple[Weighed, Weigher]]:
        """Weighed candidates of each recording, as `segmenter.weigh` makes them."""
        found: dict[int, tuple[Weighed, Weigher]] = {}
        for members in self.layouts():
            read = [recipe.of(self.evidence[index], self.variants[index]) for index in members]
            minutes = sum(self.signals[index].seconds for index in members) / 60
            weigher = recipe.weigher(read, share_of_few(len(members), minutes))
            for index, one in zip(members, read, strict=True):
                found[index] = (weigher.weigh(one), weigher)
        return [found[index] for index in range(len(self.signals))]


def read_sets(
    folder: Path, sets: Mapping[str, LabelledSet], workers: int = 1
) -> dict[str, ReadSet]:
    """Each set with its evidence: read where it is kept under `folder`, else made and kept."""
    signals = {
        name: [read_signals(one, CONFIG) for one in known.demonstrations]
        for name, known in sets.items()
    }
    files = {name: folder / f"{_key(own)}.npz" for name, own in signals.items()}
    missing = {file: name for name, file in files.items() if not file.exists()}
    if missing:
        print(f"reading the evidence of {', '.join(missing.values())}", flush=True)
        _read_all([(signals[name], file) for file, name in missing.items()], workers)
    return {name: ReadSet(signals[name], *_kept(file)) for name, file in files.items()}


def _read_all(jobs: Sequence[tuple[Sequence[Signals], Path]], workers: int) -> None:
    if workers <= 1 or len(jobs) == 1:
        for signals, file in jobs:
            _read_and_keep(signals, file)
        return
    with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
        for done in [pool.submit(_read_and_keep, *job) for job in jobs]:
            done.result()


def read_now(signals: Sequence[Signals]) -> ReadSet:
    """The evidence of recordings that are cut together, made anew."""
    found: dict[int, tuple[Evidence, Curves]] = {}
    for members in ReadSet(list(signals), [], []).layouts():
        group = [signals[index] for index in members]
        habits, read = learn_habits(group, CONFIG.seed)
        for number, index in enumerate(members):
            one = read[number] if number in read else habits.read(group[number], number)
            place = Place(number, len(group)) if len(group) > 1 else Place(0, 1)
            found[index] = (one, _variants(habits.channels, group[number], place))
    evidence, variants = zip(*(found[index] for index in range(len(signals))), strict=True)
    return ReadSet(list(signals), list(evidence), list(variants))


def _variants(channels: Channels, signals: Signals, place: Place) -> Curves:
    turned = signals.backwards()
    sides = {SURPRISE: (channels.forward, signals), HINDSIGHT: (channels.backward, turned)}
    found: Curves = {}
    for name, (predictors, series) in sides.items():
        way = -1 if name == HINDSIGHT else 1
        alone = replace(predictors, memory=None).measure(series, place).total
        found[name + NO_MEMORY] = alone[::way]
        found[name + CONSTANT_SPREAD] = squared_errors(predictors, series, place)[::way]
    return found


def squared_errors(predictors: Predictors, signals: Signals, place: Place) -> Floats:
    """Squared error (S,) of the predicted means, each cause as trusted as in the surprise."""
    features = predictors.maker.make(signals)
    folds = place.folds(features.at, signals.samples)
    errors = np.zeros((len(features.at), len(predictors.causes)))
    for fold in np.unique(folds):
        rows = folds == fold
        members = predictors.folds[min(int(fold), len(predictors.folds) - 1)]
        scores = [member.score(features.rows(rows)) for member in members]
        errors[rows] = np.mean(
            [2 * (actual - spread) * np.exp(2 * spread) for spread, actual in scores], axis=0
        )
    by_cause = [
        trust * errors[:, predictors.causes == cause].mean(axis=1)
        for cause, trust in predictors.trust.items()
    ]
    spread_out = np.interp(np.arange(signals.samples), features.at, np.sum(by_cause, axis=0))
    return np.asarray(gaussian_filter1d(spread_out, SMOOTHING))


def _key(signals: Sequence[Signals]) -> str:
    digest = hashlib.sha256(_code())
    for one in signals:
        for name in SERIES:
            series = np.ascontiguousarray(getattr(one, name))
            digest.update(f"{one.name} {name} {series.shape}".encode() + series.tobytes())
    return digest.hexdigest()[:16]


@cache
def _code() -> bytes:
    files = {file for pattern in READING for file in ROOT.glob(pattern)}
    decisive = [file for file in sorted(files) if file.stem not in ONLY_WEIGHS]
    return b"".join(file.name.encode() + file.read_bytes() for file in decisive)


def _read_and_keep(signals: Sequence[Signals], file: Path) -> None:
    with limited_threads(1):
        read = read_now(signals)
    arrays: dict[str, Floats] = {}
    for number, (evidence, variants) in enumerate(zip(read.evidence, read.variants, strict=True)):
        parts = {"curves": evidence.curves, "causes": evidence.surprise.by_cause}
        parts |= {"variants": variants, "surprise": {"total": evidence.surprise.total}}
        arrays |= {f"{number}/{k}/{n}": c for k, part in parts.items() for n, c in part.items()}
    with new_file(file) as partial, partial.open("wb") as stream:
        np.savez(stream, **arrays)  # type: ignore[arg-type]


def _kept(file: Path) -> tuple[list[Evidence], list[Curves]]:
    parts: dict[int, dict[str, Curves]] = {}
    with np.load(file, allow_pickle=False) as arrays:
        for key in arrays.files:
            number, kind, name = key.split("/")
            parts.setdefault(int(number), {}).setdefault(kind, {})[name] = arrays[key]
    every = [parts[number] for number in range(len(parts))]
    evidence = [
        Evidence(one["curves"], Surprise(one["surprise"]["total"], one.get("causes", {})))
        for one in every
    ]
    return evidence, [one["variants"] for one in every]
