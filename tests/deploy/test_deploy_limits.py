import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from robot_skills import paths
from robot_skills.core.arm import ArmProfile, load_arm
from robot_skills.core.control import Workspace
from robot_skills.core.errors import RobotFault
from robot_skills.deploy.limits import Limits
from robot_skills.deploy.settings import LimitSettings
from robot_skills.sim.kinematics import MujocoKinematics

PERIOD_S = 0.05
ARM = load_arm(paths.find("assets/arms", "ur5e"))
KINEMATICS = MujocoKinematics(ARM)
BOX = Workspace(np.array([0.25, -0.42, 0.012]), np.array([0.72, 0.42, 0.45]))

near_home = arrays(float, 6, elements=st.floats(-0.4, 0.4)).map(lambda offset: ARM.home + offset)


@pytest.fixture
def limits() -> Limits:
    return Limits(ARM, KINEMATICS, BOX, LimitSettings(), PERIOD_S)


def without_walls(arm: ArmProfile = ARM) -> Limits:
    return Limits(arm, None, None, LimitSettings(), PERIOD_S)


@settings(max_examples=150, deadline=None)
@given(asked=near_home, last=near_home, measured=near_home)
def test_limiting_twice_changes_nothing(
    asked: np.ndarray, last: np.ndarray, measured: np.ndarray
) -> None:
    limits = Limits(ARM, KINEMATICS, BOX, LimitSettings(), PERIOD_S)
    once = limits.apply(asked, 0.05, last, measured).joint_position
    twice = limits.apply(once, 0.05, last, measured).joint_position
    assert twice == pytest.approx(once, abs=1e-9)


@settings(max_examples=150, deadline=None)
@given(asked=near_home, measured=near_home)
def test_what_is_sent_keeps_every_limit(asked: np.ndarray, measured: np.ndarray) -> None:
    limits = Limits(ARM, KINEMATICS, BOX, LimitSettings(), PERIOD_S)
    sent = limits.apply(asked, 0.05, measured, measured).joint_position
    assert np.all(np.abs(sent - measured) <= 1.0 * PERIOD_S + 1e-9)

    def outside_m(joints: np.ndarray) -> float:
        position = KINEMATICS.ee_pose(joints)[:3]
        return float(max((BOX.low - position).max(), (position - BOX.high).max()))

    assert outside_m(sent) <= max(outside_m(measured), 0.005) + 1e-6


def test_what_is_within_the_limits_goes_through_unchanged(limits: Limits) -> None:
    asked = ARM.home + 0.01
    command = limits.apply(asked, 0.04, ARM.home, ARM.home)
    assert np.array_equal(command.joint_position, asked)
    assert command.gripper_width_m == 0.04


def test_speed_is_the_smaller_of_the_share_and_the_ceiling() -> None:
    slow = LimitSettings(speed_fraction=0.1)
    command = Limits(ARM, None, None, slow, PERIOD_S).apply(
        ARM.home + 1.0, 0.04, ARM.home, ARM.home
    )
    assert command.joint_position - ARM.home == pytest.approx(np.pi * 0.1 * PERIOD_S, rel=1e-4)


def test_joints_stay_a_margin_inside_their_range() -> None:
    end = ARM.position_max - 0.06
    command = without_walls().apply(end + 0.05, 0.04, end, end)
    assert command.joint_position == pytest.approx(ARM.position_max - 0.05)


def test_a_stuck_arm_is_not_led_on() -> None:
    stuck = ARM.home
    sent = stuck
    for _ in range(10):
        sent = without_walls().apply(sent + 0.04, 0.04, sent, stuck).joint_position
    assert sent == pytest.approx(stuck + 0.1)


def test_the_hand_slides_along_the_table_and_not_into_it(limits: Limits) -> None:
    down = KINEMATICS.ee_jacobian(ARM.home)
    step = np.linalg.solve(down, [0.0, 0.0, -0.01, 0.0, 0.0, 0.0])
    sent = ARM.home
    for _ in range(60):
        sent = limits.apply(sent + step, 0.04, sent, sent).joint_position
    height_m = KINEMATICS.ee_pose(sent)[2]
    assert height_m == pytest.approx(BOX.low[2] - 0.005, abs=1e-4)
    along = np.linalg.solve(KINEMATICS.ee_jacobian(sent), [0.0, 0.01, 0.001, 0.0, 0.0, 0.0])
    moved = limits.apply(sent + along, 0.04, sent, sent).joint_position
    assert KINEMATICS.ee_pose(moved)[1] - KINEMATICS.ee_pose(sent)[1] > 0.005


@pytest.mark.parametrize(
    ("asked", "width_m", "words"),
    [
        (np.full(6, np.inf), 0.04, "finite"),
        (ARM.home, np.nan, "finite"),
        (ARM.home[:5], 0.04, r"shape \(6,\); found \(5,\)"),
        (np.rad2deg(ARM.home), 0.04, "degrees"),
    ],
)
def test_what_no_sane_policy_asks_is_refused(
    limits: Limits, asked: np.ndarray, width_m: float, words: str
) -> None:
    with pytest.raises(RobotFault, match=words):
        limits.apply(asked, width_m, ARM.home, ARM.home)
