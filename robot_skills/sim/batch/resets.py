"""Start states of a batch from the environment's own random reset."""

import numpy as np

from robot_skills.core.task import Goal
from robot_skills.sim.batch.bank import StateBank, make_bank
from robot_skills.sim.kinematics import MujocoKinematics
from robot_skills.sim.scene import Scene
from robot_skills.sim.sim_arm import SimArm
from robot_skills.sim.start import reset


def random_bank(scene: Scene, goal: Goal, count: int, rng: np.random.Generator) -> StateBank:
    """So many random starts of a scene's objects in which a goal is still to be reached.

    Raises InputError where the task's reset finds none.
    """
    robot, kinematics = SimArm(scene), MujocoKinematics(scene.arm)
    states, commands_m = [], []
    for _ in range(count):
        reset(robot, kinematics, goal, rng)
        states.append(robot.state)
        commands_m.append(robot.gripper_command_m)
    return make_bank(scene, np.array(states), np.array(commands_m))
