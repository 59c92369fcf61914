"""The FR3's hand at the drawer of blocks: its palm reaches beyond its open fingers."""

import numpy as np
import pytest

from robot_skills.core.arm import load_arm
from robot_skills.core.task_file import load_task
from robot_skills.paths import find
from robot_skills.record.paths import sample_manner
from robot_skills.record.scripted_operator import ScriptedOperator
from robot_skills.record.session import rehearse
from robot_skills.sim.kinematics import MujocoKinematics
from robot_skills.sim.scene import build_scene
from robot_skills.sim.sim_arm import SimArm
from robot_skills.sim.start import reset, sample_situation, solve_joints

TASK = load_task(find("envs", "blocks"))
ARM = load_arm(find("assets", "arms/fr3"))


def touches_the_cabinet(lean_rad):
    """Whether the hand does, where an operator that leans so much takes the closed drawer."""
    kinematics, rng = MujocoKinematics(ARM), np.random.default_rng(0)
    robot = SimArm(build_scene(TASK, ARM, ("red",), visual=False))
    goal = sample_situation(TASK, TASK.goal("open_drawer"), rng).goal
    reset(robot, kinematics, goal, rng)
    home, pose = kinematics.ee_pose(ARM.home), kinematics.ee_pose(ARM.home)
    manner = sample_manner(rng)
    operator = ScriptedOperator(
        TASK, goal, manner, home, lambda: (robot.observe(), pose), rng, lean_rad
    )
    lowest = min((wish.ee_pose for wish in operator.wishes()), key=lambda at: at[2])
    robot.place(solve_joints(kinematics, ARM, lowest), 0.055, {}, {})
    model, data = robot.scene.model, robot.data
    bodies = [{model.body(model.geom_bodyid[g]).name for g in pair} for pair in data.contact.geom]
    return any("cabinet" in pair for pair in bodies)


def test_upright_its_palm_would_rest_on_the_cabinet_and_leaning_it_does_not():
    assert touches_the_cabinet(0.0)
    assert not touches_the_cabinet(ARM.gripper.lean_rad)


@pytest.mark.parametrize("goal", ["open_drawer", "close_drawer", "put_on"])
def test_the_operator_brings_about_what_it_means_to(goal):
    assert all(rehearse("blocks", "fr3", goal, seed) for seed in range(2))
