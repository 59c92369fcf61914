"""robosuite's tasks: what is robosuite's stays robosuite's, and every verb takes their names."""

import sys

import mujoco
import numpy as np
import pytest

from robot_skills.core.arm import load_arm
from robot_skills.core.errors import InputError
from robot_skills.core.facts import parse_facts
from robot_skills.core.predicates import FactObserver
from robot_skills.core.task_file import load_task
from robot_skills.paths import find
from robot_skills.sim.kinematics import MujocoKinematics
from robot_skills.sim.robosuite_episode import start_as_robosuite, succeeded
from robot_skills.sim.robosuite_world import RobosuiteWorld
from robot_skills.sim.scene import build_scene
from robot_skills.sim.sim_arm import SimArm

NAMES = ("Stack", "NutAssembly", "NutAssemblySquare", "NutAssemblyRound")


@pytest.fixture(scope="module")
def arm():
    return load_arm(find("assets/arms", "ur5e"))


def robot_of(name, arm, visual=False):
    return SimArm(build_scene(load_task(find("envs", f"robosuite:{name}")), arm, visual=visual))


def facts_of(robot, arm):
    observation = robot.observe()
    ee_pose = MujocoKinematics(arm).ee_pose(observation.joint_position)
    return FactObserver(robot.scene.task, robot.scene.objects).facts(observation, ee_pose)


@pytest.mark.parametrize("name", NAMES)
def test_a_start_is_robosuites_own_reset_of_that_seed(name, arm):
    task = load_task(find("envs", f"robosuite:{name}"))
    world = RobosuiteWorld(name, arm)
    first, other, again = (world.start(task, seed) for seed in (3, 4, 3))
    for thing in task.objects:
        np.testing.assert_array_equal(first.object_pose[thing], again.object_pose[thing])
        assert np.linalg.norm(first.object_pose[thing] - other.object_pose[thing]) > 0.005
    np.testing.assert_array_equal(first.joint_position, again.joint_position)
    robot = robot_of(name, arm)
    start_as_robosuite(robot, 3)
    np.testing.assert_allclose(
        robot.data.qpos[robot.scene.arm_qpos], first.joint_position, atol=1e-3
    )
    for thing, pose in first.object_pose.items():
        landed = robot.observe().object_pose[thing].pose
        np.testing.assert_allclose(landed[:2], pose[:2], atol=0.01)
        assert -0.12 < landed[2] < pose[2]


def test_a_reset_leaves_the_global_generators_as_they_were(arm):
    np.random.seed(7)  # noqa: NPY002
    wanted = np.random.rand()  # noqa: NPY002
    np.random.seed(7)  # noqa: NPY002
    RobosuiteWorld("Stack", arm).start(load_task(find("envs", "robosuite:Stack")), 1)
    assert np.random.rand() == wanted  # noqa: NPY002


@pytest.mark.parametrize("name", ["Stack", "NutAssembly"])
def test_things_weigh_and_rub_as_in_robosuite(name, arm):
    ours = robot_of(name, arm).scene.model
    theirs = mujoco.MjModel.from_xml_string(RobosuiteWorld(name, arm).xml)
    for thing in load_task(find("envs", f"robosuite:{name}")).objects.values():
        mine, other = ours.body(thing.name), theirs.body(thing.body)
        np.testing.assert_allclose(mine.subtreemass, other.subtreemass)
        np.testing.assert_allclose(_contacts(ours, mine.id), _contacts(theirs, other.id))
    assert ours.opt.timestep == theirs.opt.timestep
    assert ours.opt.impratio == theirs.opt.impratio
    assert ours.opt.cone == theirs.opt.cone


def _contacts(model, root):
    """Shape, friction and solver numbers of every geom of a body tree that collides."""
    geoms = [
        geom
        for geom in range(model.ngeom)
        if model.body_rootid[model.geom_bodyid[geom]] == root and model.geom_contype[geom]
    ]
    columns = (model.geom_size, model.geom_friction, model.geom_solref, model.geom_solimp)
    assert geoms
    return np.hstack([column[geoms] for column in columns])


@pytest.mark.parametrize("visual", [True, False])
def test_masses_do_not_depend_on_what_is_drawn(visual, arm):
    model = robot_of("NutAssembly", arm, visual).scene.model
    assert float(model.body("square_nut").subtreemass[0]) == pytest.approx(0.01580675)


def test_the_arm_stands_as_high_above_the_table_as_robosuites(arm):
    robot = robot_of("Stack", arm)
    mujoco.mj_kinematics(robot.scene.model, robot.data)
    table = robot.data.geom("table_collision")
    top = table.xpos[2] + robot.scene.model.geom("table_collision").size[2]
    assert arm.base_pose[2] - top == pytest.approx(0.112)


def put(robot, placed):
    scene = robot.scene
    poses = {name: np.array([*at, 1.0, 0.0, 0.0, 0.0]) for name, at in placed.items()}
    robot.place(scene.arm.home, scene.arm.gripper.width_max_m, poses, {})
    robot.settle(0.3)


def test_robosuite_and_the_facts_agree_on_a_stack(arm):
    robot = robot_of("Stack", arm)
    goal = parse_facts("on(cube_a, cube_b)")
    put(robot, {"cube_a": (0.5, 0.2, -0.092), "cube_b": (0.6, 0.2, -0.087)})
    assert not succeeded(robot, goal, facts_of(robot, arm))
    put(robot, {"cube_a": (0.6, 0.2, -0.042), "cube_b": (0.6, 0.2, -0.087)})
    assert goal <= facts_of(robot, arm)
    assert succeeded(robot, goal, facts_of(robot, arm))


def test_robosuite_judges_its_own_goal_whatever_the_facts_say(arm):
    robot = robot_of("Stack", arm)
    put(robot, {"cube_a": (0.5, 0.2, -0.092), "cube_b": (0.6, 0.2, -0.087)})
    goal, other = parse_facts("on(cube_a, cube_b)"), parse_facts("on(cube_b, cube_a)")
    assert not succeeded(robot, goal, goal)
    assert succeeded(robot, other, other)  # of this one robosuite knows nothing


def test_both_nuts_have_to_be_on_their_pegs(arm):
    robot = robot_of("NutAssembly", arm)
    goal = parse_facts("on(square_nut, square_peg) on(round_nut, round_peg)")
    square, away = (0.79, 0.1, -0.08), (0.45, -0.17, -0.08)
    put(robot, {"square_nut": square, "round_nut": away})
    assert parse_facts("on(square_nut, square_peg)") <= facts_of(robot, arm)
    assert not succeeded(robot, goal, facts_of(robot, arm))
    put(robot, {"square_nut": square, "round_nut": (0.79, -0.1, -0.08)})
    assert succeeded(robot, goal, facts_of(robot, arm))


def test_a_single_nut_is_enough_where_robosuite_says_so(arm):
    robot = robot_of("NutAssemblyRound", arm)
    assert robot.scene.objects == ("round_nut",)
    start_as_robosuite(robot, 0)  # robosuite has put the other one away
    robot.data.qpos[robot.scene.object_qpos["round_nut"] :][:3] = [0.79, -0.1, -0.08]
    robot.settle(0.2)
    assert succeeded(robot, parse_facts("on(round_nut, round_peg)"), facts_of(robot, arm))


def test_an_unknown_name_suggests_the_near_one():
    with pytest.raises(InputError, match="did you mean 'robosuite:Stack'"):
        find("envs", "robosuite:Stak")
    with pytest.raises(InputError, match="did you mean 'Stack'"):
        RobosuiteWorld("Stak", load_arm(find("assets/arms", "ur5e")))


def test_a_missing_robosuite_is_said_to_be_missing(monkeypatch, arm):
    monkeypatch.setitem(sys.modules, "robosuite", None)
    with pytest.raises(InputError, match="robosuite is missing; install it"):
        RobosuiteWorld("Lift", arm)


def test_a_scene_without_a_body_of_the_task_is_refused(tmp_path, arm):
    text = (find("envs", "robosuite:Stack") / "task.toml").read_text()
    (tmp_path / "task.toml").write_text(text.replace("cubeA_main", "cubeC_main"))
    with pytest.raises(InputError, match="robosuite:Stack has no body 'cubeC_main'"):
        build_scene(load_task(tmp_path), arm, visual=False)


def test_the_goal_that_robosuite_judges_has_to_be_one_of_the_tasks(tmp_path):
    text = (find("envs", "robosuite:Stack") / "task.toml").read_text()
    file = tmp_path / "task.toml"
    file.write_text(text.replace('judged_goal = "stack"', 'judged_goal = "stak"'))
    with pytest.raises(InputError, match=r"task.toml:6: no goal 'stak'; did you mean 'stack'"):
        load_task(file)
