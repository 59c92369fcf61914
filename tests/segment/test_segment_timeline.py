from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from matplotlib.colors import to_hex

from robot_skills.core.demonstration import Segment, SegmentRole
from robot_skills.core.palette import EXTRANEOUS, IDLE, skill_colours
from robot_skills.segment import Method, SegmentConfig, segment_in_detail
from robot_skills.segment.show.timeline import THUMBNAILS, draw_timeline


@pytest.fixture(scope="module")
def cut(kinematic, brief_training):
    one, truth = kinematic(2)
    return segment_in_detail([one], SegmentConfig(use_objects=False)), one, truth


def labels(figure):
    return {axes.get_ylabel() for axes in figure.axes}


def test_the_timeline_shows_hand_gripper_surprise_and_every_segment(cut):
    found, one, truth = cut
    figure = draw_timeline(found, one.name, truth_s=[b / one.rate_hz for b in truth])
    assert {"segments", "hand\nm/s", "gripper", "surprise"} <= labels(figure)
    segments = next(a for a in figure.axes if a.get_ylabel() == "segments")
    assert len(segments.patches) == len(found.of(one.name))
    assert one.name in figure.get_suptitle()
    figure.canvas.draw()


def test_thumbnails_are_asked_for_in_order_and_within_the_recording(cut):
    found, one, _ = cut
    asked = []

    def read_frames(steps):
        asked.extend(steps)
        return np.zeros((len(steps), 12, 16, 3), dtype=np.uint8)

    draw_timeline(found, one.name, read_frames)
    assert len(asked) == THUMBNAILS
    assert asked == sorted(asked) and asked[0] >= 0 and asked[-1] < one.steps


def test_methods_without_surprise_have_no_such_panel(kinematic):
    one, _ = kinematic(2)
    found = segment_in_detail([one], SegmentConfig(Method.GRIPPER))
    assert "surprise" not in labels(draw_timeline(found, one.name))


def test_roles_and_skills_have_their_colours_and_surer_cuts_are_darker(cut):
    found, one, _ = cut
    roles = [SegmentRole.SKILL, SegmentRole.IDLE, SegmentRole.EXTRANEOUS, SegmentRole.REPETITION]
    pieces = [
        Segment(one.name, 10 * k, 10 * k + 10, "" if 0 < k < 3 else "grasp", 1.0 - 0.25 * k, "x", r)
        for k, r in enumerate(roles)
    ]
    figure = draw_timeline(replace(found, segments=pieces), one.name)
    segments = next(a for a in figure.axes if a.get_ylabel() == "segments")
    own = skill_colours(pieces)["grasp"]
    assert [to_hex(p.get_facecolor()) for p in segments.patches] == [own, IDLE, EXTRANEOUS, own]
    assert [bool(p.get_hatch()) for p in segments.patches] == [False, True, False, True]
    gripper = next(a for a in figure.axes if a.get_ylabel() == "gripper")
    shades = [line.get_alpha() for line in gripper.lines if line.get_alpha()]
    assert shades == sorted(shades, reverse=True) and len(shades) == 3
    figure.canvas.draw()


def test_causes_of_crowded_cuts_do_not_run_into_each_other(cut):
    found, one, _ = cut
    edges = np.linspace(0, one.steps, 60).astype(int)
    pieces = [
        Segment(one.name, int(a), int(b), "", 0.9 if k == 30 else 0.4, "action")
        for k, (a, b) in enumerate(pairwise(edges))
    ]
    figure = draw_timeline(replace(found, segments=pieces), one.name)
    segments = next(a for a in figure.axes if a.get_ylabel() == "segments")
    labels = sorted(t.get_position()[0] for t in segments.texts if "%" in t.get_text())
    assert 3 <= len(labels) <= 10
    assert np.diff(labels).min() >= 0.1 * one.steps / one.rate_hz - 1e-9
    assert any("90 %" in t.get_text() for t in segments.texts)
