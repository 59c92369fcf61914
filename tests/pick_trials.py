"""Trials of a hand-written pick, from where a robot stands."""

from dataclasses import replace

import numpy as np
from run_skills import plan_of

from robot_skills.run.trials.collecting import try_step
from robot_skills.run.trials.trial import Snapshot

NOWHERE = Snapshot((), np.zeros(1), 0.0, None, None, np.zeros(7), 0.0, 0.0, frozenset())


def try_pick(simulation, library, robot, block):
    """The trial of picking one block, the robot as it stands and not yet sent anywhere."""
    step = plan_of(simulation.facts(robot), ("pick", block)).steps[0]
    placed = {"objects": robot.scene.objects, "simulator": robot.state}
    here = replace(NOWHERE, **placed, gripper_command_m=robot.gripper_command_m)
    return try_step(simulation, library, here, step)
