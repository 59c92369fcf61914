"""Laws of what is sent, for any stream of targets and any plausible reading."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from robot_skills import paths
from robot_skills.core.arm import ArmProfile, load_arm
from robot_skills.core.task_file import load_task
from robot_skills.deploy.driver import ArmState
from robot_skills.deploy.safety.body import ArmBody
from robot_skills.deploy.safety.bounds import JointBounds, deployed_arm
from robot_skills.deploy.safety.layer import SafetyLayer
from robot_skills.deploy.safety.path import JerkLimitedPath
from robot_skills.deploy.safety.settings import SafetySettings, safety_settings
from robot_skills.deploy.safety.verdict import Cycle
from robot_skills.deploy.safety.walls import Walls, walls_around
from robot_skills.sim.kinematics import MujocoKinematics

TASK = load_task(paths.find("envs", "blocks"))
TARGET_S = 0.05
WALL_ROUNDING_M = 0.001
EE_ROUNDING_M_S = 0.025  # in bends of targets that jump by a radian; UR allows its own 0.05


class Bench:
    """One arm, whose capsules are fitted once."""

    def __init__(self, name: str) -> None:
        self.arm = load_arm(paths.find("assets/arms", name))
        self.settings = safety_settings(self.arm)
        self.kinematics = MujocoKinematics(self.arm)
        self.body = ArmBody(
            self.arm, Walls(TASK, self.settings).table_m, self.settings.distance_slow_m
        )

    def layer(self, period_s: float, changed: SafetySettings | None = None) -> SafetyLayer:
        settings = changed or self.settings
        return SafetyLayer(self.arm, TASK, settings, period_s, True, self.body)

    def send(self, goals: np.ndarray, period_s: float, lag_s: float) -> np.ndarray:
        """What is sent (T, J) for targets (N, J) at 20 Hz to an arm that lags."""
        layer, measured, sent = self.layer(period_s), self.arm.home, []
        periods = round(TARGET_S / period_s)
        for count in range(periods * len(goals)):
            goal, left_s = goals[count // periods], TARGET_S - (count % periods) * period_s
            state = ArmState(count * period_s, measured, np.zeros_like(measured), "", None)
            layer.check(state, Cycle(count * period_s), goal)
            sent.append(layer.advance(goal, left_s, state, period_s))
            measured = measured + (sent[-1] - measured) * (1 - np.exp(-period_s / lag_s))
        return np.array(sent)


@pytest.fixture(scope="module", params=["ur5e", "xarm6"])
def bench(request: pytest.FixtureRequest) -> Bench:
    return Bench(request.param)


@pytest.fixture(scope="module")
def ur() -> Bench:
    return Bench("ur5e")


def stream(arm: ArmProfile, seed: int, manner: str, length: int) -> np.ndarray:
    random = np.random.default_rng(seed)
    if manner == "noise":
        return arm.home + random.uniform(-1.0, 1.0, (length, arm.dof))
    if manner == "walk":
        return arm.home + np.cumsum(random.normal(0.0, 0.05, (length, arm.dof)), axis=0)
    far = random.uniform(-2.0, 2.0, (length // 10, arm.dof))
    return np.repeat(arm.home + far, 10, axis=0)


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    seed=st.integers(0, 10**6),
    manner=st.sampled_from(["noise", "walk", "far"]),
    bad=st.sampled_from([None, np.nan, np.inf, -np.inf]),
    period_s=st.sampled_from([0.02, 0.01, 0.005]),
    lag_s=st.floats(0.01, 0.06),
)
def test_whatever_is_asked_what_is_sent_keeps_every_bound(
    bench: Bench, seed: int, manner: str, bad: float | None, period_s: float, lag_s: float
) -> None:
    goals = stream(bench.arm, seed, manner, 40)
    if bad is not None:
        goals[30, seed % bench.arm.dof] = bad
    sent = bench.send(goals, period_s, lag_s)
    bounds = JointBounds.of(bench.arm, bench.settings)
    assert np.isfinite(sent).all()
    assert (sent >= bounds.low - 1e-9).all()
    assert (sent <= bounds.high + 1e-9).all()
    derivative = sent
    for most in (bounds.speed, bounds.acceleration, bounds.jerk):
        derivative = np.diff(derivative, axis=0) / period_s
        assert (np.abs(derivative) <= most * (1 + 1e-6) + 1e-6).all()
    ee = np.array([bench.kinematics.ee_pose(joints)[:3] for joints in sent])
    speed = np.linalg.norm(np.diff(ee, axis=0), axis=1) / period_s
    assert speed.max() <= bench.settings.ee_speed_max_m_s + EE_ROUNDING_M_S
    low, high = walls_around(TASK.workspace_m, bench.settings)
    assert (ee >= low - WALL_ROUNDING_M).all()
    assert (ee <= high + WALL_ROUNDING_M).all()


def test_a_target_within_the_limits_is_reached_exactly_and_kept(ur: Bench) -> None:
    goal = ur.arm.home + np.array([0.1, 0.05, -0.05, 0.1, 0.0, 0.3])
    sent = ur.send(np.repeat(goal[None], 60, axis=0), 0.008, 0.05)
    assert sent[-1] == pytest.approx(goal, abs=1e-6)
    assert np.abs(np.diff(sent[-10:], axis=0)).max() < 1e-6
    assert (sent.max(axis=0) <= np.maximum(goal, ur.arm.home) + 1e-4).all()


def test_a_steady_motion_is_followed_with_less_than_one_targets_lag(ur: Bench) -> None:
    speed = 0.3
    times = TARGET_S * np.arange(1, 41)
    goals = np.tile(ur.arm.home, (40, 1))
    goals[:, 5] += speed * times
    sent = ur.send(goals, 0.005, 0.05)[:, 5] - ur.arm.home[5]
    behind_s = 0.005 * np.arange(1, len(sent) + 1)[-100:] - sent[-100:] / speed
    assert np.abs(behind_s).max() < 0.05


def test_a_policy_that_stops_dead_is_overshot_by_little(ur: Bench) -> None:
    goals = np.tile(ur.arm.home, (60, 1))
    goals[:, 5] += np.minimum(0.3 * TARGET_S * np.arange(1, 61), 0.3)
    sent = ur.send(goals, 0.005, 0.05)[:, 5] - ur.arm.home[5]
    assert sent.max() < 0.3 + 0.013
    assert sent[-1] == pytest.approx(0.3, abs=1e-5)


def test_a_late_loop_does_not_make_the_path_jump(ur: Bench) -> None:
    layer = ur.layer(0.008)
    goal = ur.arm.home + 0.3
    state = ArmState(0.0, ur.arm.home, np.zeros(6), "", None)
    for _ in range(30):
        before = layer.advance(goal, 0.05, state, 0.008)
    late = layer.advance(goal, 0.05, state, 0.5)
    assert np.abs(late - before).max() < 2 * 0.008 * 1.0


def test_braking_stops_along_the_way_and_within_three_tenths_of_a_second(ur: Bench) -> None:
    layer, measured = ur.layer(0.008), ur.arm.home
    goal = ur.arm.home + np.array([0.0, 0.0, 0.0, 0.5, 0.0, 1.0])
    sent = []
    for count in range(150):
        if count == 60:
            layer.brake()
        state = ArmState(0.008 * count, measured, np.zeros(6), "", None)
        measured = layer.advance(goal, 0.05, state, 0.008)
        sent.append(measured)
    moved = np.diff(np.array(sent), axis=0)
    assert np.abs(moved[58]).max() > 0.003
    assert layer.at_rest
    assert np.abs(moved[60 + 38 :]).max() < 1e-9
    assert (moved[60:] >= -1e-12).all()


def test_a_first_run_starts_slow_and_comes_to_full_speed(ur: Bench) -> None:
    first = safety_settings(ur.arm, first_run=True, first_run_s=2.0)
    layer, measured, sent = ur.layer(0.008, first), ur.arm.home, []
    for count in range(500):
        goal = ur.arm.home + np.array([0.0] * 5 + [3.0])
        state = ArmState(0.008 * count, measured, np.zeros(6), "", None)
        measured = layer.advance(goal, 0.05, state, 0.008)
        sent.append(measured[5])
    speed = np.diff(sent) / 0.008
    assert speed[:60].max() <= 0.3 + 0.7 * 0.5 / 2.0
    assert speed.max() == pytest.approx(1.0)
    assert deployed_arm(ur.arm, first).speed_max == pytest.approx(0.3)


def test_joint_bounds_are_the_smaller_of_the_settings_and_the_vendors(ur: Bench) -> None:
    bounds = JointBounds.of(ur.arm, safety_settings(ur.arm, speed_fraction=0.1))
    assert bounds.speed == pytest.approx(0.314159)
    assert bounds.acceleration == pytest.approx(5.0)
    assert JointBounds.of(ur.arm, ur.settings).speed == pytest.approx(1.0)
    overshooting = safety_settings(ur.arm, speed_overshoot=0.25)
    assert JointBounds.of(ur.arm, overshooting).speed == pytest.approx(0.8)
    arm = deployed_arm(ur.arm, ur.settings)
    assert arm.ee_speed_max_m_s == 0.25
    assert arm.speed_max == pytest.approx(1.0)


def test_a_path_ends_before_the_end_of_a_joints_range(ur: Bench) -> None:
    bounds = JointBounds.of(ur.arm, ur.settings)
    start = ur.arm.home.copy()
    start[2] = bounds.high[2] - 0.4
    path = JerkLimitedPath(start, bounds)
    positions = []
    for count in range(400):
        path.aim([*start[:2], start[2] + 0.05 * count, *start[3:]], 0.05)
        wanted, largest = path.wanted_speed()
        _, rest = path.attempt([speed / max(largest, 1.0) for speed in wanted], 0.008)
        assert rest[2] <= bounds.high[2]
        path.take(0.008)
        positions.append(path.now.position[2])
    assert positions[-1] == pytest.approx(bounds.high[2] - 0.005, abs=1e-4)
    assert max(positions) <= bounds.high[2]


def test_an_arm_that_stands_beyond_the_margin_may_come_back(ur: Bench) -> None:
    start = ur.arm.home.copy()
    start[2] = ur.arm.position_max[2] - 0.01
    bounds = JointBounds.of(ur.arm, ur.settings).including(start)
    path = JerkLimitedPath(start, bounds)
    for _ in range(200):
        path.aim((start - 0.3).tolist(), 0.05)
        path.attempt(path.wanted_speed()[0], 0.008)
        path.take(0.008)
    assert path.now.position == pytest.approx(start - 0.3, abs=1e-3)
