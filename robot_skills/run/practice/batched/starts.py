"""Starts of trials as a bank: states of one scene, the step of each, what the arm was sent to."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from robot_skills.core.errors import InputError
from robot_skills.core.skill import PlanStep, SkillLibrary
from robot_skills.nets.batched.worlds import MakeTensor
from robot_skills.run.evaluate.episodes import Simulation
from robot_skills.run.practice.batched.widening import Widening, all_objects
from robot_skills.run.practice.environment import step_of
from robot_skills.run.trials.trial import SkillTrial
from robot_skills.sim.batch.bank import StateBank, make_bank
from robot_skills.sim.scene import Scene

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Starts:
    """S starts of one skill in one scene; `which` (S,) says which of the `steps` each is of.

    `joint_target` (S, J) rad and `ee_target` (S, 7) in world are what the arm was last sent to,
    where `has_joint_target` and `has_ee_target` (S,): before its first command there is nothing.
    `succeeded` (S,) is what came of it when the trial was made.
    """

    scene: Scene
    bank: StateBank
    steps: tuple[PlanStep, ...]
    which: NDArray[np.int64]
    joint_target: Floats
    has_joint_target: NDArray[np.bool_]
    ee_target: Floats
    has_ee_target: NDArray[np.bool_]
    succeeded: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.which)


@dataclass(frozen=True)
class StartTensors:
    """The same on a device, but for the scene and the steps."""

    bank: StateBank
    which: torch.Tensor
    joint_target: torch.Tensor
    has_joint_target: torch.Tensor
    ee_target: torch.Tensor
    has_ee_target: torch.Tensor

    @classmethod
    def of(cls, starts: Starts, device: torch.device, make: MakeTensor) -> "StartTensors":
        """Put starts on a device, with numbers of the type that `make` gives."""
        dtype = make(np.zeros(1)).dtype
        return cls(
            bank=starts.bank.to(device, dtype),
            which=make(starts.which),
            joint_target=make(starts.joint_target),
            has_joint_target=make(starts.has_joint_target),
            ee_target=make(starts.ee_target),
            has_ee_target=make(starts.has_ee_target),
        )


def read_starts(
    simulation: Simulation, library: SkillLibrary, trials: Sequence[SkillTrial]
) -> Starts:
    """The starts of trials of one skill, brought into one scene with all of their objects.

    Raises InputError for no trials, trials of several skills, or of another library.
    """
    skills = sorted({trial.skill for trial in trials})
    if len(skills) != 1:
        raise InputError(f"practice is of one skill; found trials of {', '.join(skills) or 'none'}")
    objects = all_objects(simulation.task, [trial.start.objects for trial in trials])
    scene = simulation.robot(objects).scene
    widening = {
        present: Widening(simulation.robot(present).scene, scene)
        for present in {trial.start.objects for trial in trials}
    }
    states = [widening[t.start.objects].state(t.start.simulator) for t in trials]
    commands_m = [trial.start.gripper_command_m for trial in trials]
    named = [step_of(trial, library) for trial in trials]
    steps = tuple(dict.fromkeys(named))
    joints = [trial.start.joint_target for trial in trials]
    ee = [trial.start.ee_target for trial in trials]
    return Starts(
        scene=scene,
        bank=make_bank(scene, np.array(states), np.array(commands_m)),
        steps=steps,
        which=np.array([steps.index(step) for step in named]),
        joint_target=_filled(joints, scene.arm.dof),
        has_joint_target=np.array([one is not None for one in joints]),
        ee_target=_filled(ee, 7),
        has_ee_target=np.array([one is not None for one in ee]),
        succeeded=np.array([trial.success for trial in trials]),
    )


def _filled(rows: Sequence[Floats | None], size: int) -> Floats:
    return np.array([np.zeros(size) if row is None else row for row in rows], dtype=float)
