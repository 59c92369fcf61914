"""From weighed moments to boundaries."""

import itertools
from dataclasses import replace

import numpy as np
import pytest

from robot_skills.segment import SegmentConfig
from robot_skills.segment.deciding import candidates_of, find_boundaries
from robot_skills.segment.evidence.fusion import FEATURES, Mixture
from robot_skills.segment.evidence.weights import Weights
from robot_skills.segment.predict.surprise import Surprise
from robot_skills.segment.signals import Signals, derivative
from robot_skills.segment.weighing import Weighed, Weigher

SAMPLES = 600
CHANNELS = ("turning back", "pause", "surprise")


def weights(**changed):
    """Weights by which turning back counts 8, pauses 4, and a rise of e twice itself."""
    by_name = {"turning back": 8.0, "pause": 4.0, "agreement": 1.0}
    known = {"bias": -4.0, "surprise": 2.0, "threshold": 0.0, "slope": 1.0, "offset": 0.0}
    coefficients = tuple(by_name.get(name, 0.0) for name in FEATURES)
    return Weights(coefficients, **(known | changed))


def weigher(few=1.0):
    trust = dict.fromkeys(CHANNELS, 1 / 3)
    return Weigher({}, Mixture.of(trust, contact_is_known=False), 1.0, few)


def weighed(turning, rises=None):
    """Candidates every 30 samples, with so much evidence of turning back, and log rises."""
    turning = np.asarray(turning, dtype=float)
    evidence = np.stack([turning, np.zeros(len(turning)), np.zeros(len(turning))], axis=1)
    mixture = weigher().mixture
    features = mixture.features(dict(zip(CHANNELS, evidence.T, strict=True)))
    samples = 30 * np.arange(1, len(turning) + 1)
    rises = np.full(len(turning), -3.0) if rises is None else np.asarray(rises, dtype=float)
    total = np.zeros(SAMPLES)
    return Weighed(
        samples, features, rises, evidence, Surprise(total, {"path": total, "motion": total})
    )


def recording(name, seed=0):
    path = np.random.default_rng(seed).normal(0, 0.01, (SAMPLES, 3)).cumsum(axis=0)
    empty = np.zeros((SAMPLES, 0))
    return Signals(
        name,
        SAMPLES,
        20.0,
        path,
        derivative(path),
        empty,
        empty,
        empty,
        np.zeros((SAMPLES, 0, 3)),
        empty,
        empty,
        empty,
    )


def found_in(evidence, config=SegmentConfig(), made=None, few=1.0):  # noqa: B008 - frozen
    """Boundaries of one recording for each row of evidence of turning back."""
    signals = [recording(f"one_{number}", number) for number in range(len(evidence))]
    pairs = [(weighed(row), weigher(few)) for row in evidence]
    return find_boundaries(signals, pairs, made or weights(), config)


CLEAR = [0.95 if number % 4 == 1 else 0.1 for number in range(18)]
GRADED = np.linspace(0.05, 0.95, 18)[np.random.default_rng(0).permutation(18)]


def test_clear_evidence_is_cut_and_names_its_channel():
    (found,) = found_in([CLEAR])
    assert [b.sample for b in found] == [60, 180, 300, 420, 540]
    assert {b.cause for b in found} == {"turning back"}
    assert all(0.5 < b.confidence <= 1 for b in found)


def test_a_candidate_at_the_threshold_has_probability_one_half():
    at = weights(threshold=1.5)
    turning = (1.5 + 4.0) / (8.0 + 1 / 3)  # the agreement holds a third of it too
    (candidate,) = candidates_of(weighed([turning]), weigher(), at)
    assert candidate.probability == pytest.approx(0.5)


def test_nothing_likely_is_no_boundary_and_no_candidate_either():
    assert found_in([[0.05] * 18]) == [[]]
    assert candidates_of(weighed([0.0]), weigher(), weights(bias=-9.0)) == []


def test_finer_cuts_are_more_and_hold_the_coarser():
    settings = [SegmentConfig(finer=finer) for finer in (0.1, 0.5, 1.0, 2.0, 10.0)]
    each = [{b.sample for b in found_in([GRADED], config)[0]} for config in settings]
    counts = [len(found) for found in each]
    assert counts == sorted(counts) and counts[0] < counts[-1]
    assert all(a <= b for a, b in itertools.pairwise(each))


@pytest.mark.parametrize("about", [1, 2, 4, 7])
def test_about_so_many_segments_come_out_on_average(about):
    rng = np.random.default_rng(about)
    rows = [rng.permutation(GRADED) * rng.uniform(0.7, 1.0) for _ in range(4)]
    found = found_in(rows, SegmentConfig(about=about))
    assert sum(len(own) + 1 for own in found) / 4 == pytest.approx(about, abs=0.3)


def test_more_segments_than_there_are_candidates_takes_them_all():
    (found,) = found_in([GRADED], SegmentConfig(about=100))
    assert 10 < len(found) <= 18


@pytest.mark.parametrize("min_length_s", [0.5, 3.0, 8.0])
def test_no_segment_between_boundaries_is_shorter_than_asked(min_length_s):
    config = SegmentConfig(min_length_s=min_length_s, finer=20.0)
    (found,) = found_in([GRADED], config)
    assert np.diff([b.sample for b in found]).min() >= min_length_s * 20


def test_confidence_is_calibrated_by_slope_and_offset():
    doubtful, sure = found_in([CLEAR], made=weights(offset=-2.0)), found_in([CLEAR])
    for a, b in zip(doubtful[0], sure[0], strict=True):
        odds = [np.log(one.confidence / (1 - one.confidence)) for one in (a, b)]
        assert odds[0] == pytest.approx(odds[1] - 2.0)
    for config in (SegmentConfig(finer=50.0), SegmentConfig(about=9)):
        assert all(0 <= b.confidence <= 1 for b in found_in([GRADED], config)[0])


def test_with_many_recordings_the_rise_of_surprise_decides():
    rises = [1.5 if number % 6 == 2 else -3.0 for number in range(18)]
    pair = (weighed(CLEAR, rises), weigher(few=0.0))
    (found,) = find_boundaries([recording("many")], [pair], weights(), SegmentConfig())
    assert [b.sample for b in found] == [90, 270, 450]
    assert {b.cause for b in found} <= {"path", "motion"}


def test_both_ends_of_a_long_rest_are_boundaries():
    path = np.random.default_rng(3).normal(0, 0.01, (SAMPLES, 3)).cumsum(axis=0)
    path[200:320] = path[200]
    one = replace(recording("rests"), path=path, velocity=derivative(path))
    pair = (weighed([0.0] * 18), weigher())
    (found,) = find_boundaries([one], [pair], weights(bias=-9.0), SegmentConfig())
    assert [b.sample for b in found] == pytest.approx([200, 320], abs=2)
    assert {b.cause for b in found} == {"rest"}
