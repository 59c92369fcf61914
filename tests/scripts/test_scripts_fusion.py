from itertools import pairwise

import numpy as np
import pytest
import segmentation_evidence
from results import Figure
from segmentation_ablations import ABLATIONS, as_sure_as_fitted, fixed_threshold
from segmentation_cells import Cell
from segmentation_cuts import channels_of, cut_by_channel, cut_read
from segmentation_evidence import AS_SHIPPED, CONFIG, Recipe, consensus, read_now, read_sets
from segmentation_lessons import Lesson, family_of, marked_sets, weights_without
from segmentation_sets import Group, without
from segmentation_side_figures import channel_figures, video_figures
from segmentation_targets import target_figures
from segmentation_video import FILMED_ARM, G1_VIDEO, SCRIPTED_VIDEO
from segmentation_ways import DEFAULT

from robot_skills.core.demonstration import Channel, ChannelKind, Demonstration, Segment
from robot_skills.segment.evidence.channels import HINDSIGHT, SURPRISE
from robot_skills.segment.evidence.weights import Weights, shipped_weights
from robot_skills.segment.segmenter import segment
from robot_skills.segment.signals import read_signals
from robot_skills.storage.labelled_set import LabelledSet

TRUTH_S = [3.0, 7.0]


def planted(name="made", count=2):
    """Demonstrations of 10 s that rest at three places and are pressed where they rest."""
    at = np.arange(200) / 20.0
    found = []
    for number in range(count):
        rng = np.random.default_rng(number)
        place = np.select([at < 3, at < 7], [0.0, 1.0], 3.0)[:, None]
        path = place * [1.0, 2.0, -1.0] + rng.normal(0, 0.01, (200, 3))
        force = 20.0 * (place == 1.0) + rng.normal(0, 0.5, (200, 1))
        channels = {
            "pose": Channel(path, "m", ChannelKind.POSE, "world"),
            "wrench": Channel(np.repeat(force, 3, axis=1), "N", ChannelKind.WRENCH),
        }
        found.append(Demonstration(f"{name}/{number}", 20.0, channels))
    return LabelledSet(name, found, [TRUTH_S] * count, 0.5, None, "planted")


@pytest.fixture(scope="module")
def read():
    return read_now([read_signals(one, CONFIG) for one in planted().demonstrations])


def cell(name, at_s):
    steps = [0, *[round(20 * s) for s in at_s], 200]
    return Cell([Segment(f"{name}/0", a, b, "", 0.9) for a, b in pairwise(steps)], 1.0)


def test_kept_evidence_and_shipped_weights_cut_as_segment_does(read):
    assert cut_read(read, shipped_weights()) == segment(planted().demonstrations)


def test_evidence_is_kept_and_read_again(tmp_path, read, monkeypatch):
    calls = []
    monkeypatch.setattr(segmentation_evidence, "read_now", lambda s: calls.append(len(s)) or read)
    for _ in range(2):
        kept = read_sets(tmp_path, {"made": planted()})["made"]
    assert calls == [2]
    for one, other in zip(kept.evidence, read.evidence, strict=True):
        assert one.curves.keys() == other.curves.keys()
        assert all(np.array_equal(one.curves[k], other.curves[k]) for k in one.curves)
        assert np.array_equal(one.surprise.total, other.surprise.total)
        assert one.surprise.by_cause.keys() == other.surprise.by_cause.keys()
    read_sets(tmp_path, {"other": planted("other")})
    assert calls == [2, 2]


def test_a_recipe_leaves_channels_out_or_takes_their_variants(read):
    evidence, variants = read.evidence[0], read.variants[0]
    kept = Recipe(without=frozenset({HINDSIGHT})).of(evidence, variants)
    assert evidence.curves.keys() - kept.curves.keys() == {HINDSIGHT}
    squared = ABLATIONS["constant_spread"].recipe.of(evidence, variants)
    assert np.array_equal(squared.surprise.total, squared.curves[SURPRISE])
    assert not np.array_equal(squared.surprise.total, evidence.surprise.total)
    assert (squared.surprise.total >= 0).all()


def test_channels_are_trusted_alike_unless_a_recipe_says_otherwise(read):
    trust = {}
    for by_consensus in (False, True):
        ((_, weigher), _) = read.weigh(Recipe(by_consensus=by_consensus))
        trust[by_consensus] = weigher.mixture.rows[2] + weigher.mixture.rows[3]
    assert np.allclose(trust[False], 1 / len(trust[False]))
    assert np.ptp(trust[True]) > 0.01 and trust[True].sum() == pytest.approx(1.0)


def test_a_channel_alone_cuts_where_it_changes(read):
    assert "touch" in channels_of(read)
    pieces = cut_by_channel(read, "touch")
    at_s = [p.start / 20 for p in pieces if p.demonstration == "made/0" and p.start]
    assert at_s == pytest.approx(TRUTH_S, abs=0.3)
    assert all(p.cause == "touch" for p in pieces if p.start)


def test_weights_of_a_family_are_fitted_without_it(read):
    known, reads = planted(), {"one": read, "two": read, "three": read}
    taught = {"one": Lesson(known, "a"), "two": Lesson(known, "b"), "three": Lesson(known, "b")}
    marked = marked_sets(taught, reads, AS_SHIPPED)
    fitted = weights_without(marked, ["a", "b"])
    only_a = weights_without([one for one in marked if one.family == "a"], ["b"])
    assert fitted["b"] == only_a["b"] and fitted["a"] != fitted["b"]


def test_sets_without_a_sensor_and_videos_belong_to_their_family():
    assert family_of("rim_no_wrench") == "rim" and family_of("fender") == "fender"
    assert {family_of(n) for n in ("scripted_no_objects", SCRIPTED_VIDEO)} == {"scripted"}
    assert family_of(G1_VIDEO) == G1_VIDEO


def test_a_sensor_is_taken_away():
    spoilt = without(planted(), (ChannelKind.WRENCH,), "made_no_wrench")
    assert [*spoilt.demonstrations[0].channels] == ["pose"]
    assert spoilt.boundaries_s == planted().boundaries_s


def test_ablations_of_the_weights_change_nothing_else():
    fitted = Weights((1.0,) * 8, -1.0, 2.0, -0.5, 1.6, 0.4)
    assert fixed_threshold(fitted) == Weights((1.0,) * 8, -1.0, 2.0, 0.0, 1.6, 0.4)
    assert as_sure_as_fitted(fitted) == Weights((1.0,) * 8, -1.0, 2.0, -0.5, 1.0, 0.0)


def test_the_default_is_compared_with_the_best_single_channel():
    group = Group("made", [planted(count=1)])
    channels = {"made": {"touch": cell("made", TRUTH_S), "pause": cell("made", [5.0])}}
    figures = channel_figures([group], {"made": {DEFAULT: cell("made", [3.0])}}, channels)
    assert figures["best_channel_f1/made"].note == "touch"
    assert figures["channel_f1/made/pause"].value == 0.0
    over = figures["over_best_channel/made"]
    assert over.value == pytest.approx(2 / 3 - 1) and "below" in over.note


def test_videos_are_compared_with_the_arm_and_with_the_best_baseline():
    groups = [Group(n, [planted(n, 1)]) for n in (SCRIPTED_VIDEO, FILMED_ARM, G1_VIDEO)]
    cells = {
        SCRIPTED_VIDEO: {DEFAULT: cell(SCRIPTED_VIDEO, [3.0])},
        FILMED_ARM: {DEFAULT: cell(FILMED_ARM, TRUTH_S)},
        G1_VIDEO: {
            DEFAULT: cell(G1_VIDEO, TRUTH_S),
            "equal_true_number": cell(G1_VIDEO, [3.0, 9.0]),
            "kernel": cell(G1_VIDEO, TRUTH_S),
        },
    }
    figures = video_figures(groups, cells)
    assert isinstance(figures["video_f1_g1"], Figure)
    assert figures["video_to_arm_ratio_scripted"].value == pytest.approx(2 / 3)
    assert figures["video_best_baseline_f1_g1"].note == "equal_true_number"
    assert figures["video_ratio_to_best_baseline_g1"].value == pytest.approx(2.0)


def test_targets_say_whether_they_were_reached():
    measured = {"mean_f1": 0.7, "calibration_error": 0.2, "over_best_channel/rim": -0.1}
    figures = target_figures({name: Figure(value, "") for name, value in measured.items()})
    reached = {name: figure.value for name, figure in figures.items()}
    names = ("mean_f1", "calibration_error", "over_best_channel")
    assert reached == dict(zip([f"target/{n}" for n in names], (1.0, 0.0, 0.0), strict=True))
    assert "rim by 0.100" in figures["target/over_best_channel"].note


def test_consensus_trusts_channels_that_agree_and_not_the_odd_one_out():
    rng = np.random.default_rng(1)
    common = rng.random(2000)
    evidence = {name: [common + rng.normal(0, 0.3, 2000)] for name in "abc"}
    evidence["odd"] = [rng.random(2000)]
    evidence["still"] = [np.zeros(2000)]
    trust = consensus(evidence)
    assert sum(trust.values()) == pytest.approx(1.0)
    assert trust["odd"] < 0.1 and trust["still"] == 0.0
    assert min(trust[name] for name in "abc") > 0.25


def test_channels_that_agree_with_nobody_are_trusted_alike():
    still = [np.zeros(50)]
    assert consensus({"a": still, "b": still}) == {"a": 0.5, "b": 0.5}
