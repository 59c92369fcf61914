"""Skill moments of an episode to trials."""

import numpy as np
from numpy.typing import NDArray

from robot_skills.core import poses
from robot_skills.core.frames import upright_frame
from robot_skills.core.skill import PlanStep, Skill, SkillLibrary
from robot_skills.core.task import Task
from robot_skills.run.execute.watching import SkillMoment
from robot_skills.run.trials.trial import SkillTrial, Snapshot
from robot_skills.sim.sim_arm import SimArm

Floats = NDArray[np.float64]


class TrialRecorder:
    """Makes trials of the skill moments of one episode."""

    def __init__(
        self,
        robot: SimArm,
        library: SkillLibrary,
        task: Task,
        goal: str = "",
        seed: int = 0,
        trials: list[SkillTrial] | None = None,
    ) -> None:
        self._robot, self._library, self._task = robot, library, task
        self._goal, self._seed = goal, seed
        self._frame: Floats | None = None
        self._started: tuple[Snapshot, int] | None = None
        self.trials = [] if trials is None else trials

    def __call__(self, moment: SkillMoment) -> None:
        """Keep the start of a skill, and at its end the trial."""
        skill = self._library.skill(moment.step.skill)
        if moment.outcome is None:
            self._frame = frame_of(skill, moment, self._task)
            self._started = (self._snapshot(skill, moment), moment.control_step)
        elif self._started is not None:
            start, since = self._started
            end = self._snapshot(skill, moment)
            self.trials.append(self._trial(moment, start, end, moment.control_step - since))

    def _snapshot(self, skill: Skill, moment: SkillMoment) -> Snapshot:
        assert self._frame is not None
        thing = moment.subgoal.binding[skill.frame.parameter]
        return Snapshot(
            objects=self._robot.scene.objects,
            simulator=self._robot.state,
            gripper_command_m=self._robot.gripper_command_m,
            joint_target=moment.joint_target,
            ee_target=moment.ee_target,
            ee_in_frame=np.asarray(poses.relative(self._frame, moment.ee_pose)),
            gripper_width_m=moment.observation.gripper_width_m,
            opening=moment.observation.fixture_position.get(thing, 0.0),
            facts=moment.facts,
        )

    def _trial(
        self, moment: SkillMoment, start: Snapshot, end: Snapshot, control_steps: int
    ) -> SkillTrial:
        assert moment.outcome is not None
        step = moment.step
        last = self.trials[-1] if self.trials else None
        again = last is not None and not last.success and same_step(last, step)
        return SkillTrial(
            goal=self._goal,
            seed=self._seed,
            number=len(self.trials),
            skill=step.skill,
            operator=step.operator.name,
            arguments=step.arguments,
            previous=last.operator if last else "",
            previous_success=last.success if last else False,
            first_try=not again,
            outcome=moment.outcome.name,
            control_steps=control_steps,
            start=start,
            end=end,
        )


def same_step(trial: SkillTrial, step: PlanStep) -> bool:
    """Whether a trial was of this operator on these things."""
    return (trial.operator, trial.arguments) == (step.operator.name, step.arguments)


def frame_of(skill: Skill, moment: SkillMoment, task: Task) -> Floats:
    """The skill's reference frame (7,) in world at one moment."""
    thing = moment.subgoal.binding[skill.frame.parameter]
    if skill.frame.kind == "goal":
        pose = moment.subgoal.poses[thing]
    else:
        pose = moment.observation.object_pose[thing].pose
    return np.asarray(upright_frame(pose, task.yaw_symmetry_of(thing)))
