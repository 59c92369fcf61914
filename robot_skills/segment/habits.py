"""What is learned from recordings of one layout, and the evidence it gives of each of them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from robot_skills.core.progress import Track, quiet
from robot_skills.segment.evidence.channels import Channels, Evidence
from robot_skills.segment.evidence.fusion import share_of_few
from robot_skills.segment.predict.surprise import Surprise
from robot_skills.segment.signals import SIGNAL_RATE_HZ, Signals
from robot_skills.segment.stretches import Stretch, learned_stretches, stretches_of
from robot_skills.segment.weighing import Weigher


@dataclass(frozen=True)
class Habits:
    """Channels of evidence, how it is weighed, and how many recordings there are."""

    channels: Channels
    weigher: Weigher
    recordings: int

    def read(self, signals: Signals, number: int) -> Evidence:
        """Evidence of the whole recording `number`, seen in learning or not."""
        parts = stretches_of(signals.samples, number, self.recordings)
        return _joined([self._read(signals, part) for part in parts])

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


def learn_habits(
    group: Sequence[Signals], seed: int, track: Track = quiet
) -> tuple[Habits, dict[int, Evidence]]:
    """Habits of recordings of one layout, and the evidence of those that were read whole.

    Recordings are taken from `group` one at a time; InputError when nothing moves in any of them.
    """
    samples = [one.samples for one in group]
    parts = learned_stretches(samples, seed)
    some = [part.of(group[part.recording]) for part in parts]
    channels = Channels.fit(some, [part.place for part in parts], seed, track)
    read = [
        channels.read(one, part.place)
        for one, part in track(list(zip(some, parts, strict=True)), "weighing")
    ]
    minutes = sum(samples) / SIGNAL_RATE_HZ / 60
    weigher = Weigher.fit(read, share_of_few(len(group), minutes))
    whole = {
        part.recording: one
        for one, part in zip(read, parts, strict=True)
        if part.start == 0 and part.stop == samples[part.recording]
    }
    return Habits(channels, weigher, len(group)), whole


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
