"""Channels of evidence -> one probability of a boundary.

With few recordings nothing is known of habits, and physical change decides: what touches, holds,
turns back. With many, the predictors know what usually follows, and where they expect to be wrong
decides. The weights are fitted to recordings whose boundaries people marked.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from robot_skills.segment.evidence import channels as known

Floats = NDArray[np.float64]

CONTACT = (known.HOLDING, "touch", "fixture")  # which a wrench or an object pose shows
CONTACT_MODES = ("contact modes", "wrench modes")
GRIPPER = "gripper"  # stands for contact where neither force nor objects were recorded
SEPARATED = 0.5  # contact is known where its crests are parted so well ...
VARIES = 0.6  # ... and its channel varies in this share of the recordings
ALONE = {  # channels that count by themselves where contact is unknown
    "turning back": known.TURN,
    "pause": known.PAUSE,
    "motion modes": "motion modes",
    "change": known.CHANGE,
}
FEATURES = ("contact", "strongest contact", "agreement beside contact", "agreement", *ALONE)
FEW_RECORDINGS = 10.0  # at which the predictors weigh half
FEW_MINUTES = 8.0


@dataclass(frozen=True)
class Mixture:
    """How channels make features: rows (F, N) over `channels`, by FEATURES.

    The strongest contact is whichever of its channels is highest, so its row only marks them.
    """

    channels: tuple[str, ...]
    rows: Floats
    contact_is_known: bool

    @staticmethod
    def of(trust: Mapping[str, float], contact_is_known: bool) -> "Mixture":
        """From how far each channel is trusted, in shares of 1."""
        channels = tuple(trust)
        touching = [c for c in CONTACT if c in trust]
        together = touching + [c for c in CONTACT_MODES if c in trust]
        if not contact_is_known:
            together = touching + [c for c in (GRIPPER,) if c in trust]
        known_, unknown = float(contact_is_known), float(not contact_is_known)
        all_of_them = np.array([trust[c] for c in channels])
        rows = [
            _mean(together, channels),
            known_ * np.isin(channels, touching),
            known_ * all_of_them,
            unknown * all_of_them,
            *(unknown * np.isin(channels, [c]) for c in ALONE.values()),
        ]
        return Mixture(channels, np.stack(rows).astype(float), contact_is_known)

    def features(self, evidence: Mapping[str, Floats]) -> Floats:
        """Features (S, F) of evidence (S,) by channel."""
        stacked = np.stack([evidence[c] for c in self.channels], axis=1)
        found = stacked @ self.rows.T
        found[:, 1] = (stacked * self.rows[1]).max(axis=1)
        return np.asarray(found)

    def shares(self, evidence: Floats, coefficients: Floats) -> Floats:
        """What each channel adds (N,) to the logit, of evidence (N,) and coefficients (F,)."""
        rows = self.rows.copy()
        strongest = np.argmax(evidence * rows[1]) if rows[1].any() else 0
        rows[1] = rows[1] * (np.arange(rows.shape[1]) == strongest)
        return np.asarray(evidence * (coefficients @ rows))


def _mean(names: list[str], channels: tuple[str, ...]) -> Floats:
    return np.isin(channels, names) / max(1, len(names))


def share_of_few(recordings: int, minutes: float) -> float:
    """How far physical change decides: 1 for few or short recordings, towards 0 for many."""
    by_number = 1 / (1 + (recordings / FEW_RECORDINGS) ** 2)
    by_length = 1 / (1 + (minutes / FEW_MINUTES) ** 4)
    return 1 - (1 - by_number) * (1 - by_length)
