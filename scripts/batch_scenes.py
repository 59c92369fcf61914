"""The scenes that batched physics is measured on, as files that need no robosuite to be read.

`blocks` is the task with all five blocks and, as starts, hands that hold one of them; `bare` is
the same arm with nothing around it.
"""

import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from batch_grasp import CLOSED_AT, GraspingHands
from numpy.typing import NDArray

from robot_skills.core.arm import ArmProfile, load_arm
from robot_skills.core.task import Task
from robot_skills.core.task_file import load_task
from robot_skills.paths import find
from robot_skills.sim.batch.arm import BatchArm
from robot_skills.sim.batch.bank import StateBank, make_bank
from robot_skills.sim.batch.c_threads import ThreadPhysics
from robot_skills.sim.batch.resets import random_bank
from robot_skills.sim.scene import Scene, build_scene, load_scene, save_model
from robot_skills.sim.sim_arm import SimArm
from robot_skills.sim.start import situation_of

Floats = NDArray[np.float64]

ARM = "ur5e"
SCENES = ("blocks", "bare")
THING, GOAL = "red", "on(red, blue)"  # of this goal nothing starts on the thing
NOTHING = """<mujoco model="bare">
  <option timestep="0.002" integrator="implicitfast" cone="elliptic" impratio="10"/>
  <worldbody/>
</mujoco>
"""


def write_scene(name: str, folder: Path, starts: int, seed: int) -> list[Path]:
    """Write `<name>.mjb` and `<name>.npz`, its starts; needs robosuite. Returns the files."""
    scene = _built(name)
    model, states = folder / f"{name}.mjb", folder / f"{name}.npz"
    save_model(scene, model)
    found, commands_m = _STARTS[name](scene, starts, seed)
    np.savez(states, states=found, gripper_command_m=commands_m)
    return [model, states]


def read_scene(name: str, folder: Path) -> tuple[Scene, StateBank]:
    """A scene and its starts, as `write_scene` left them."""
    scene = load_scene(_task(name), _arm(), folder / f"{name}.mjb")
    with np.load(folder / f"{name}.npz") as file:
        return scene, make_bank(scene, file["states"], file["gripper_command_m"])


def random_starts(scene: Scene, count: int, seed: int) -> StateBank:
    """Random starts in which the block that is grasped lies free."""
    rng = np.random.default_rng(seed)
    return random_bank(scene, situation_of(scene.task, GOAL, rng).goal, count, rng)


def _held_starts(scene: Scene, count: int, seed: int) -> tuple[Floats, Floats]:
    """The same a little later: hands that have just lifted what they hold."""
    physics = ThreadPhysics(scene, count)
    arm = BatchArm(physics)
    everywhere = torch.ones(count, dtype=torch.bool)
    arm.reset(everywhere, random_starts(scene, count, seed), torch.arange(count))
    hands = GraspingHands(arm, THING)
    for period in range(CLOSED_AT + 10):
        arm.act(*hands.targets(period))
    held = torch.nonzero(hands.lifted())[:, 0]
    states = np.array([physics.state_of(int(world)) for world in held])
    return states, arm.gripper_command_m[held].numpy()


def _at_home(scene: Scene, count: int, seed: int) -> tuple[Floats, Floats]:
    """The arm near home, turned a little otherwise each time."""
    robot, rng = SimArm(scene), np.random.default_rng(seed)
    states, commands_m = [], []
    for _ in range(count):
        turned = scene.arm.home + rng.uniform(-0.1, 0.1, scene.arm.dof)
        robot.place(turned, scene.arm.gripper.width_max_m, {}, {})
        states.append(robot.state)
        commands_m.append(robot.gripper_command_m)
    return np.array(states), np.array(commands_m)


_STARTS: dict[str, Callable[[Scene, int, int], tuple[Floats, Floats]]] = {
    "blocks": _held_starts,
    "bare": _at_home,
}


def _task(name: str) -> Task:
    blocks = load_task(find("envs", "blocks"))
    return blocks if name == "blocks" else replace(blocks, objects={}, fixtures={})


def _arm() -> ArmProfile:
    return load_arm(find("assets/arms", ARM))


def _built(name: str) -> Scene:
    task = _task(name)
    if name == "blocks":
        return build_scene(task, _arm(), visual=False)
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "scene.xml").write_text(NOTHING)
        bare = replace(task, folder=Path(folder), scene="scene.xml")
        return replace(build_scene(bare, _arm(), visual=False), task=task)
