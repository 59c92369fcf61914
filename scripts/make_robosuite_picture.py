"""Draws docs/images/robosuite.png: robosuite's Stack and NutAssembly, each in mid-demonstration."""

import argparse
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pictures
from results import ROOT

from robot_skills.core.arm import ArmProfile, load_arm
from robot_skills.core.control import EndEffectorController, Workspace
from robot_skills.core.observation import Observation
from robot_skills.core.task_file import load_task
from robot_skills.paths import find
from robot_skills.record.paths import sample_manner
from robot_skills.record.recorder import Recorder
from robot_skills.record.scripted_operator import ScriptedOperator
from robot_skills.sim.kinematics import MujocoKinematics
from robot_skills.sim.render import Cameras, Image
from robot_skills.sim.scene import build_scene
from robot_skills.sim.sim_arm import SimArm
from robot_skills.sim.start import reset, sample_situation

HEIGHT, WIDTH = 480, 640
SEED = 0
SHOWN = {"robosuite:Stack": 152, "robosuite:NutAssembly": 355}  # control steps into the episode


def main() -> None:
    """Let the scripted operator come to where it shows what it does, and draw it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "images" / "robosuite.png")
    parser.add_argument("--arm", default="ur5e")
    given = parser.parse_args()
    arm = load_arm(find("assets/arms", given.arm))
    seen = []
    for env, steps in SHOWN.items():
        goal = load_task(find("envs", env)).judged_goal
        seen += seen_after(env, arm, goal, steps, ["front"])
    Pictures.fromarray(np.hstack(seen)).save(given.out, optimize=True)
    print(f"written: {given.out}, {given.out.stat().st_size / 1000:.0f} kB")


def seen_after(
    env: str, arm: ArmProfile, goal: str, steps: int, cameras: Sequence[str]
) -> list[Image]:
    """What cameras see when the operator has gone on with a goal for some control steps."""
    task, kinematics, rng = load_task(find("envs", env)), MujocoKinematics(arm), _rng()
    situation = sample_situation(task, task.goal(goal), rng)
    robot = SimArm(build_scene(task, arm, situation.objects))
    reset(robot, kinematics, situation.goal, rng)

    def look() -> tuple[Observation, NDArray[np.float64]]:
        observation = robot.observe()
        return observation, kinematics.ee_pose(observation.joint_position)

    upright = kinematics.ee_pose(arm.home)
    operator = ScriptedOperator(task, situation.goal, sample_manner(rng), upright, look, rng)
    workspace = Workspace(*task.workspace_m)
    controller = EndEffectorController(kinematics, arm, task.rate_hz, workspace)
    Recorder(robot, kinematics, controller).run(islice(operator.wishes(), steps), None, None)
    with Cameras(robot.scene, HEIGHT, WIDTH, cameras) as eyes:
        return [eyes.image(robot.data, camera) for camera in cameras]


def _rng() -> np.random.Generator:
    return np.random.default_rng(SEED)


if __name__ == "__main__":
    main()
