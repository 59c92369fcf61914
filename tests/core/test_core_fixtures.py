import numpy as np

from robot_skills.core import poses
from robot_skills.core.fixtures import handle_pose, resting_pose, swing
from robot_skills.core.task import Fixture

DOOR = Fixture(
    "door", "door", "hinge", handle_m=np.array([0.0, 0.2, 0.1]), pivot_m=np.array([0.0, -0.1, 0.0])
)
DRAWER = Fixture("drawer", "drawer", "slide", handle_m=np.array([-0.1, 0.0, 0.02]))
SHUT = np.array([0.5, 0.3, 0.0, 1.0, 0.0, 0.0, 0.0])


def test_the_pivot_stays_where_it_is_when_the_door_swings():
    turned = poses.compose(SHUT, swing(DOOR.pivot_m, 1.2))
    at = np.array([*DOOR.pivot_m, 1.0, 0, 0, 0])
    np.testing.assert_allclose(poses.compose(turned, at)[:3], poses.compose(SHUT, at)[:3])


def test_an_interior_rests_where_it_is_while_the_door_swings():
    turned = poses.compose(SHUT, swing(DOOR.pivot_m, 1.2))
    np.testing.assert_allclose(resting_pose(DOOR, turned, 1.2), SHUT, atol=1e-12)
    np.testing.assert_array_equal(resting_pose(DRAWER, SHUT, 0.1), SHUT)


def test_a_handle_goes_with_the_joint():
    quarter = handle_pose(DOOR, SHUT, np.pi / 2)
    np.testing.assert_allclose(quarter[:3], [0.5 - 0.3, 0.3 - 0.1, 0.1], atol=1e-12)
    np.testing.assert_allclose(poses.upright_yaw(quarter[3:]), np.pi / 2)
    np.testing.assert_allclose(handle_pose(DRAWER, SHUT, 0.15)[:3], [0.25, 0.3, 0.02])
    assert handle_pose(Fixture("tray", "tray"), SHUT, 0.0) is None
