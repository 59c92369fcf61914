"""Walls, table and the arm's own links: where the layer lets an arm go in space."""

from dataclasses import replace

import mujoco
import numpy as np
import pytest

from robot_skills import paths
from robot_skills.core.arm import load_arm
from robot_skills.core.task import Task
from robot_skills.core.task_file import load_task
from robot_skills.deploy.driver import ArmState, FaultKind
from robot_skills.deploy.safety.body import TABLE, ArmBody
from robot_skills.deploy.safety.capsules import fit_capsules
from robot_skills.deploy.safety.layer import SafetyLayer
from robot_skills.deploy.safety.settings import safety_settings
from robot_skills.deploy.safety.timing import safety_cost_us
from robot_skills.deploy.safety.verdict import Action, Cycle, Verdict
from robot_skills.sim.arm_model import arm_spec
from robot_skills.sim.kinematics import MujocoKinematics

ARM = load_arm(paths.find("assets/arms", "ur5e"))
TASK = load_task(paths.find("envs", "blocks"))
SETTINGS = safety_settings(ARM)
KINEMATICS = MujocoKinematics(ARM)
PERIOD_S = 0.008
FOLDED = ARM.home + np.array([0.0, 0.0, 0.9, 1.0, 0.0, 0.0])  # the wrist into the upper arm
WIDE = np.array([[-2.0, -2.0, -2.0], [2.0, 2.0, 2.0]])


@pytest.fixture(scope="module")
def body() -> ArmBody:
    return ArmBody(ARM, 0.0, SETTINGS.distance_slow_m)


def reading(joints: np.ndarray, time_s: float = 0.0) -> ArmState:
    return ArmState(time_s, joints, np.zeros(6), "running", None)


def follow(
    goals: list[np.ndarray], body: ArmBody, task: Task | None = TASK, hold_s: float = 0.05
) -> tuple[np.ndarray, list[Verdict], SafetyLayer]:
    """What is sent (T, J) for targets that each last `hold_s` to an arm without any lag."""
    layer = SafetyLayer(ARM, task, SETTINGS, PERIOD_S, True, body)
    measured, sent, verdicts = ARM.home, [], []
    for goal in np.repeat(np.array(goals), round(hold_s / PERIOD_S), axis=0):
        state = reading(measured, PERIOD_S * len(sent))
        verdicts.append(layer.check(state, Cycle(state.robot_time_s), goal))
        measured = layer.advance(goal, hold_s, state, PERIOD_S)
        sent.append(measured)
    return np.array(sent), verdicts, layer


def heights(sent: np.ndarray) -> np.ndarray:
    return np.array([KINEMATICS.ee_pose(joints)[2] for joints in sent])


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_capsules_hold_every_body_of_the_arm_at_every_width(share: float) -> None:
    whole = arm_spec(ARM, visual=False).compile()
    data = mujoco.MjData(whole)
    driver = whole.joint("gripper0_right_finger_joint")
    data.qpos[driver.qposadr[0]] = driver.range[0] + share * np.ptp(driver.range)
    for follower, ratio in ARM.gripper.couplings.items():
        joint = whole.joint(f"gripper0_right_{follower}")
        data.qpos[joint.qposadr[0]] = ratio * data.qpos[driver.qposadr[0]]
    mujoco.mj_kinematics(whole, data)
    for capsule in fit_capsules(whole, ARM):
        frame = data.body(capsule.first_body)
        low, high = frame.xpos + capsule.ends_m @ frame.xmat.reshape(3, 3).T
        body = whole.body(capsule.name).id
        for geom in np.flatnonzero(whole.geom_bodyid == body):
            points = _corners(whole, geom) @ data.geom_xmat[geom].reshape(3, 3).T
            points = points + data.geom_xpos[geom]
            share_along = (points - low) @ (high - low) / max(np.sum((high - low) ** 2), 1e-12)
            nearest = low + np.clip(share_along, 0.0, 1.0)[:, None] * (high - low)
            distance = np.linalg.norm(points - nearest, axis=1)
            assert distance.max() <= capsule.radius_m + 1e-9, capsule.name


def _corners(model: mujoco.MjModel, geom: int) -> np.ndarray:
    if model.geom_type[geom] == mujoco.mjtGeom.mjGEOM_BOX:
        signs = np.stack(np.meshgrid([-1, 1], [-1, 1], [-1, 1]), axis=-1).reshape(-1, 3)
        return signs * model.geom_size[geom]
    mesh = model.geom_dataid[geom]
    first = model.mesh_vertadr[mesh]
    return model.mesh_vert[first : first + model.mesh_vertnum[mesh]]


def test_the_arm_of_capsules_stands_where_the_arm_stands(body: ArmBody) -> None:
    joints = ARM.home + 0.2
    body.place(joints)
    assert body.ee() == pytest.approx(KINEMATICS.ee_pose(joints)[:3])
    assert body.ee_jacobian() == pytest.approx(KINEMATICS.ee_jacobian(joints)[:3])


def test_what_meets_in_a_joint_is_not_watched_and_what_can_fold_is(body: ArmBody) -> None:
    pairs = {frozenset(pair) for pair in body.pairs}
    assert frozenset(("robot0_forearm_link", "robot0_fixed_base_link")) in pairs
    assert frozenset(("robot0_upper_arm_link", "robot0_wrist_1_link")) in pairs
    assert frozenset(("robot0_upper_arm_link", "robot0_forearm_link")) not in pairs
    watched_with_table = {a for a, b in body.pairs if b == TABLE}
    assert "robot0_forearm_link" in watched_with_table
    assert not any(name.startswith("gripper") for name in watched_with_table)


def test_at_home_nothing_is_near(body: ArmBody) -> None:
    body.place(ARM.home)
    assert body.near().distance_m == np.inf


def test_an_arm_told_to_fold_slows_stops_before_it_touches_itself_and_latches(
    body: ArmBody,
) -> None:
    task = replace(TASK, workspace_m=WIDE)
    sent, verdicts, layer = follow([FOLDED] * 100, body, task)
    assert verdicts[-1].action is Action.STOP
    fault = verdicts[-1].fault
    assert fault is not None
    assert fault.kind is FaultKind.COLLISION
    assert "link 2 (after shoulder_lift_joint)" in fault.detail
    nearest = []
    for joints in sent:
        body.place(joints)
        nearest.append(body.distance_m())
    assert min(nearest) == pytest.approx(0.01, abs=0.002)
    assert layer.margins(reading(sent[-1])).speed_share < 1.0
    speed = np.abs(np.diff(sent, axis=0)).max(axis=1) / PERIOD_S
    near = np.array(nearest)[1:] < 0.02
    assert speed[near].max() < 0.5 * speed.max()
    assert speed[-10:].max() == pytest.approx(0.0, abs=1e-9)


def test_the_hand_slides_along_the_table_and_not_into_it(body: ArmBody) -> None:
    down = np.linalg.pinv(KINEMATICS.ee_jacobian(ARM.home))[:, 2]
    goals = [ARM.home - 0.01 * step * down for step in range(32)]
    sent, verdicts, _ = follow([*goals, *goals[-1:] * 10], body)
    lowest = TASK.workspace_m[0][2]
    assert heights(sent).min() == pytest.approx(lowest, abs=0.001)
    assert {verdict.action for verdict in verdicts} == {Action.NONE}
    low = goals[23]
    along = np.linalg.pinv(KINEMATICS.ee_jacobian(low))[:, 1]
    slid, _, _ = follow([*goals[:28], *(goals[27] + 0.004 * i * along for i in range(40))], body)
    assert heights(slid).min() > lowest - 0.001
    assert KINEMATICS.ee_pose(slid[-1])[1] > 0.1


def test_towards_a_target_outside_the_walls_the_hand_stops_before_them_and_does_not_tilt(
    body: ArmBody,
) -> None:
    inverse = np.linalg.pinv(KINEMATICS.ee_jacobian(ARM.home))
    outside = ARM.home + inverse @ np.array([0.1, 0.2, -0.35, 0.0, 0.0, 0.0])
    sent, verdicts, _ = follow([outside] * 80, body)
    assert {verdict.action for verdict in verdicts} == {Action.NONE}
    assert np.abs(np.diff(sent[-20:], axis=0)).max() < 1e-5
    way = (sent[-1] - ARM.home) / (outside - ARM.home)
    assert way == pytest.approx(way[0], abs=0.02)
    assert 0.5 < way[0] < 1.0


def test_the_end_effector_goes_no_faster_than_it_may(body: ArmBody) -> None:
    sent, _, _ = follow([ARM.home + np.array([1.0, 0.0, 0.0, 0.0, 0.0, 0.0])] * 30, body)
    ee = np.array([KINEMATICS.ee_pose(joints)[:3] for joints in sent])
    speed = np.linalg.norm(np.diff(ee, axis=0), axis=1) / PERIOD_S
    assert speed.max() == pytest.approx(0.92 * 0.25, abs=0.005)


def test_the_elbow_stays_above_its_floor(body: ArmBody) -> None:
    task = replace(TASK, workspace_m=np.array([[-2.0, -2.0, 0.012], [2.0, 2.0, 2.0]]))
    low = np.array([-0.3247, -0.05, 0.3, -1.9, -1.5708, -0.3247])
    sent, _, _ = follow([low] * 120, body, task)
    found = []
    for joints in sent:
        body.place(joints)
        found.append(body.elbow_height_m())
    assert found[0] > 0.5
    assert min(found) >= SETTINGS.elbow_clearance_m - 1e-6


def test_an_arm_measured_outside_the_walls_stops(body: ArmBody) -> None:
    layer = SafetyLayer(ARM, TASK, SETTINGS, PERIOD_S, True, body)
    down = np.linalg.pinv(KINEMATICS.ee_jacobian(ARM.home))[:, 2]
    assert layer.check(reading(ARM.home), Cycle(0.0), ARM.home).fault is None
    layer.advance(ARM.home, 0.05, reading(ARM.home), PERIOD_S)
    pushed = ARM.home - 0.272 * down
    while KINEMATICS.ee_pose(pushed)[2] > TASK.workspace_m[0][2] - 0.03:
        pushed = pushed - 0.005 * down
    verdicts = [
        layer.check(reading(pushed, PERIOD_S * count), Cycle(0.0), ARM.home) for count in range(6)
    ]
    assert verdicts[-1].action is Action.STOP
    assert verdicts[-1].fault is not None
    assert verdicts[-1].fault.kind is FaultKind.OUTSIDE
    assert "outside the walls" in verdicts[-1].fault.detail


def test_a_start_is_refused_for_pose_watchdog_and_calibration(body: ArmBody) -> None:
    layer = SafetyLayer(ARM, TASK, SETTINGS, PERIOD_S, False, body)
    state = reading(ARM.home)
    assert layer.admit(state, ARM.home + 0.05, 0.0, ("a", "a")) is None
    refused = [
        layer.admit(state, ARM.home + 0.06),
        layer.admit(state, ARM.home, watchdog_age_s=float("inf")),
        layer.admit(state, ARM.home, calibrations=("a", "b")),
    ]
    assert [fault.kind for fault in refused if fault] == [
        FaultKind.START_POSE,
        FaultKind.WATCHDOG,
        FaultKind.CALIBRATION,
    ]
    guarded = SafetyLayer(ARM, TASK, SETTINGS, PERIOD_S, True, body)
    assert guarded.admit(state, ARM.home, watchdog_age_s=float("inf")) is None


def test_margins_tell_what_is_left(body: ArmBody) -> None:
    layer = SafetyLayer(ARM, None, SETTINGS, PERIOD_S, True)
    margins = layer.margins(reading(ARM.home))
    assert margins.joint_rad[2] == pytest.approx(np.pi - ARM.home[2], abs=1e-4)
    assert margins.nearest_m == np.inf
    assert margins.speed_share == 1.0


def test_the_cost_of_a_period_is_told(body: ArmBody) -> None:
    cost_us = safety_cost_us(ARM, TASK, periods=400)
    assert 0.0 < cost_us["p50"] <= cost_us["p99"] <= cost_us["max"]
