import itertools
from dataclasses import replace

import numpy as np
import pytest

from robot_skills.core.demonstration import Channel, ChannelKind, Demonstration, SegmentRole
from robot_skills.core.errors import InputError
from robot_skills.nets import gaussian_predictor as predictor
from robot_skills.segment import Method, SegmentConfig, segment, segment_in_detail
from robot_skills.segment.metrics.score import score_methods, score_segments, score_with_true_number

GRASPED_M = 0.045  # the stand-in's gripper about an object


@pytest.fixture(scope="module")
def made(kinematic):
    pairs = [kinematic(seed) for seed in range(40)]
    return [d for d, _ in pairs], [[b / d.rate_hz for b in truth] for d, truth in pairs]


@pytest.fixture(scope="module")
def found(made, brief_training):
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


def test_with_many_recordings_the_predictors_decide(found):
    """And say which signal they were least sure of."""
    causes = [s.cause for s in found.segments if s.cause != "start"]
    told = [cause for cause in causes if cause in ("motion", "path", "action", "turn")]
    assert len(told) > 0.9 * len(causes)


def test_with_few_recordings_what_is_taken_and_let_go_decides(made, monkeypatch):
    monkeypatch.setattr(predictor, "TRAINING_STEPS", 20)  # they hardly count here
    few = made[0][:5]
    result = segment_in_detail(few, SegmentConfig())
    for one in few:
        width = one.channels["action/gripper_width"].values[:, 0]
        switched = 1 + np.flatnonzero(np.diff(np.abs(width - GRASPED_M) < 1e-6))
        cuts = [s.start for s in result.of(one.name)][1:]
        assert all(min(abs(cut - step) for cut in cuts) <= 10 for step in switched)  # 0.5 s
    assert "holding" in {s.cause for s in result.segments}


def test_segments_have_skills_and_roles(found):
    skills = [s for s in found.segments if s.role is SegmentRole.SKILL]
    assert len(skills) > len(found.segments) / 2
    names = {s.skill for s in skills}
    assert names == {f"skill_{number}" for number in range(1, len(names) + 1)}
    assert 1 < len(names) < len(skills) / 2  # what recurs has the same name


@pytest.mark.parametrize("method", [Method.KERNEL, Method.GRIPPER, Method.EQUAL])
def test_baselines_tile_too(made, method):
    few = made[0][:3]
    assert_tiles(few, segment(few, SegmentConfig(method)))


@pytest.mark.usefixtures("quick_training")
def test_the_same_seed_gives_the_same_segments(made):
    few = made[0][:3]
    assert segment(few, SegmentConfig(seed=3)) == segment(few, SegmentConfig(seed=3))


@pytest.mark.usefixtures("quick_training")
def test_the_knobs_do_what_they_say(made):
    few = made[0][1:3]
    counts = [len(segment(few, SegmentConfig(finer=finer))) for finer in (0.2, 1.0, 5.0)]
    assert counts == sorted(counts) and counts[0] < counts[-1]
    assert len(segment(few, SegmentConfig(about=4))) / 2 == pytest.approx(4, abs=0.5)
    longer = segment(few, SegmentConfig(finer=5.0, min_length_s=2.0))
    ends = {one.name: one.steps for one in few}
    inner = [s.steps for s in longer if s.start > 0 and s.stop < ends[s.demonstration]]
    assert min(inner) >= 2.0 * 20 - 1 and len(longer) < counts[-1]


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


def only(one, **channels):
    """A demonstration without objects and with other channels beside."""
    kept = {n: c for n, c in one.channels.items() if c.kind is not ChannelKind.ACTION}
    return replace(one, channels=kept | channels)


@pytest.mark.usefixtures("quick_training")
@pytest.mark.parametrize(
    ("kind", "widths"), [(ChannelKind.ACTION, (5, 8)), (ChannelKind.WRENCH, (6, 12))]
)
def test_channels_of_unequal_width_are_left_out_of_what_is_learned(made, kind, widths):
    rng = np.random.default_rng(0)
    few = [
        only(one, other=Channel(rng.normal(size=(one.steps, width)).cumsum(axis=0), "1", kind))
        for one, width in zip(made[0], widths, strict=False)
    ]
    assert_tiles(few, segment(few, SegmentConfig()))


@pytest.mark.usefixtures("quick_training")
def test_gaps_and_constant_channels_are_mended_or_told(made):
    one = made[0][0]
    pose = one.channels["ee_pose"]
    gappy = pose.values.copy()
    gappy[30:36] = np.nan
    still = Channel(np.full((one.steps, 1), 0.3), "m", ChannelKind.FIXTURE)
    lost = Channel(np.full((one.steps, 6), np.nan), "N", ChannelKind.WRENCH)
    few = [
        replace(
            one,
            channels=one.channels
            | {"ee_pose": replace(pose, values=gappy), "fixture/drawer": still, "wrench": lost},
        ),
        made[0][1],
    ]
    result = segment_in_detail(few, SegmentConfig())
    assert_tiles(few, result.segments)
    assert f"{one.name}: ee_pose: 6 steps that are not numbers were interpolated" in result.notes
    assert f"{one.name}: wrench left out: {one.steps} of {one.steps} steps" in str(result.notes)
    assert not any(s.cause == "touch" for s in result.segments)


@pytest.mark.usefixtures("quick_training")
@pytest.mark.parametrize("steps", [8, 30])
def test_too_short_to_have_any_crest_is_one_segment(made, steps):
    short = replace(
        made[0][0],
        channels={n: replace(c, values=c.values[:steps]) for n, c in made[0][0].channels.items()},
    )
    assert [s.steps for s in segment([short], SegmentConfig())] == [steps]


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
