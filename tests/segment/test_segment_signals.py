import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from robot_skills.core.demonstration import Channel, ChannelKind, Demonstration
from robot_skills.core.errors import InputError
from robot_skills.segment import SegmentConfig
from robot_skills.segment.signals import read_signals


def demonstration(rate_hz=20.0, **channels):
    return Demonstration("one", rate_hz, channels)


def turning_pose(steps, rate_rad_s, rate_hz=20.0):
    half = 0.5 * rate_rad_s * np.arange(steps) / rate_hz
    pose = np.zeros((steps, 7))
    pose[:, 3], pose[:, 6] = np.cos(half), np.sin(half)
    return pose


def test_velocity_and_turning_have_known_values_at_any_rate():
    for rate_hz in (20.0, 100.0):
        steps = int(4 * rate_hz)
        pose = turning_pose(steps, 0.7, rate_hz)
        pose[:, 0] = 0.3 * np.arange(steps) / rate_hz
        signals = read_signals(
            demonstration(rate_hz, ee_pose=Channel(pose, "m", ChannelKind.POSE)), SegmentConfig()
        )
        middle = slice(20, 60)
        assert signals.samples == 80
        np.testing.assert_allclose(signals.velocity[middle, 0], 0.3, atol=1e-6)
        np.testing.assert_allclose(signals.turn[middle, 2], 0.7, atol=1e-3)


@given(st.lists(st.booleans(), min_size=60, max_size=60))
def test_the_sign_of_a_quaternion_means_nothing(flips):
    pose = turning_pose(60, 1.0)
    flipped = pose.copy()
    flipped[np.array(flips), 3:] *= -1
    one, other = (
        read_signals(demonstration(p=Channel(p, "m", ChannelKind.POSE)), SegmentConfig())
        for p in (pose, flipped)
    )
    np.testing.assert_allclose(one.turn, other.turn, atol=1e-9)


def test_gaps_are_interpolated_and_told():
    values = np.linspace(0, 1, 40)[:, None] * np.ones((1, 6))
    broken = values.copy()
    broken[10:13] = np.nan
    signals = read_signals(
        demonstration(q=Channel(broken, "rad", ChannelKind.JOINT_POSITION)), SegmentConfig()
    )
    whole = read_signals(
        demonstration(q=Channel(values, "rad", ChannelKind.JOINT_POSITION)), SegmentConfig()
    )
    np.testing.assert_allclose(signals.path, whole.path, atol=1e-9)
    assert signals.notes == ("q: 3 steps that are not numbers were interpolated",)


def test_a_hopeless_channel_is_left_out_and_told():
    pose = Channel(turning_pose(40, 0.1), "m", ChannelKind.POSE)
    broken = Channel(np.full((40, 1), np.nan), "m", ChannelKind.GRIPPER)
    signals = read_signals(demonstration(ee=pose, hand=broken), SegmentConfig())
    assert signals.gripper.shape == (40, 0)
    assert "hand left out: 40 of 40" in signals.notes[0]


def test_without_objects_neither_objects_nor_fixtures_are_read():
    pose = turning_pose(40, 0.1)
    one = demonstration(
        ee=Channel(pose, "m", ChannelKind.POSE),
        cup=Channel(pose, "m", ChannelKind.OBJECT_POSE),
        drawer=Channel(pose[:, :1], "m", ChannelKind.FIXTURE),
    )
    seen = read_signals(one, SegmentConfig())
    assert seen.objects.shape == (40, 1, 3) and seen.fixtures.shape == (40, 1)
    blind = read_signals(one, SegmentConfig(use_objects=False))
    assert blind.objects.shape == (40, 0, 3) and blind.fixtures.shape == (40, 0)


def test_a_recording_without_anything_that_moves_by_itself_is_refused():
    drawer = Channel(np.zeros((40, 1)), "m", ChannelKind.FIXTURE)
    with pytest.raises(InputError, match=r"no channel to segment by.*found drawer"):
        read_signals(demonstration(drawer=drawer), SegmentConfig())


@pytest.mark.parametrize("bad", [{"finer": 0.0}, {"min_length_s": -1.0}, {"cuts": -1}])
def test_impossible_settings_are_refused(bad):
    with pytest.raises(InputError, match=f"{next(iter(bad))} must be"):
        SegmentConfig(**bad)
