"""What is learned from recordings of one layout, and how it weighs the moments of each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d, maximum_filter1d
from scipy.signal import find_peaks

from robot_skills.core.progress import Track, quiet
from robot_skills.segment.evidence.channels import Channels, Evidence
from robot_skills.segment.evidence.fusion import (
    CONTACT,
    SEPARATED,
    VARIES,
    Mixture,
    share_of_few,
)
from robot_skills.segment.evidence.levels import Curves, Level, consensus
from robot_skills.segment.predict.rises import LOWEST, level_of_rises, log_rises
from robot_skills.segment.predict.surprise import Surprise
from robot_skills.segment.signals import SIGNAL_RATE_HZ, Signals
from robot_skills.segment.stretches import Stretch, learned_stretches, stretches_of

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
class Habits:
    """Channels, the level of each, how they are mixed, the level of rises of surprise, few-ness."""

    channels: Channels
    levels: Mapping[str, Level]
    mixture: Mixture
    rise: float
    few: float
    recordings: int

    @property
    def physical(self) -> float:
        """How far contact that was measured decides, from 0 to 1."""
        return self.few * float(self.mixture.contact_is_known)

    def weigh(self, signals: Signals, number: int) -> Weighed:
        """Weigh the moments of recording `number`, seen in learning or not."""
        parts = stretches_of(signals.samples, number, self.recordings)
        read = [self._read(signals, part) for part in parts]
        return self.weigh_read(_joined(read), signals)

    def _read(self, signals: Signals, part: Stretch) -> Evidence:
        wide = part.widened(signals.samples)
        evidence = self.channels.read(wide.of(signals), part.place)
        inner = slice(part.start - wide.start, part.stop - wide.start)
        surprise = evidence.surprise
        by_cause = {cause: curve[inner] for cause, curve in surprise.by_cause.items()}
        return Evidence(
            {name: curve[inner] for name, curve in evidence.curves.items()},
            Surprise(surprise.total[inner], by_cause),
        )

    def weigh_read(self, read: Evidence, signals: Signals) -> Weighed:
        """Candidates from the evidence of a whole recording."""
        evidence = evidence_of(read.curves, self.levels, signals.samples)
        features = self.mixture.features(evidence)
        rises = log_rises(read.surprise.total, self.rise)
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


def learn_habits(
    group: Sequence[Signals], seed: int, track: Track = quiet
) -> tuple[Habits, dict[int, Evidence]]:
    """Habits of recordings of one layout, and the evidence of those that were read whole.

    Recordings are taken from `group` one at a time; InputError when nothing moves in any of them.
    """
    parts = learned_stretches(group, seed)
    some = [part.of(group[part.recording]) for part in parts]
    channels = Channels.fit(some, [part.place for part in parts], seed, track)
    read = [
        channels.read(one, part.place)
        for one, part in track(list(zip(some, parts, strict=True)), "weighing")
    ]
    levels = _levels([one.curves for one in read])
    each = [evidence_of(one.curves, levels, len(one.surprise.total)) for one in read]
    by_channel = {name: [evidence[name] for evidence in each] for name in levels}
    minutes = sum(group[number].seconds for number in range(len(group))) / 60
    habits = Habits(
        channels,
        levels,
        Mixture.of(consensus(by_channel), _contact_is_known(by_channel, levels)),
        level_of_rises([one.surprise.total for one in read]),
        share_of_few(len(group), minutes),
        len(group),
    )
    whole = {
        part.recording: one
        for one, part in zip(read, parts, strict=True)
        if part.start == 0 and part.stop == group[part.recording].samples
    }
    return habits, whole


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


def _joined(read: Sequence[Evidence]) -> Evidence:
    """Evidence of all parts of one recording, one after the other."""
    if len(read) == 1:
        return read[0]
    causes = read[0].surprise.by_cause
    return Evidence(
        {name: np.concatenate([one.curves[name] for one in read]) for name in read[0].curves},
        Surprise(
            np.concatenate([one.surprise.total for one in read]),
            {c: np.concatenate([one.surprise.by_cause[c] for one in read]) for c in causes},
        ),
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
