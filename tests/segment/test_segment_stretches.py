"""Long recordings are taken in stretches, and what is learned from is bounded."""

import itertools

import numpy as np
import pytest

from robot_skills.segment import stretches
from robot_skills.segment.signals import Signals
from robot_skills.segment.stretches import learned_stretches, stretches_of


def recording(samples):
    """Signals of so many samples, each of which says which one it is."""
    time = np.arange(float(samples))[:, None]
    empty = np.zeros((samples, 0))
    things = np.zeros((samples, 0, 3))
    return Signals(
        "long", samples, 20.0, time, time, empty, empty, empty, things, empty, empty, empty
    )


@pytest.mark.parametrize("samples", [1, 7, 11_999, 12_000, 12_001, 100_003])
@pytest.mark.parametrize("recordings", [1, 3])
def test_stretches_tile_a_recording_and_none_is_too_long(samples, recordings):
    parts = stretches_of(samples, 0, recordings)
    assert parts[0].start == 0 and parts[-1].stop == samples
    assert all(a.stop == b.start for a, b in itertools.pairwise(parts))
    assert all(0 < part.seconds <= stretches.LONGEST_S for part in parts)
    lengths = [part.stop - part.start for part in parts]
    assert max(lengths) - min(lengths) <= 1


def test_a_short_recording_is_one_stretch_and_never_copied():
    one = recording(200)
    (part,) = stretches_of(200, 0, 1)
    assert part.of(one) is one


def test_a_stretch_and_its_margin_are_those_samples():
    one = recording(30_000)
    first, middle, last = stretches_of(30_000, 0, 1)
    assert middle.of(one).path[:, 0].tolist() == list(range(middle.start, middle.stop))
    assert middle.widened(30_000).start == middle.start - 400  # 20 s
    assert first.widened(30_000).start == 0 and last.widened(30_000).stop == 30_000


def test_a_recording_among_others_is_one_place_and_one_alone_has_a_place_for_every_part():
    among = stretches_of(30_000, 2, 5)
    assert {(part.place.number, part.place.count) for part in among} == {(2, 5)}
    alone = stretches_of(30_000, 0, 1)
    assert [(part.place.number, part.place.count) for part in alone] == [(0, 3), (1, 3), (2, 3)]


def test_few_recordings_are_learned_whole():
    parts = learned_stretches([500, 13_000], seed=0)
    assert [(part.recording, part.start, part.stop) for part in parts] == [
        (0, 0, 500),
        (1, 0, 6500),
        (1, 6500, 13_000),
    ]


def test_of_many_hours_a_bounded_sample_is_learned_in_order(monkeypatch):
    monkeypatch.setattr(stretches, "LEARNED_S", 100.0)
    samples = [20 * 30] * 50
    parts = learned_stretches(samples, seed=1)
    assert 100.0 <= sum(part.seconds for part in parts) <= 130.0
    numbers = [part.recording for part in parts]
    assert numbers == sorted(set(numbers))
    assert parts == learned_stretches(samples, seed=1)
    assert parts != learned_stretches(samples, seed=2)
