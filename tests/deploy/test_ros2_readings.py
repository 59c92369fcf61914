from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from robot_skills.core.arm import ArmProfile, DriverProfile, driven_by, load_arm
from robot_skills.core.errors import InputError
from robot_skills.deploy.drivers import make_driver
from robot_skills.deploy.drivers.ros2.readings import FingerJoint, JointReadings, controller_state
from robot_skills.deploy.drivers.ros2.settings import Ros2Settings, namespace, ros2_settings
from robot_skills.deploy.settings import ControlSettings
from robot_skills.deploy.twins.ros2.trajectory import TrajectoryReference, Waypoint

NAN = float("nan")


def test_joints_are_matched_by_name_whatever_their_order() -> None:
    readings = JointReadings()
    readings.take(1.0, ["b", "gripper", "a"], [2.0, 0.04, 1.0], [0.2, 0.0, 0.1], [5.0, NAN, 4.0])
    assert readings.positions(["a", "b"]).tolist() == [1.0, 2.0]
    assert readings.velocities(["a", "b"]).tolist() == [0.1, 0.2]
    assert readings.position["gripper"] == 0.04


def test_messages_that_carry_some_joints_complete_each_other() -> None:
    readings = JointReadings()
    readings.take(1.0, ["a"], [1.0], [], [])
    assert readings.missing(["a", "b"]) == ["b"]
    readings.take(1.5, ["b"], [2.0], [], [])
    assert readings.missing(["a", "b"]) == []
    assert readings.stamp(["a", "b"]) == 1.0  # as fresh as its oldest joint


@pytest.mark.parametrize("told", [[], [NAN]])
def test_a_speed_that_is_not_told_is_how_fast_the_position_changed(told: list[float]) -> None:
    readings = JointReadings()
    readings.take(1.0, ["a"], [1.0], told, [])
    assert readings.velocities(["a"]).tolist() == [0.0]
    readings.take(1.5, ["a"], [1.2], told, [])
    assert readings.velocities(["a"]) == pytest.approx([0.4])


def test_torques_count_only_when_every_joint_tells_one() -> None:
    readings = JointReadings()
    readings.take(1.0, ["a", "b"], [1.0, 2.0], [], [3.0, NAN])
    assert readings.efforts(["a", "b"]) is None
    readings.take(1.1, ["a", "b"], [1.0, 2.0], [], [3.0, -4.0])
    assert readings.efforts(["a", "b"]) == pytest.approx([3.0, -4.0])


def test_positions_that_fit_no_names_tell_nothing() -> None:
    readings = JointReadings()
    readings.take(1.0, ["a", "b"], [1.0], [], [])
    assert readings.missing(["a", "b"]) == ["a", "b"]


def test_a_gripper_that_closes_towards_larger_angles() -> None:
    finger = FingerJoint(closed=0.8, opened=0.0, width_max_m=0.085)
    assert finger.width_m(0.8) == 0.0
    assert finger.width_m(0.4) == pytest.approx(0.0425)
    assert finger.position(0.085) == 0.0
    assert finger.position(0.2) == 0.0  # no wider than it opens
    assert finger.width_m(finger.position(0.03)) == pytest.approx(0.03)


def test_the_state_of_a_controller_in_the_diagnostics_of_old_and_new_releases() -> None:
    assert controller_state({"jtc": "active", "other": "inactive"}, "jtc") == "active"
    assert controller_state({"jtc.state": "inactive", "jtc.period": "ok"}, "jtc") == "inactive"
    assert controller_state({"other": "active"}, "jtc") is None


def test_an_address_is_a_namespace_or_empty() -> None:
    assert namespace("/left_arm/") == "left_arm"
    assert namespace("") == ""
    with pytest.raises(InputError, match=r"192\.168\.0\.3"):
        namespace("192.168.0.3")


def profiled(arm: ArmProfile, **options: object) -> ArmProfile:
    return replace(arm, deploy=DriverProfile("ros2", 100.0, options={"ros2": options}))


def test_the_profile_names_topics_and_what_is_wrong_with_them(arm: ArmProfile) -> None:
    settings = ros2_settings(profiled(arm, trajectory_topic="/scaled/joint_trajectory"))
    assert settings.controller == "scaled"
    assert ros2_settings(driven_by(arm, "ros2")) == Ros2Settings()
    with pytest.raises(InputError, match=r"gripper_jiont.*gripper_joint"):
        ros2_settings(profiled(arm, gripper_jiont="finger"))
    with pytest.raises(InputError, match="gripper_open must be of type float; found 'wide'"):
        ros2_settings(profiled(arm, gripper_open="wide"))
    with pytest.raises(InputError, match=r"gripper_message.*found 'action'"):
        ros2_settings(profiled(arm, gripper_message="action"))
    with pytest.raises(InputError, match="<controller>/joint_trajectory"):
        ros2_settings(profiled(arm, trajectory_topic="joint_trajectory"))


def test_any_arm_may_be_driven_through_ros(arm: ArmProfile) -> None:
    through_ros = driven_by(arm, "ros2")
    assert through_ros.deploy is not None and arm.deploy is not None
    assert (through_ros.deploy.driver, through_ros.deploy.rate_hz) == ("ros2", 100.0)
    assert through_ros.deploy.torque_max_nm is arm.deploy.torque_max_nm
    assert driven_by(arm, "") is arm
    assert driven_by(replace(arm, deploy=None), "ros2").deploy == DriverProfile("ros2", 100.0)
    with pytest.raises(InputError, match=r"ur5e is driven by one of.*ros2.*found 'franka'"):
        driven_by(arm, "franka")


def test_a_profile_keeps_the_tables_of_drivers(tmp_path: Path, arm: ArmProfile) -> None:
    text = arm.file.read_text() + '\n[deploy.ros2]\ngripper_joint = "finger_joint"\n'
    (tmp_path / "profile.toml").write_text(text)
    deploy = load_arm(tmp_path).deploy
    assert deploy is not None and deploy.options == {"ros2": {"gripper_joint": "finger_joint"}}


@pytest.mark.skipif(find_spec("rclpy") is not None, reason="this Python has ROS 2")
def test_a_driver_without_ros_says_how_to_get_it(arm: ArmProfile) -> None:
    with pytest.raises(InputError, match=r"robot-skills\[ros2\]"):
        make_driver("ros2", "", driven_by(arm, "ros2"), ControlSettings(rate_hz=100.0))


def test_a_trajectory_is_linear_between_points_and_holds_the_last() -> None:
    reference = TrajectoryReference(np.zeros(1))
    points = [Waypoint(0.1, np.array([1.0])), Waypoint(0.2, np.array([0.0]))]
    reference.follow(points, np.zeros(1), np.zeros(1))
    path = [float(reference.advance(0.05)[0]) for _ in range(5)]
    assert path == pytest.approx([0.5, 1.0, 0.5, 0.0, 0.0])


def test_a_trajectory_that_ends_at_rest_brakes_evenly() -> None:
    """A cubic from speed v to rest over v*T/2 in T is the parabola of even braking."""
    reference = TrajectoryReference(np.zeros(1))
    end = Waypoint(0.4, np.array([0.2]), np.zeros(1))
    reference.follow([end], np.zeros(1), np.array([1.0]))
    path = [float(reference.advance(0.1)[0]) for _ in range(4)]
    assert path == pytest.approx([t - t * t / 0.8 for t in (0.1, 0.2, 0.3, 0.4)])


def test_a_trajectory_whose_times_do_not_increase_is_refused() -> None:
    reference = TrajectoryReference(np.zeros(1))
    with pytest.raises(ValueError, match="must increase"):
        reference.follow([Waypoint(0.0, np.ones(1))], np.zeros(1), np.zeros(1))
    assert reference.advance(1.0).tolist() == [0.0]
