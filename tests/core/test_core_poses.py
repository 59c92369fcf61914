import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.spatial.transform import Rotation

from robot_skills.core import poses

finite = st.floats(-3.0, 3.0, allow_nan=False, width=64)
vectors = arrays(np.float64, 3, elements=finite)
settings.register_profile("poses", deadline=None, max_examples=60, derandomize=True)
settings.load_profile("poses")


def wxyz(rotation: Rotation) -> np.ndarray:
    return rotation.as_quat(scalar_first=True)


def rotations(count: int, seed: int = 0) -> Rotation:
    return Rotation.random(count, rng=np.random.default_rng(seed))


def some_poses(count: int, seed: int = 0) -> np.ndarray:
    position = np.random.default_rng(seed).normal(size=(count, 3))
    return np.concatenate([position, wxyz(rotations(count, seed))], axis=-1)


def homogeneous(pose: np.ndarray) -> np.ndarray:
    transform = np.eye(4)
    transform[:3, :3] = Rotation.from_quat(pose[3:], scalar_first=True).as_matrix()
    transform[:3, 3] = pose[:3]
    return transform


def same_rotation(a: np.ndarray, b: np.ndarray) -> None:
    np.testing.assert_allclose(np.abs(np.sum(a * b, axis=-1)), 1.0, atol=1e-12)


def test_multiply_agrees_with_scipy():
    a, b = rotations(50, 1), rotations(50, 2)
    same_rotation(poses.multiply(wxyz(a), wxyz(b)), wxyz(a * b))


def test_matrix_agrees_with_scipy():
    many = rotations(50)
    np.testing.assert_allclose(poses.matrix(wxyz(many)), many.as_matrix(), atol=1e-12)


def test_rotate_agrees_with_scipy():
    many, vector = rotations(50), np.array([0.3, -1.0, 2.0])
    np.testing.assert_allclose(poses.rotate(wxyz(many), vector), many.apply(vector), atol=1e-12)


def test_compose_is_the_product_of_transforms():
    a, b = some_poses(1, 1)[0], some_poses(1, 2)[0]
    composed = homogeneous(poses.compose(a, b))
    np.testing.assert_allclose(composed, homogeneous(a) @ homogeneous(b), atol=1e-12)


def test_compose_with_the_inverse_is_the_identity_from_both_sides():
    many = some_poses(50)
    for product in (
        poses.compose(many, poses.invert(many)),
        poses.compose(poses.invert(many), many),
    ):
        np.testing.assert_allclose(product, np.tile(poses.IDENTITY_POSE, (50, 1)), atol=1e-12)


def test_compose_is_associative():
    a, b, c = (some_poses(20, seed) for seed in range(3))
    left = poses.compose(poses.compose(a, b), c)
    np.testing.assert_allclose(left, poses.compose(a, poses.compose(b, c)), atol=1e-12)


def test_relative_undoes_compose():
    frame, pose = some_poses(20, 1), some_poses(20, 2)
    np.testing.assert_allclose(poses.relative(frame, poses.compose(frame, pose)), pose, atol=1e-12)


def test_the_identity_pose_cannot_be_changed_by_accident():
    with pytest.raises(ValueError, match="read-only"):
        poses.IDENTITY_POSE[0] = 1.0


def test_six_dimensional_and_back_is_the_same_rotation():
    many = wxyz(rotations(100))
    same_rotation(poses.from_six_dimensional(poses.six_dimensional(many)), many)


def test_from_six_dimensional_mends_what_a_network_leaves_skewed():
    many = wxyz(rotations(100))
    skewed = 1.7 * poses.six_dimensional(many)
    skewed[:, 3:] += 0.4 * skewed[:, :3]
    same_rotation(poses.from_six_dimensional(skewed), many)


@pytest.mark.parametrize("angle", [0.0, 1e-9, np.pi / 2, np.pi - 1e-9, np.pi])
@pytest.mark.parametrize("axis", np.vstack([np.eye(3), np.full((1, 3), 3**-0.5)]))
def test_from_matrix_is_exact_where_single_formulas_break_down(axis, angle):
    rotation = Rotation.from_rotvec(angle * axis)
    found = poses.from_matrix(rotation.as_matrix())
    same_rotation(found, wxyz(rotation))
    assert found[0] >= 0


@given(vectors)
def test_rotation_vectors_agree_with_scipy(vector):
    quaternion = poses.from_rotation_vector(vector)
    same_rotation(quaternion, wxyz(Rotation.from_rotvec(vector)))
    same_rotation(poses.from_rotation_vector(poses.rotation_vector(quaternion)), quaternion)


@given(vectors)
def test_a_rotation_vector_takes_the_shortest_way(vector):
    quaternion = poses.from_rotation_vector(vector)
    for sign in (1.0, -1.0):
        assert np.linalg.norm(poses.rotation_vector(sign * quaternion)) <= np.pi + 1e-9


def test_the_rotation_vector_of_no_rotation_is_zero():
    np.testing.assert_array_equal(poses.rotation_vector(poses.IDENTITY_POSE[3:]), np.zeros(3))


@given(st.floats(-50, 50), st.sampled_from([1, 2, 4]), st.floats(-3, 3))
def test_fold_yaw_stays_near_the_centre_and_turns_by_whole_periods(yaw, symmetry, centre):
    period = 2 * np.pi / symmetry
    folded = float(poses.fold_yaw(np.asarray(yaw), symmetry, centre))
    assert abs(folded - centre) <= period / 2 + 1e-9
    turns = (folded - yaw) / period
    assert turns == pytest.approx(round(turns), abs=1e-9)
    assert float(poses.fold_yaw(np.asarray(folded), symmetry, centre)) == pytest.approx(folded)


def test_a_cube_turned_by_a_quarter_looks_the_same():
    yaw = np.array([0.3, 0.3 + np.pi / 2, 0.3 - np.pi])
    np.testing.assert_allclose(poses.fold_yaw(yaw, 4), [0.3, 0.3, 0.3])


@given(st.floats(-np.pi, np.pi))
def test_upright_yaw_of_an_upright_body_is_its_yaw(yaw):
    found = float(poses.upright_yaw(poses.from_yaw(np.asarray(yaw))))
    assert np.cos(found - yaw) == pytest.approx(1.0)


@pytest.mark.parametrize("tip", [Rotation.from_euler("y", a) for a in (np.pi / 2, -np.pi / 2)])
def test_upright_yaw_of_a_tipped_cube_is_known_up_to_quarter_turns(tip):
    tipped = wxyz(Rotation.from_euler("z", 0.3) * tip)
    folded = float(poses.fold_yaw(poses.upright_yaw(tipped), 4))
    assert folded == pytest.approx(0.3)


TORCH_TWINS = [
    (poses.multiply, (wxyz(rotations(8, 1)), wxyz(rotations(8, 2)))),
    (poses.conjugate, (wxyz(rotations(8)),)),
    (poses.rotate, (wxyz(rotations(8)), some_poses(8)[:, :3])),
    (poses.compose, (some_poses(8, 1), some_poses(8, 2))),
    (poses.invert, (some_poses(8),)),
    (poses.relative, (some_poses(8, 1), some_poses(8, 2))),
    (poses.matrix, (wxyz(rotations(8)),)),
    (poses.six_dimensional, (wxyz(rotations(8)),)),
    (poses.from_matrix, (rotations(64).as_matrix(),)),
    (poses.from_yaw, (np.linspace(-3, 3, 8),)),
    (poses.rotation_vector, (wxyz(rotations(8)),)),
    (poses.from_rotation_vector, (some_poses(8)[:, :3],)),
    (poses.upright_yaw, (wxyz(rotations(8)),)),
]


@pytest.mark.parametrize(
    ("function", "arguments"), TORCH_TWINS, ids=lambda x: getattr(x, "__name__", "")
)
def test_torch_and_numpy_give_the_same_numbers(function, arguments):
    by_torch = function(*(torch.from_numpy(argument) for argument in arguments))
    assert isinstance(by_torch, torch.Tensor)
    np.testing.assert_allclose(by_torch.numpy(), function(*arguments), atol=1e-12)


def test_leading_dimensions_broadcast():
    frame, pose = some_poses(1)[0], some_poses(12).reshape(3, 4, 7)
    together = poses.compose(frame, pose)
    assert together.shape == (3, 4, 7)
    np.testing.assert_allclose(together[2, 1], poses.compose(frame, pose[2, 1]))
