import numpy as np
import pytest

from robot_skills.core import poses
from robot_skills.core.errors import InputError
from robot_skills.deploy.twins.gap import NoisyPoses, draw_gap

POSE = np.array([0.4, 0.1, 0.02, 1.0, 0.0, 0.0, 0.0])


def test_gap_zero_is_no_difference_at_all() -> None:
    gap = draw_gap(0.0, seed=3)
    assert (gap.friction, gap.mass, gap.servo_gain) == (1.0, 1.0, 1.0)
    assert gap.delay_in_s == gap.delay_out_s == 0.0
    assert gap.base_offset == pytest.approx(poses.IDENTITY_POSE)
    assert NoisyPoses(gap, 3).see(POSE) == pytest.approx(POSE)


@pytest.mark.parametrize("scale", [1.0, 2.0])
def test_draws_stay_within_what_is_promised(scale: float) -> None:
    gaps = [draw_gap(scale, seed) for seed in range(200)]
    for factor in ("friction", "mass", "servo_gain"):
        values = np.array([getattr(gap, factor) for gap in gaps])
        assert np.all(np.abs(values - 1.0) <= 0.2 * scale)
        assert np.ptp(values) > 0.3 * scale
    delays = np.array([[gap.delay_in_s, gap.delay_out_s] for gap in gaps])
    assert delays.min() >= 0.010 * scale
    assert delays.max() <= 0.040 * scale
    offsets = np.array([gap.base_offset for gap in gaps])
    assert np.linalg.norm(offsets[:, :3], axis=1) == pytest.approx(0.002 * scale)
    turns = np.linalg.norm(poses.rotation_vector(offsets[:, 3:]), axis=1)
    assert turns == pytest.approx(np.deg2rad(0.5) * scale)


def test_the_same_seed_draws_the_same_gap() -> None:
    assert draw_gap(1.0, 7).delay_in_s == draw_gap(1.0, 7).delay_in_s
    assert draw_gap(1.0, 7).friction != draw_gap(1.0, 8).friction


def test_pose_noise_has_the_promised_size() -> None:
    camera = NoisyPoses(draw_gap(1.0, 0), 0)
    seen = np.array([camera.see(POSE) for _ in range(2000)])
    distance = np.sqrt(np.mean(np.sum((seen[:, :3] - POSE[:3]) ** 2, axis=1)))
    turn = np.sqrt(np.mean(np.sum(poses.rotation_vector(seen[:, 3:]) ** 2, axis=1)))
    assert distance == pytest.approx(0.002, rel=0.1)
    assert turn == pytest.approx(np.deg2rad(1.0), rel=0.1)


def test_an_absurd_gap_is_refused() -> None:
    with pytest.raises(InputError, match=r"from 0 .* to 4; found 9"):
        draw_gap(9.0, 0)
