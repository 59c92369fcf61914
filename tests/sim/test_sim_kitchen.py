"""The kitchen: its tasks in three parts, its facts, and that both arms reach everything."""

from collections import Counter

import mujoco
import numpy as np
import pytest

from robot_skills.core import poses
from robot_skills.core.arm import load_arm
from robot_skills.core.control import EndEffectorController, Workspace
from robot_skills.core.facts import OPPOSITES, parse_facts
from robot_skills.core.fixtures import handle_pose
from robot_skills.core.predicates import FactObserver
from robot_skills.core.task_file import load_task
from robot_skills.paths import find
from robot_skills.sim.kinematics import MujocoKinematics
from robot_skills.sim.scene import build_scene
from robot_skills.sim.sim_arm import SimArm
from robot_skills.sim.start import reset, sample_situation

KITCHEN = load_task(find("envs", "kitchen"))
PARTITIONS = [load_task(find("envs", name)) for name in ("kitchen", "kitchen_b", "kitchen_c")]
RAISED = {"drawer": 0.157, "cupboard": 1.39, "knob": 1.2, "lamp": 0.011}


@pytest.fixture(scope="module")
def robot(arm):
    return SimArm(build_scene(KITCHEN, arm, visual=False))


@pytest.fixture
def at_rest(robot, arm):
    """Everything where the scene file has it, with the fixtures named where they are asked."""

    def place(positions=None, moved=None):
        homes = {n: robot.scene.model.qpos0[i : i + 7] for n, i in robot.scene.object_qpos.items()}
        robot.place(arm.home, 0.085, {**homes, **(moved or {})}, positions or {})
        return robot

    return place


def facts_of(robot, kinematics):
    observation = robot.observe()
    ee_pose = kinematics.ee_pose(observation.joint_position)
    return FactObserver(KITCHEN, robot.scene.objects).facts(observation, ee_pose)


def upright(x, y, z):
    return np.array([x, y, z, 1.0, 0.0, 0.0, 0.0])


def behaviour(fact):
    """What a fact asks for, whichever food it is about."""
    return fact.predicate, fact.arguments[-1]


def test_there_are_twenty_four_different_tasks_of_four_behaviours():
    sequences = {(goal.sequence, goal.start) for goal in KITCHEN.goals.values()}
    assert len(sequences) == len(KITCHEN.goals) == 24
    assert {len(goal.sequence) for goal in KITCHEN.goals.values()} == {4}
    assert len({(goal.facts, goal.start) for goal in KITCHEN.goals.values()}) == 24


def test_every_task_is_unseen_in_one_of_three_partitions():
    unseen = [{n for n, goal in task.goals.items() if not goal.seen} for task in PARTITIONS]
    assert [len(names) for names in unseen] == [8, 8, 8]
    assert set.union(*unseen) == set(KITCHEN.goals)
    assert [task.name for task in PARTITIONS] == ["kitchen", "kitchen_b", "kitchen_c"]


@pytest.mark.parametrize("task", PARTITIONS, ids=lambda task: task.name)
def test_each_behaviour_of_an_unseen_task_is_seen_in_at_least_two_tasks(task):
    seen = Counter(behaviour(f) for g in task.goals.values() if g.seen for f in g.sequence)
    wanted = {behaviour(f) for g in task.goals.values() if not g.seen for f in g.sequence}
    assert len(seen) == 12
    assert all(seen[one] >= 2 for one in wanted), {one: seen[one] for one in wanted}


def test_a_drawer_opened_and_shut_again_leaves_no_contradiction_in_the_goal():
    goal = KITCHEN.goal("stow_then_heat")
    wanted = parse_facts("in(?x, drawer) closed(drawer) turned_on(knob)")
    assert goal.facts == wanted


def test_no_start_holds_a_fact_that_its_task_has_yet_to_bring_about_first():
    for goal in KITCHEN.goals.values():
        state = set(goal.start)
        for fact in goal.sequence:
            assert fact not in state, f"{goal.name}: {fact}"
            opposite = {**OPPOSITES, **{low: high for high, low in OPPOSITES.items()}}
            state -= {f for f in state if f.predicate == opposite.get(fact.predicate)} & {
                f for f in state if f.arguments == fact.arguments
            }
            state.add(fact)


def test_joints_raised_and_lowered_are_facts(at_rest, kinematics):
    lowered = parse_facts("closed(drawer) closed(cupboard) turned_off(knob) dark(lamp)")
    raised = parse_facts("open(drawer) open(cupboard) turned_on(knob) lit(lamp)")
    assert lowered <= facts_of(at_rest(), kinematics)
    found = facts_of(at_rest(RAISED), kinematics)
    assert raised <= found
    assert not lowered & found


@pytest.mark.parametrize(
    ("thing", "where", "fact"),
    [
        ("pan", (0.645, -0.03, 0.026), "on(pan, stove)"),
        ("tomato", (0.33, -0.135, 0.024), "in(tomato, pan)"),
        ("carrot", (0.26, 0.25, 0.019), "in(carrot, tray)"),
        ("cheese", (0.61, -0.36, 0.023), "in(cheese, cupboard)"),
    ],
)
def test_where_things_are_is_a_fact(thing, where, fact, at_rest, kinematics):
    wanted = parse_facts(fact)
    assert not wanted & facts_of(at_rest(), kinematics)
    for positions in ({}, RAISED):  # an open door takes its cupboard's inside nowhere
        assert wanted <= facts_of(at_rest(positions, {thing: upright(*where)}), kinematics)


def test_the_lamp_lights_when_its_button_is_down_and_stays_lit(at_rest, kinematics):
    robot = at_rest({"lamp": 0.011})
    robot.settle(1.0)
    assert parse_facts("lit(lamp)") <= facts_of(robot, kinematics)
    bulb, shade = (robot.data.body(name).xpos[2] for name in ("bulb", "shade"))
    assert bulb < shade


@pytest.mark.parametrize("name", list(KITCHEN.goals)[::5])
def test_starts_are_still_and_free_of_warnings(name, robot, kinematics):
    rng = np.random.default_rng(1)
    situation = sample_situation(KITCHEN, KITCHEN.goal(name), rng)
    reset(robot, kinematics, situation.goal, rng)
    before = robot.observe().object_pose
    robot.settle(1.0)
    after = robot.observe().object_pose
    assert situation.goal.start <= facts_of(robot, kinematics)
    for thing in robot.scene.objects:
        assert np.linalg.norm(after[thing].pose[:3] - before[thing].pose[:3]) < 0.002
    assert not robot.data.warning.number.any()


def test_food_piled_up_comes_to_rest_without_warnings(at_rest):
    stack = {
        "cheese": upright(0.35, 0.1, 0.0185),
        "tomato": upright(0.352, 0.1, 0.0555),
        "carrot": upright(0.35, 0.101, 0.088),
    }
    robot = at_rest({}, stack)
    robot.settle(1.5)
    assert np.abs(robot.data.qvel).max() < 0.2
    assert robot.observe().object_pose["cheese"].pose[2] == pytest.approx(0.018, abs=1e-3)
    assert not robot.data.warning.number.any()


def hand_poses(task, model, home):
    """Poses of a hand that points down: at every handle, shut and open, and where things go."""
    data = mujoco.MjData(model)
    mujoco.mj_kinematics(model, data)
    places = [np.array([*corner, 0.02]) for corner in task.reset.region_m]
    yaws = [0.0, 0.0]
    for fixture in task.fixtures.values():
        pose = np.concatenate([data.body(fixture.name).xpos, data.body(fixture.name).xquat])
        for travel in (0.0, *(p for n, p in RAISED.items() if n == fixture.name)):
            handle = handle_pose(fixture, pose, travel)
            if handle is not None:
                places.append(handle[:3])
                yaws.append(float(poses.upright_yaw(handle[3:])))
        if fixture.interior_m is not None:
            pulled_m = RAISED[fixture.name] if fixture.name == "drawer" else 0.0
            places.append(pose[:3] + [-pulled_m, 0.0, 0.02])
            yaws.append(0.0)
        if fixture.spot_m is not None:
            places.append(pose[:3] + fixture.spot_m + task.objects["pan"].grip_m)
            yaws.append(0.0)
    for place, yaw in zip(places, yaws, strict=True):
        for height_m in (0.0, 0.12):
            turn = poses.multiply(poses.from_yaw(np.asarray(yaw)), home[3:])
            yield np.concatenate([place + [0.0, 0.0, height_m], turn])


# The Panda starts half a radian from the end of its last joint: on its left some yaw is given up.
@pytest.mark.parametrize(
    ("name", "margin_rad", "turned_rad"), [("ur5e", 0.3, 0.01), ("panda", 0.0, 0.1)]
)
def test_every_handle_and_place_is_within_reach_from_home(name, margin_rad, turned_rad, robot):
    arm = load_arm(find("assets/arms", name))
    kinematics = MujocoKinematics(arm)
    workspace = Workspace(*KITCHEN.workspace_m)
    controller = EndEffectorController(kinematics, arm, KITCHEN.rate_hz, workspace)
    wanted = list(hand_poses(KITCHEN, robot.scene.model, kinematics.ee_pose(arm.home)))
    assert len(wanted) > 25
    for pose in wanted:
        joints = np.array(arm.home)
        controller.reset()
        for _ in range(5 * round(KITCHEN.rate_hz)):
            joints = controller.step(joints, pose)
        reached = kinematics.ee_pose(joints)
        assert np.linalg.norm(reached[:3] - pose[:3]) < 1e-3, pose
        assert 2 * np.arccos(min(abs(reached[3:] @ pose[3:]), 1.0)) < turned_rad, pose
        assert np.all(joints >= arm.position_min + margin_rad), pose
        assert np.all(joints <= arm.position_max - margin_rad), pose
