"""How evidence of a recording becomes a few weighed moments that may be boundaries."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d, maximum_filter1d
from scipy.signal import find_peaks

from robot_skills.segment.evidence.channels import SURPRISE, Evidence
from robot_skills.segment.evidence.fusion import CONTACT, SEPARATED, VARIES, Mixture
from robot_skills.segment.evidence.levels import Curves, Level
from robot_skills.segment.predict.rises import LOWEST, level_of_rises, log_rises
from robot_skills.segment.predict.surprise import Surprise
from robot_skills.segment.signals import SIGNAL_RATE_HZ

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

APART_S = 0.4  # between candidates
EDGE_S = 0.3  # a recording's own beginning and end are no boundaries
NEAR = 5  # samples within which channels speak of the same moment
NEAR_RISE = 4
SMOOTHING = 1.5  # samples
CONTACT_TOO = 0.7  # of a candidate's height: contact, beside what the channels agree on
EVIDENCE_HEIGHT = 3.0  # makes evidence as high as a rise
HIGHEST_RISE = 1.0  # candidates need no more


@dataclass(frozen=True)
class Weighed:
    """Candidates (C,) of one recording by sample: features (C, F), log rises (C,), evidence (C, N).

    `evidence` is by the mixture's channels; `surprise` is over all samples.
    """

    samples: Ints
    features: Floats
    rises: Floats
    evidence: Floats
    surprise: Surprise


@dataclass(frozen=True)
class Weigher:
    """Level of each channel, how they are mixed, the level of rises of surprise, few-ness.

    `forgets` says whether the usual surprise is forgotten at every high rise.
    """

    levels: Mapping[str, Level]
    mixture: Mixture
    rise: float
    few: float
    forgets: bool = True

    @staticmethod
    def fit(read: Sequence[Evidence], few: float, forgets: bool = True) -> "Weigher":
        """From evidence of recordings of one layout."""
        levels = _levels([one.curves for one in read]) or {SURPRISE: Level(np.inf, 0.0)}
        each = [evidence_of(one.curves, levels, len(one.surprise.total)) for one in read]
        by_channel = {name: [evidence[name] for evidence in each] for name in levels}
        alike = dict.fromkeys(levels, 1 / len(levels))
        return Weigher(
            levels,
            Mixture.of(alike, _contact_is_known(by_channel, levels)),
            level_of_rises([one.surprise.total for one in read], forgets),
            few,
            forgets,
        )

    @property
    def physical(self) -> float:
        """How far contact that was measured decides, from 0 to 1."""
        return self.few * float(self.mixture.contact_is_known)

    def weigh(self, read: Evidence) -> Weighed:
        """Candidates from the evidence of a whole recording."""
        evidence = evidence_of(read.curves, self.levels, len(read.surprise.total))
        features = self.mixture.features(evidence)
        rises = log_rises(read.surprise.total, self.rise, self.forgets)
        stacked = np.stack([evidence[c] for c in self.mixture.channels], axis=1)
        trusted = stacked @ self._trust()
        at = _crests(self._height(trusted + CONTACT_TOO * features[:, 0], rises))
        return Weighed(
            at,
            _near(features, NEAR)[at],
            _near(rises[:, None], NEAR_RISE)[at, 0],
            _near(stacked, NEAR)[at],
            read.surprise,
        )

    def _trust(self) -> Floats:
        return np.asarray(self.mixture.rows[2] + self.mixture.rows[3])

    def _height(self, evidence: Floats, rises: Floats) -> Floats:
        by_rise = np.exp(np.clip(rises, LOWEST, HIGHEST_RISE))
        seen = EVIDENCE_HEIGHT * gaussian_filter1d(evidence, SMOOTHING)
        return np.asarray(self.few * seen + (1 - self.few) * gaussian_filter1d(by_rise, 1.0))


def evidence_of(curves: Curves, levels: Mapping[str, Level], samples: int) -> dict[str, Floats]:
    """Evidence (S,) of every channel that has a level; none where the recording lacks it."""
    none = np.zeros(samples)
    return {n: v.evidence(curves[n]) if n in curves else none for n, v in levels.items()}


def _levels(read: Sequence[Curves]) -> dict[str, Level]:
    names = sorted(set().union(*read))
    found = {
        name: Level.find([curves[name] for curves in read if name in curves]) for name in names
    }
    return {name: level for name, level in found.items() if level is not None}


def _contact_is_known(
    evidence: Mapping[str, Sequence[Floats]], levels: Mapping[str, Level]
) -> bool:
    return any(
        levels[name].separation > SEPARATED
        and np.mean([np.ptp(one) > 0 for one in evidence[name]]) > VARIES
        for name in CONTACT
        if name in levels
    )


def _crests(height: Floats) -> Ints:
    found, _ = find_peaks(
        np.concatenate([[0.0], height, [0.0]]), distance=round(APART_S * SIGNAL_RATE_HZ)
    )
    edge = EDGE_S * SIGNAL_RATE_HZ
    at = found - 1
    return np.asarray(at[(at > edge) & (at < len(height) - edge)])


def _near(columns: Floats, reach: int) -> Floats:
    """The largest value of each column (S, D) within reach."""
    return np.asarray(maximum_filter1d(columns, 2 * reach + 1, axis=0))
