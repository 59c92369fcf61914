"""Whatever is recorded and by whatever method: the segments tile each demonstration."""

import itertools

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from robot_skills.core.demonstration import Channel, ChannelKind, Demonstration
from robot_skills.core.errors import InputError
from robot_skills.nets import gaussian_predictor as predictor
from robot_skills.segment import Method, SegmentConfig, segment

WIDTHS = {
    ChannelKind.JOINT_POSITION: 6,
    ChannelKind.JOINT_VELOCITY: 6,
    ChannelKind.POSE: 7,
    ChannelKind.VELOCITY: 6,
    ChannelKind.WRENCH: 6,
    ChannelKind.GRIPPER: 1,
    ChannelKind.ACTION: 7,
    ChannelKind.OBJECT_POSE: 7,
    ChannelKind.FIXTURE: 1,
}
FILLINGS = ("walk", "steps", "still", "gaps", "unknown", "huge", "tiny")


def filled(filling, steps, width, rng):
    """Values (steps, width) as sensors give them, on good days and on bad ones."""
    values = rng.normal(size=(steps, width)).cumsum(axis=0) * 0.05
    if filling == "steps":
        return np.round(values * 4)
    if filling in ("gaps", "unknown"):
        values[rng.random(steps) < (0.2 if filling == "gaps" else 0.9)] = np.nan
    if filling == "huge":
        values[rng.integers(steps)] = 1e300 if rng.random() < 0.5 else -np.inf
    return values * {"still": 0.0, "tiny": 1e-12}.get(filling, 1.0)


@st.composite
def demonstrations(draw):
    rng = np.random.default_rng(draw(st.integers(0, 2**16)))
    kinds = draw(st.sets(st.sampled_from(sorted(WIDTHS)), min_size=1, max_size=4))
    found = []
    for number in range(draw(st.integers(1, 3))):
        steps = draw(st.sampled_from((1, 2, 3, 8, 9, 40, 150)))
        channels = {
            kind.value: Channel(
                filled(draw(st.sampled_from(FILLINGS)), steps, WIDTHS[kind], rng), "1", kind
            )
            for kind in sorted(kinds)
        }
        rate_hz = draw(st.sampled_from((3.0, 20.0, 30.0, 100.0)))
        found.append(Demonstration(f"demo_{number}", rate_hz, channels))
    return found


@pytest.mark.parametrize("method", Method)
def test_segments_tile_every_demonstration(method, monkeypatch):
    monkeypatch.setattr(predictor, "TRAINING_STEPS", 3)
    examples = 12 if method in (Method.SURPRISE, Method.KERNEL_SURPRISE) else 25

    @settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck))
    @given(demonstrations(), st.floats(0.25, 4.0), st.floats(0.1, 3.0))
    def check(recorded, finer, min_length_s):
        try:
            segments = segment(recorded, SegmentConfig(method, finer, min_length_s))
        except InputError:
            return  # nothing moved, or nothing was measured: that is said, not cut
        for one in recorded:
            own = [piece for piece in segments if piece.demonstration == one.name]
            assert own[0].start == 0 and own[-1].stop == one.steps
            assert all(a.stop == b.start for a, b in itertools.pairwise(own))
            assert all(piece.steps > 0 for piece in own)
            assert all(0.0 <= piece.confidence <= 1.0 for piece in own)
        assert [piece.demonstration for piece in segments] == sorted(
            piece.demonstration for piece in segments
        )

    check()
