"""Stretches of recordings: so long that one fits in memory, so many that learning is bounded."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from robot_skills.segment.predict.surprise import Place
from robot_skills.segment.signals import SIGNAL_RATE_HZ, Signals

LONGEST_S = 600.0
LEARNED_S = 3600.0  # of all recordings; more teaches little and costs memory
MARGIN_S = 20.0  # read beside a stretch, so that its ends are like its middle


@dataclass(frozen=True)
class Stretch:
    """Samples [start, stop) of one recording of a group, and its place among what is learned."""

    recording: int
    start: int
    stop: int
    place: Place

    @property
    def seconds(self) -> float:
        """Length in s."""
        return (self.stop - self.start) / SIGNAL_RATE_HZ

    def of(self, signals: Signals) -> Signals:
        """That part of the recording."""
        whole = self.start == 0 and self.stop == signals.samples
        return signals if whole else signals.window(self.start, self.stop)

    def widened(self, samples: int) -> "Stretch":
        """With a margin on both sides, within a recording of so many samples."""
        margin = round(MARGIN_S * SIGNAL_RATE_HZ)
        start, stop = max(0, self.start - margin), min(samples, self.stop + margin)
        return Stretch(self.recording, start, stop, self.place)


def stretches_of(samples: int, recording: int, recordings: int) -> list[Stretch]:
    """Equal parts of one recording, none longer than LONGEST_S.

    A recording among others is one place; one that stands alone has a place for every part.
    """
    parts = max(1, -(-samples // round(LONGEST_S * SIGNAL_RATE_HZ)))
    ends = np.linspace(0, samples, parts + 1).astype(int)
    return [
        Stretch(
            recording,
            int(ends[part]),
            int(ends[part + 1]),
            Place(recording, recordings) if recordings > 1 else Place(part, parts),
        )
        for part in range(parts)
    ]


def learned_stretches(samples: Sequence[int], seed: int) -> list[Stretch]:
    """Stretches to learn from, of recordings so many samples long, in order.

    All of them, or some drawn evenly up to LEARNED_S.
    """
    every = [
        part
        for number, long in enumerate(samples)
        for part in stretches_of(long, number, len(samples))
    ]
    if sum(part.seconds for part in every) <= LEARNED_S:
        return every
    drawn, total = [], 0.0
    for index in np.random.default_rng(seed).permutation(len(every)):
        if total < LEARNED_S:
            drawn.append(int(index))
            total += every[index].seconds
    return [every[index] for index in sorted(drawn)]
