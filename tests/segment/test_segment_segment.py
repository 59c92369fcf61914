import itertools
from dataclasses import replace

import numpy as np
import pytest

from robot_skills.core.demonstration import Channel, ChannelKind, Demonstration
from robot_skills.core.errors import InputError
from robot_skills.segment import Method, SegmentConfig, segment, segment_in_detail
from robot_skills.segment.metrics.score import score_methods, score_segments, score_with_true_number


@pytest.fixture(scope="module")
def made(kinematic):
    pairs = [kinematic(seed) for seed in range(40)]
    return [d for d, _ in pairs], [[b / d.rate_hz for b in truth] for d, truth in pairs]


@pytest.fixture(scope="module")
def found(made):
    return segment_in_detail(made[0], SegmentConfig(use_objects=False))


def assert_tiles(demonstrations, segments):
    for one in demonstrations:
        mine = [s for s in segments if s.demonstration == one.name]
        assert mine[0].start == 0 and mine[-1].stop == one.steps
        assert all(a.stop == b.start for a, b in itertools.pairwise(mine))
        assert all(s.steps > 0 and 0 <= s.confidence <= 1 for s in mine)


def test_planted_changes_of_behaviour_are_found(made, found):
    score = score_segments(made[0], found.segments, made[1])
    assert score.f1 > 0.75
    assert score.low <= score.f1 <= score.high
    assert score.n == sum(map(len, made[1]))


def test_the_default_beats_every_baseline(made, found):
    baselines = {m.value: SegmentConfig(m) for m in Method if m is not Method.SURPRISE}
    scores = score_methods(*made, baselines)
    assert max(s.f1 for s in scores.values()) < score_segments(made[0], found.segments, made[1]).f1


def test_segments_tile_every_demonstration(made, found):
    assert_tiles(made[0], found.segments)
    assert {s.cause for s in found.segments} <= {"start", "motion", "path", "action", "turn"}


@pytest.mark.parametrize("method", [Method.KERNEL, Method.GRIPPER, Method.EQUAL])
def test_baselines_tile_too(made, method):
    few = made[0][:3]
    assert_tiles(few, segment(few, SegmentConfig(method)))


@pytest.mark.usefixtures("quick_training")
def test_the_same_seed_gives_the_same_segments(made):
    few = made[0][:3]
    assert segment(few, SegmentConfig(seed=3)) == segment(few, SegmentConfig(seed=3))


def test_equal_cuts_lie_where_they_must(made):
    one = made[0][0]
    pieces = segment([one], SegmentConfig(Method.EQUAL, cuts=3))
    starts = [round(one.steps * part / 4) for part in range(4)]
    assert [p.start for p in pieces] == pytest.approx(starts, abs=1)


def test_a_method_told_the_true_number_reports_that_many(made):
    few, truth = made[0][:4], made[1][:4]
    score = score_with_true_number(few, truth, SegmentConfig(Method.EQUAL))
    assert score.precision == pytest.approx(score.recall)


def test_gripper_switches_are_found_where_they_happen():
    width = np.repeat([0.08, 0.02, 0.08], 40)[:, None]
    walk = np.linspace(0, 1, 120)[:, None] * np.ones((1, 6))
    one = Demonstration(
        "hand",
        20.0,
        {
            "q": Channel(walk, "rad", ChannelKind.JOINT_POSITION),
            "width": Channel(width, "m", ChannelKind.GRIPPER),
        },
    )
    pieces = segment([one], SegmentConfig(Method.GRIPPER))
    assert [p.start for p in pieces] == pytest.approx([0, 40, 80], abs=1)
    assert [p.cause for p in pieces] == ["start", "gripper", "gripper"]


@pytest.mark.usefixtures("quick_training")
def test_one_demonstration_alone_is_cut_by_blocks_of_time(made):
    assert_tiles(made[0][2:3], segment(made[0][2:3], SegmentConfig()))


@pytest.mark.usefixtures("quick_training")
def test_demonstrations_of_different_arms_are_cut_together(made):
    walk = np.cumsum(np.random.default_rng(0).normal(size=(200, 7)), axis=0) * 0.01
    other = Demonstration("joints", 50.0, {"q": Channel(walk, "rad", ChannelKind.JOINT_POSITION)})
    both = [made[0][0], made[0][1], other]
    assert_tiles(both, segment(both, SegmentConfig()))


@pytest.mark.usefixtures("quick_training")
def test_a_recording_of_three_frames_is_one_segment_and_told(made):
    short = Demonstration(
        "short",
        20.0,
        {n: replace(c, values=c.values[:3]) for n, c in made[0][0].channels.items()},
    )
    result = segment_in_detail([short, *made[0][:2]], SegmentConfig())
    assert [s.steps for s in result.of("short")] == [3]
    assert "short: only 3 steps: too short to cut" in result.notes


def test_what_cannot_be_cut_is_refused(made):
    still = Demonstration(
        "still", 20.0, {"q": Channel(np.ones((50, 6)), "rad", ChannelKind.JOINT_POSITION)}
    )
    with pytest.raises(InputError, match="nothing moves in still"):
        segment([still], SegmentConfig())
    with pytest.raises(InputError, match="no demonstrations"):
        segment([], SegmentConfig())
    with pytest.raises(InputError, match="different names"):
        segment([made[0][0], made[0][0]], SegmentConfig())
