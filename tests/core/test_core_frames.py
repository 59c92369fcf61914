import numpy as np
import pytest

from robot_skills.core import poses
from robot_skills.core.frames import FollowedFrame, followed_frames, upright_frame, yaw_of


def path_of(yaws, positions=None):
    """Poses (T, 7) of an upright thing with the given yaws in rad."""
    positions = np.zeros((len(yaws), 3)) if positions is None else positions
    return np.concatenate([positions, poses.from_yaw(np.asarray(yaws))], axis=1)


def one_by_one(path, held, symmetry):
    frame = FollowedFrame(symmetry)
    return np.array([frame.update(pose, bool(h)) for pose, h in zip(path, held, strict=True)])


@pytest.mark.parametrize("symmetry", [1, 2, 4])
@pytest.mark.parametrize("seed", range(5))
def test_a_frame_followed_step_by_step_is_the_one_of_the_whole_path(symmetry, seed):
    rng = np.random.default_rng(seed)
    yaws = rng.uniform(-np.pi, np.pi) + np.cumsum(rng.normal(0, 0.1, 80))
    path = path_of(yaws, np.cumsum(rng.normal(0, 0.01, (80, 3)), axis=0))
    held = np.zeros(80, dtype=bool)
    held[30:50] = held[70:] = True
    np.testing.assert_allclose(
        followed_frames(path, held, symmetry), one_by_one(path, held, symmetry), atol=1e-9
    )


def test_noise_about_an_eighth_turn_turns_no_frame_by_a_quarter():
    rng = np.random.default_rng(0)
    yaws = np.pi / 4 + rng.normal(0, 0.02, 200)  # the fold's edge: either side is as near
    frames = followed_frames(path_of(yaws), np.zeros(200, dtype=bool), symmetry=4)
    turned = np.array([yaw_of(frame) for frame in frames])
    assert np.ptp(turned) < 0.2
    assert np.ptp([yaw_of(upright_frame(pose, 4)) for pose in path_of(yaws)]) > 1.5


def test_a_frame_stays_where_its_thing_was_taken_and_goes_on_when_it_is_let_go():
    positions = np.linspace([0, 0, 0], [0.3, 0, 0.2], 30)
    held = np.zeros(30, dtype=bool)
    held[10:20] = True
    frames = followed_frames(path_of(np.zeros(30), positions), held, symmetry=4)
    np.testing.assert_allclose(frames[10:20, :3], np.tile(positions[9], (10, 1)))
    np.testing.assert_allclose(frames[20:, :3], positions[20:])


def test_a_tipped_thing_has_an_upright_frame():
    tipped = poses.from_rotation_vector(np.array([np.pi / 2, 0.0, 0.0]))
    frame = upright_frame(np.concatenate([[0.1, 0.2, 0.3], tipped]), symmetry=4)
    np.testing.assert_allclose(frame[:3], [0.1, 0.2, 0.3])
    np.testing.assert_allclose(poses.rotate(frame[3:], np.array([0.0, 0.0, 1.0])), [0, 0, 1])
    assert abs(yaw_of(frame)) <= np.pi / 4 + 1e-9
