import make_segmentation_figure
import numpy as np
import pytest
import segmentation_cells
from results import Figure
from segmentation_cells import Cell, cut_or_read
from segmentation_figures import (
    TARGET_SETS,
    boundary_figures,
    confidence_figures,
    label_figures,
    mean_figures,
)
from segmentation_sets import Group
from segmentation_ways import DEFAULT, all_ways
from synthetic_recordings import JOBS, RATE_HZ, synthetic_demonstration, write_recordings

from robot_skills.core.demonstration import Channel, ChannelKind, Demonstration, Segment
from robot_skills.storage.episodes import load_demonstrations
from robot_skills.storage.labelled_set import LabelledSet
from robot_skills.storage.truth import load_truth

TRUTH_S = [3.0, 7.0]
CHEAP = ("pelt", "equal_true_number", "kernel_true_number", "pelt_true_number")


def planted(name="made"):
    """One demonstration of 10 s that rests at three places, and where it goes from one on."""
    at = np.arange(200) / 20.0
    position = np.select([at < 3, at < 7], [0.0, 1.0], 3.0)[:, None] * [1.0, 2.0, -1.0]
    noise = np.random.default_rng(0).normal(0, 0.01, position.shape)
    channel = Channel(position + noise, "m", ChannelKind.POSE, "world")
    one = Demonstration(f"{name}/0", 20.0, {"ee_pose": channel})
    return LabelledSet(name, [one], [TRUTH_S], 0.5, [["a", "b", "a"]], "planted")


def cell(name, at_s, skills=("x", "y", "x", "x"), confidence=0.9):
    steps = [0, *[round(20 * s) for s in at_s], 200]
    return Cell(
        [
            Segment(f"{name}/0", a, b, skill, confidence)
            for a, b, skill in zip(steps, steps[1:], skills, strict=False)
        ],
        1.0,
    )


def figures_of(found):
    """Groups and cells of the sets in the mean; `found` gives a way's boundaries in s."""
    groups = [Group(name, [planted(name)]) for name in TARGET_SETS]
    return groups, {
        group.name: {way: cell(group.name, at_s) for way, at_s in found.items()} for group in groups
    }


@pytest.mark.parametrize("name", CHEAP)
def test_ways_tile_the_demonstration_and_find_planted_changes(name):
    pieces = all_ways()[name](planted())
    assert [p.start for p in pieces] == [0, *[p.stop for p in pieces[:-1]]]
    assert pieces[-1].stop == 200
    if name.endswith("_true_number"):
        assert len(pieces) == 3
    if name in ("pelt", "kernel_true_number"):
        starts_s = np.array([p.start / 20 for p in pieces[1:]])
        assert all(np.abs(starts_s - true).min() < 0.3 for true in TRUTH_S)


def test_cuts_are_kept_and_read_again(tmp_path, monkeypatch):
    calls = []

    def way(known):
        calls.append(known.name)
        return cell(known.name, TRUTH_S).segments

    group = Group("made", [planted()])
    first = cut_or_read(tmp_path, group, "ablation/none", way)
    assert cut_or_read(tmp_path, group, "ablation/none", way).segments == first.segments
    assert calls == ["made"]
    monkeypatch.setattr(segmentation_cells, "code_key", lambda: "changed")
    cut_or_read(tmp_path, group, "ablation/none", way)
    assert calls == ["made", "made"]


def test_every_way_has_its_f1_and_the_default_more():
    groups, cells = figures_of({DEFAULT: TRUTH_S, "equal": [3.8, 7.4]})
    figures = boundary_figures(groups, cells)
    assert figures["f1/rim/equal"].value == pytest.approx(0.5)
    assert figures["f1/rim/equal"].unit == "F1@0.5 s" and figures["f1/rim/equal"].n == 2
    assert figures[f"f1/rim/{DEFAULT}"] == Figure(1.0, "F1@0.5 s", 1.0, 1.0, 2)
    assert figures["f1_at_0.25/rim"].value == figures["over_segmentation/rim"].value == 1.0


def test_the_default_is_compared_with_the_best_baseline_that_was_told_the_number():
    ways = {
        DEFAULT: TRUTH_S,
        "kernel_true_number": [3.0, 9.0],
        "equal_true_number": [5.0, 9.0],
        "pelt": TRUTH_S,
        "ablation/none": [3.0],
    }
    figures = mean_figures(*figures_of(ways))
    assert figures["mean_f1"].value == 1.0
    assert figures["best_baseline_mean_f1"].value == pytest.approx(0.5)
    assert figures["best_baseline_mean_f1"].note == "kernel_true_number"
    assert figures["ratio_to_best_baseline"].value == pytest.approx(2.0)
    assert figures["best_untold_baseline_mean_f1"].note == "pelt"
    assert figures["ablation/none"].value == pytest.approx(2 / 3)


def test_there_is_no_mean_without_all_its_sets():
    groups, cells = figures_of({DEFAULT: TRUTH_S})
    assert mean_figures(groups[:3], cells) == {}


def test_confidence_is_judged_over_all_sets_of_the_mean():
    groups, cells = figures_of({DEFAULT: [3.0, 9.0]})
    figures = confidence_figures(groups, cells)
    assert figures["precision_at_confidence_0.8"].value == pytest.approx(0.5)
    assert figures["recall_at_confidence_0.8"].value == pytest.approx(0.5)
    assert figures["calibration_error"].value == pytest.approx(0.4)
    assert figures["calibration_error"].n == 8
    unsure = {name: {DEFAULT: cell(name, [3.0], confidence=0.5)} for name in cells}
    figure = confidence_figures(groups, unsure)["precision_at_confidence_0.8"]
    assert figure.value is None and "no boundary" in figure.note


def test_labels_are_scored_where_a_way_names_skills():
    group = Group("made", [planted()])
    cells = {"made": {DEFAULT: cell("made", TRUTH_S), "pelt": cell("made", TRUTH_S, [""] * 3)}}
    figures = label_figures([group], cells)
    assert figures["nmi/made"].value == pytest.approx(1.0)
    assert figures["edit/made"] == figures[f"edit/made/{DEFAULT}"]
    assert not any(name.endswith("/pelt") for name in figures)


def test_synthetic_recordings_have_their_length_and_planted_skills():
    one, truth = synthetic_demonstration("one", minutes=0.5, seed=3)
    again, _ = synthetic_demonstration("one", minutes=0.5, seed=3)
    assert one.steps == 30 * RATE_HZ and one.rate_hz == RATE_HZ
    assert all(np.array_equal(one.values(k), again.values(k)) for k in one.channels)
    assert list(truth.boundaries) == [b.start for b in truth.behaviours[1:]]
    assert truth.behaviours[-1].stop == one.steps
    assert {b.name for b in truth.behaviours} <= {skill for job in JOBS.values() for skill in job}
    assert np.abs(np.diff(one.values("ee_pose")[:, :3], axis=0)).max() < 0.05
    assert np.allclose(np.linalg.norm(one.values("ee_pose")[:, 3:], axis=1), 1.0)


def test_synthetic_recordings_are_written_once(tmp_path):
    write_recordings(tmp_path, hours=0.02, minutes=0.6)
    names = [one.name for one in load_demonstrations(tmp_path)]
    assert names == ["episode_000000", "episode_000001"]
    written = [load_truth(tmp_path, name) for name in names]
    write_recordings(tmp_path, hours=0.02, minutes=0.6)
    assert [load_truth(tmp_path, name) for name in names] == written


def test_the_picture_has_a_panel_a_set_and_the_default_on_top():
    groups, cells = figures_of({DEFAULT: [5.0], "pelt": TRUTH_S, "pelt_true_number": TRUTH_S})
    figures = boundary_figures(groups, cells) | mean_figures(groups, cells)
    table = {
        name: {"value": f.value, "low": f.low, "high": f.high, "n": f.n, "unit": f.unit}
        for name, f in figures.items()
    }
    panels = make_segmentation_figure.read_panels(table)
    assert list(panels) == ["mean", *TARGET_SETS]
    assert make_segmentation_figure.order(panels) == ["pelt", DEFAULT]
    picture = make_segmentation_figure.draw(panels)
    titles = [axes.get_title() for axes in picture.axes]
    assert titles[2] == "peeling, two arms\n2 boundaries, within 0.5 s"
    with pytest.raises(ValueError, match="no figures named f1"):
        make_segmentation_figure.draw({})
