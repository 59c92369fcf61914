import numpy as np
import pytest

from robot_skills.core import poses
from robot_skills.core.arm import load_arm
from robot_skills.core.control import EndEffectorController, Workspace
from robot_skills.core.facts import Fact
from robot_skills.core.predicates import FactObserver
from robot_skills.paths import find
from robot_skills.sim.kinematics import MujocoKinematics
from robot_skills.sim.scene import build_scene
from robot_skills.sim.sim_arm import SensorNoise, SimArm
from robot_skills.sim.start import solve_joints

OPEN_M = 0.085
BLOCK_M = 0.04


def standing(x, y, yaw=0.0):
    return np.concatenate([[x, y, BLOCK_M / 2], poses.from_yaw(np.asarray(yaw))])


SPREAD = {"red": standing(0.45, 0.0), "green": standing(0.4, -0.12), "blue": standing(0.55, 0.1)}


def placed(scene, red=SPREAD["red"], width_m=OPEN_M, **options):
    robot = SimArm(scene, **options)
    robot.place(scene.arm.home, width_m, {**SPREAD, "red": red}, {})
    robot.settle(0.2)
    return robot


class Hand:
    """Drives one simulated arm through the control law, as every stage does."""

    def __init__(self, robot, kinematics):
        task = robot.scene.task
        self.robot, self.kinematics = robot, kinematics
        self.controller = EndEffectorController(
            kinematics, robot.scene.arm, task.rate_hz, Workspace(*task.workspace_m)
        )
        self.down = kinematics.ee_pose(robot.scene.arm.home)[3:]

    def go(self, position, yaw=0.0, width_m=OPEN_M, steps=40):
        turn = poses.multiply(poses.from_yaw(np.asarray(yaw)), self.down)
        for _ in range(steps):
            measured = self.robot.observe().joint_position
            joints = self.controller.step(measured, np.concatenate([position, turn]))
            self.robot.act(joints, width_m)

    def grasp(self, position, yaw=0.0):
        above = np.array(position) + [0, 0, 0.1]
        self.go(above, yaw)
        self.go(position, yaw, steps=25)
        self.go(position, yaw, width_m=0.0, steps=20)
        self.go(above, yaw, width_m=0.0)

    def facts(self):
        observation = self.robot.observe()
        observer = FactObserver(self.robot.scene.task, self.robot.scene.objects)
        return observer.facts(observation, self.kinematics.ee_pose(observation.joint_position))


@pytest.mark.parametrize(
    ("offset_m", "yaw", "hand_yaw"),
    [
        ((0, 0), 0.0, 0.0),
        ((0.01, 0), 0.3, 0.3),
        ((0, 0.012), -0.5, -0.5),
        ((0.008, -0.008), 0.2, 0),
    ],
)
def test_a_block_between_the_fingers_is_lifted_and_held(scene, kinematics, offset_m, yaw, hand_yaw):
    robot = placed(scene, red=standing(0.45, 0.0, yaw))
    hand = Hand(robot, kinematics)
    hand.grasp([0.45 + offset_m[0], offset_m[1], BLOCK_M / 2], hand_yaw)
    assert robot.observe().object_pose["red"].pose[2] > 0.1
    assert Fact("holding", ("red",)) in hand.facts()


def test_a_held_block_does_not_slip_while_the_hand_moves_fast(scene, kinematics):
    robot = placed(scene)
    hand = Hand(robot, kinematics)
    hand.grasp([0.45, 0.0, BLOCK_M / 2])

    def block_in_hand():
        observation = robot.observe()
        ee_pose = kinematics.ee_pose(observation.joint_position)
        return poses.relative(ee_pose, observation.object_pose["red"].pose)[:3]

    before = block_in_hand()
    for target in ([0.5, 0.2, 0.2], [0.4, -0.2, 0.15], [0.5, 0.1, 0.3]):
        hand.go(target, width_m=0.0)
    np.testing.assert_allclose(block_in_hand(), before, atol=0.003)


def test_a_released_block_lands_on_the_one_below(scene, kinematics):
    robot = placed(scene)
    hand = Hand(robot, kinematics)
    hand.grasp([0.45, 0.0, BLOCK_M / 2])
    hand.go([0.55, 0.1, 0.15], width_m=0.0)
    hand.go([0.55, 0.1, 0.063], width_m=0.0)
    hand.go([0.55, 0.1, 0.063], steps=15)
    hand.go([0.55, 0.1, 0.2])
    assert {Fact("on", ("red", "blue")), Fact("gripper_empty")} <= hand.facts()


def test_the_servos_follow_a_ramp_and_come_to_rest_at_its_end(scene):
    robot = placed(scene)
    target = scene.arm.home.copy()
    lag = 0.0
    for _ in range(40):
        target = target + 0.5 / robot.rate_hz
        target[1:] = scene.arm.home[1:]
        robot.act(target, OPEN_M)
        lag = max(lag, abs(robot.observe().joint_position - target).max())
    assert lag < 0.08  # 0.5 rad/s some 0.1 s behind
    for _ in range(30):
        robot.act(target, OPEN_M)
    observation = robot.observe()
    np.testing.assert_allclose(observation.joint_position, target, atol=2e-3)
    np.testing.assert_allclose(observation.joint_velocity, 0.0, atol=2e-3)


def test_targets_beyond_the_joint_limits_are_cut_and_reported(scene):
    robot = placed(scene)
    command = robot.act(np.full(6, 100.0), 1.0)
    np.testing.assert_array_equal(command.joint_position, scene.arm.position_max)
    assert command.gripper_width_m <= scene.arm.gripper.width_max_m


def test_the_gripper_closes_no_faster_than_its_data_sheet_says(scene):
    robot = placed(scene)
    start = robot.gripper_width_m
    sent = [robot.act(scene.arm.home, 0.0).gripper_width_m for _ in range(5)]
    most = scene.arm.gripper.speed_m_s / robot.rate_hz
    np.testing.assert_allclose(-np.diff([start, *sent]), most, atol=1e-6)


def test_a_hand_that_lets_go_opens_from_where_its_fingers_are(scene, kinematics):
    robot = placed(scene)
    Hand(robot, kinematics).grasp([0.45, 0.0, BLOCK_M / 2])
    held_m, joints = robot.gripper_width_m, robot.observe().joint_position
    assert robot.gripper_command_m == 0.0
    assert held_m > 0.03
    most = scene.arm.gripper.speed_m_s / robot.rate_hz
    sent = [robot.act(joints, 0.08).gripper_width_m for _ in range(3)]
    np.testing.assert_allclose(np.diff([held_m, *sent]), most, atol=1e-6)
    assert robot.gripper_width_m > held_m + most


@pytest.mark.parametrize("width_m", [0.005, 0.03, 0.06, 0.084])
def test_the_pads_come_to_the_width_asked_for(scene, width_m):
    robot = placed(scene)
    for _ in range(25):
        robot.act(scene.arm.home, width_m)
    assert robot.gripper_width_m == pytest.approx(width_m, abs=0.001)
    pads = [scene.model.geom("gripper0_right_" + name).id for name in scene.arm.gripper.pads]
    between = robot.data.geom_xpos[pads[0]] - robot.data.geom_xpos[pads[1]]
    thickness = scene.model.geom_size[pads, 1].sum()
    assert np.linalg.norm(between) - thickness == pytest.approx(width_m, abs=0.002)


def test_gripper_width_and_driver_joint_are_inverse_maps(scene):
    for width_m in np.linspace(scene.widths_m[0], scene.widths_m[-1], 17):
        assert scene.width_of(scene.driver_for(width_m)) == pytest.approx(width_m, abs=1e-9)


def test_a_state_restored_elsewhere_replays_to_the_bit(scene, kinematics):
    robot = placed(scene)
    hand = Hand(robot, kinematics)
    hand.go([0.45, 0.0, BLOCK_M / 2], steps=45)
    state, rng = robot.state, np.random.default_rng(0)
    commands = [robot.scene.arm.home + rng.uniform(-0.2, 0.2, 6) for _ in range(20)]
    widths = rng.uniform(0.0, OPEN_M, 20)
    other = SimArm(scene)
    other.set_state(state)
    for joints, width_m in zip(commands, widths, strict=True):
        robot.act(joints, width_m)
        other.act(joints, width_m)
    np.testing.assert_array_equal(other.state, robot.state)


def test_sensor_noise_comes_from_the_seed_and_spares_fixtures(scene):
    noise = SensorNoise(joint_rad=1e-3, position_m=1e-3, rotation_rad=1e-2)
    one, same, other = (placed(scene, seed=s, noise=noise).observe() for s in (1, 1, 2))
    np.testing.assert_array_equal(one.joint_position, same.joint_position)
    np.testing.assert_array_equal(one.object_pose["red"].pose, same.object_pose["red"].pose)
    assert not np.array_equal(one.object_pose["red"].pose, other.object_pose["red"].pose)
    np.testing.assert_array_equal(one.object_pose["tray"].pose, other.object_pose["tray"].pose)


def test_leaving_out_what_only_cameras_see_leaves_physics_as_it_is(scene, task, arm):
    whole = build_scene(task, arm, scene.objects, visual=True)
    moving = scene.model.body_weldid > 0
    for quantity in ("body_mass", "body_inertia", "body_ipos"):
        values = [getattr(which.model, quantity)[moving] for which in (scene, whole)]
        np.testing.assert_array_equal(*values)
    robots = [placed(which) for which in (scene, whole)]
    for robot in robots:
        robot.act(arm.home + 0.1, 0.0)
    np.testing.assert_array_equal(robots[0].state, robots[1].state)


def test_the_panda_reaches_grasps_and_lifts(task):
    panda = load_arm(find("assets/arms", "panda"))
    scene = build_scene(task, panda, ("red", "green", "blue"), visual=False)
    kinematics = MujocoKinematics(panda)
    wanted = kinematics.ee_pose(panda.home)
    wanted[:3] = [0.45, 0.0, 0.2]
    start = solve_joints(kinematics, panda, wanted)
    robot = SimArm(scene)
    robot.place(start, panda.gripper.width_max_m, SPREAD, {})
    hand = Hand(robot, kinematics)
    hand.grasp([0.45, 0.0, BLOCK_M / 2])
    assert Fact("holding", ("red",)) in hand.facts()
    assert robot.observe().object_pose["red"].pose[2] > 0.1
