"""What every Robot must do, simulated or driven: inherit and give a `robot` that was entered."""

from collections.abc import Iterator

import numpy as np
import pytest

from robot_skills.core.robot import Robot

ROBOT_CYCLE_S = 0.01  # robots stamp their readings at 100 Hz or more


class RobotConformance:
    """Subclasses override `robot`; its arm is at rest, free to move each joint by 0.1 rad."""

    @pytest.fixture
    def robot(self) -> Iterator[Robot]:
        raise NotImplementedError

    def test_an_observation_is_finite_and_of_one_length(self, robot: Robot) -> None:
        seen = robot.observe()
        assert seen.joint_position.shape == seen.joint_velocity.shape
        assert seen.joint_position.ndim == 1
        assert np.isfinite(seen.joint_position).all()
        assert np.isfinite(seen.joint_velocity).all()
        assert 0.0 <= seen.gripper_width_m < 0.2

    def test_acting_takes_one_control_period_of_robot_time(self, robot: Robot) -> None:
        start = robot.observe()
        for _ in range(10):
            robot.act(start.joint_position, start.gripper_width_m)
        passed_s = robot.observe().time_s - start.time_s
        assert passed_s == pytest.approx(10 / robot.rate_hz, abs=2.5 * ROBOT_CYCLE_S)

    def test_the_arm_goes_where_it_is_sent(self, robot: Robot) -> None:
        seen = robot.observe()
        goal = seen.joint_position + 0.08
        for share in [*np.linspace(0.1, 1.0, 10), *([1.0] * 12)]:
            target = seen.joint_position + share * (goal - seen.joint_position)
            robot.act(target, seen.gripper_width_m)
        assert robot.observe().joint_position == pytest.approx(goal, abs=0.01)

    def test_the_gripper_goes_where_it_is_sent(self, robot: Robot) -> None:
        joints = robot.observe().joint_position
        for width_m in (0.05, 0.03):
            for _ in range(12):
                robot.act(joints, width_m)
            assert robot.observe().gripper_width_m == pytest.approx(width_m, abs=0.005)

    def test_an_observation_does_not_change_afterwards(self, robot: Robot) -> None:
        seen = robot.observe()
        before = seen.joint_position.copy()
        for _ in range(5):
            robot.act(before + 0.05, seen.gripper_width_m)
        assert np.array_equal(seen.joint_position, before)

    def test_stopping_twice_is_as_good_as_once(self, robot: Robot) -> None:
        seen = robot.observe()
        robot.act(seen.joint_position + 0.03, seen.gripper_width_m)
        robot.stop()
        robot.stop()
        assert np.isfinite(robot.observe().joint_position).all()
