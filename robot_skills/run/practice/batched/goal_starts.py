"""Random starts of a task's goals in one scene, from which a policy learns them from nothing."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from robot_skills.core.arm import ArmProfile
from robot_skills.core.errors import InputError
from robot_skills.core.facts import State
from robot_skills.core.robot import Kinematics
from robot_skills.core.task import Task
from robot_skills.sim.batch.bank import StateBank, bank_of_arms
from robot_skills.sim.scene import Scene, build_scene
from robot_skills.sim.sim_arm import SimArm
from robot_skills.sim.start import Situation, reset, situation_of

TRIES = 1000


@dataclass(frozen=True)
class GoalStarts:
    """S starts in one scene, and the goal of each: facts that shall hold."""

    scene: Scene
    bank: StateBank
    goals: tuple[State, ...]

    def __len__(self) -> int:
        return len(self.goals)


def draw_goal_starts(
    task: Task,
    arm: ArmProfile,
    kinematics: Kinematics,
    goals: Sequence[str],
    each: int,
    seed: int = 0,
) -> GoalStarts:
    """`each` starts of every goal, a template or facts, with the most objects that a start has.

    Raises InputError where a goal never starts with so many.
    """
    rng = np.random.default_rng([seed, 0x676F616C])
    objects = tuple(list(task.objects)[: task.reset.objects[1]])
    scene = build_scene(task, arm, objects, visual=False)
    arms, wanted = [], []
    for goal in goals:
        for _ in range(each):
            situation = _with_all(task, goal, objects, rng)
            robot = SimArm(scene)
            reset(robot, kinematics, situation.goal, rng)
            arms.append(robot)
            wanted.append(situation.goal.facts)
    return GoalStarts(scene, bank_of_arms(arms), tuple(wanted))


def _with_all(
    task: Task, goal: str, objects: tuple[str, ...], rng: np.random.Generator
) -> Situation:
    for _ in range(TRIES):
        situation = situation_of(task, goal, rng)
        if situation.objects == objects:
            return situation
    raise InputError(f"goal {goal} never starts with {', '.join(objects)}: worlds are all alike")
