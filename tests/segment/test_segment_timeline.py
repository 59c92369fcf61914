import numpy as np
import pytest

from robot_skills.segment import Method, SegmentConfig, segment_in_detail
from robot_skills.segment.timeline import THUMBNAILS, draw_timeline


@pytest.fixture(scope="module")
def cut(kinematic):
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
