"""One skill practised in N worlds at once: the executor carries it out, each step is corrected."""

from dataclasses import dataclass

import torch

from robot_skills.core.errors import InputError
from robot_skills.core.skill import SkillLibrary
from robot_skills.nets.batched.correction import BatchCorrection
from robot_skills.nets.batched.policy import BatchPolicy
from robot_skills.nets.batched.steps import step_table
from robot_skills.nets.batched.worlds import maker
from robot_skills.nets.residual import ACTION_SIZE, ResidualReach
from robot_skills.nets.sight.memory import STRIDE
from robot_skills.run.execute.config import ExecutorConfig
from robot_skills.run.execute.skill_monitor import Outcome
from robot_skills.run.practice.batched.curriculum import Curriculum
from robot_skills.run.practice.batched.delay import CommandDelay
from robot_skills.run.practice.batched.monitor import GOES_ON, OUTCOMES, BatchMonitor
from robot_skills.run.practice.batched.motion import BatchMotion
from robot_skills.run.practice.batched.noise import PoseNoise
from robot_skills.run.practice.batched.senses import BatchSenses
from robot_skills.run.practice.batched.starts import Starts, StartTensors
from robot_skills.run.practice.batched.subgoals import BatchSubgoals
from robot_skills.sim.batch.physics import BatchPhysics
from robot_skills.sim.batch.randomise import Differences

CHECK_EVERY = 50  # decisions between two looks at whether the physics can still be trusted


@dataclass(frozen=True)
class Stepped:
    """What came of one decision in N worlds: inputs (N, F) of the next, rewards (N,), ends (N,).

    `outcome` (N,) numbers `OUTCOMES`, or GOES_ON. Inputs are of a new start where a run ended.
    """

    inputs: torch.Tensor
    reward: torch.Tensor
    ended: torch.Tensor
    outcome: torch.Tensor


@dataclass(frozen=True)
class _Chunk:
    """The poses (N, U, 7) in world and widths (N, U) m to carry out, and how done (N,) that is."""

    ee_pose: torch.Tensor
    width_m: torch.Tensor
    done: torch.Tensor


class SkillWorlds:
    """SkillPractice for N worlds: the same decisions, corrections, ends and rewards.

    A step is `reach.every` control steps of every world. A world whose run has ended waits for the
    others to come to the end of the step and begins anew from a start that the curriculum draws.
    Raises InputError for a skill whose policy cannot be asked in step with its corrections.
    """

    def __init__(
        self,
        physics: BatchPhysics,
        library: SkillLibrary,
        starts: Starts,
        reach: ResidualReach,
        seed: int = 0,
        config: ExecutorConfig | None = None,
    ) -> None:
        config = config or ExecutorConfig()
        skill, task = library.skill(starts.steps[0].skill), starts.scene.task
        make = maker(physics.device, physics.dtype)
        like = torch.zeros(physics.worlds, device=physics.device, dtype=physics.dtype)
        self.physics, self.worlds, self.actions = physics, physics.worlds, ACTION_SIZE
        self.starts = len(starts)
        self._motion = BatchMotion(physics, make)
        self._senses = BatchSenses(self._motion.arm, self._motion.forward, make)
        layout = self._senses.layout
        self._policy = BatchPolicy(skill, task, make, like)
        self._used = min(config.replan_every, self._policy.network.chunk)
        _check_in_step(skill.name, self._used, self._policy.network.observations, reach)
        self._correction = BatchCorrection(skill, task, reach, like)
        self._monitor = BatchMonitor(skill, config, like)
        self._subgoals = BatchSubgoals(
            starts.steps, skill, task, layout, make, like, config.rebind_m
        )
        self._table = step_table(starts.steps, skill, task, layout, make)
        self._tensors = StartTensors.of(starts, physics.device, make)
        generator = torch.Generator(physics.device).manual_seed(seed)
        self.curriculum = Curriculum(len(starts), generator)
        self._rows = torch.zeros_like(like, dtype=torch.long)
        self._decisions = 0

    def differ(self, differences: Differences, seed: int = 0) -> None:
        """Let each world have a model, a delay and noise of its own from the next reset on."""
        device, dtype = self.physics.device, self.physics.dtype
        self.physics.set_model({n: v.to(device, dtype) for n, v in differences.fields.items()})
        self._motion.delay = CommandDelay(differences.delay_steps.to(device, dtype))
        scene = self.physics.scene
        may_move = torch.tensor([name in scene.objects for name in scene.bodies], device=device)
        self._senses.noise = PoseNoise(
            differences.position_noise_m,
            differences.rotation_noise_rad,
            may_move,
            torch.Generator(device).manual_seed(seed),
        )

    def reset(self, rows: torch.Tensor | None = None) -> torch.Tensor:
        """Inputs (N, F) of new runs from starts `rows` (N,), or drawn ones, in every world."""
        everywhere = torch.ones_like(self._rows, dtype=torch.bool)
        self._begin(everywhere, self._given(rows))
        return self._decide()

    def step(self, action: torch.Tensor, following: torch.Tensor | None = None) -> Stepped:
        """Carry out the control steps that actions (N, 7) hold for.

        Where a run ends, another one begins from that world's start of `following` (N,), or from
        one that is drawn.
        """
        action = action.to(self.physics.dtype).clamp(-1.0, 1.0)
        outcome = torch.full_like(self._rows, GOES_ON)
        for number in range(self._used):
            said = self._control_step(number, action)
            outcome = torch.where(outcome == GOES_ON, said, outcome)
        ended = outcome != GOES_ON
        success = outcome == OUTCOMES.index(Outcome.SUCCESS)
        self.curriculum.learn(self._rows, ended, success)
        self._begin(ended, self._given(following))
        self._decisions += 1
        if self._decisions % CHECK_EVERY == 0:
            self.physics.check()
        return Stepped(self._decide(), success.float(), ended, outcome)

    def _given(self, rows: torch.Tensor | None) -> torch.Tensor:
        return self.curriculum.draw(self.worlds) if rows is None else rows.to(self._rows.device)

    def _begin(self, mask: torch.Tensor, rows: torch.Tensor) -> None:
        """Put the worlds of a mask (N,) to starts `rows` (N,), and begin the skill anew there."""
        self._rows = torch.where(mask, rows, self._rows)
        self._which = self._tensors.which[self._rows]
        self._steps = self._table.rows(self._which)
        self._motion.reset(mask, self._tensors, self._rows)
        for part in (self._policy, self._correction, self._subgoals):
            part.reset(mask)
        self._sensed = self._senses.look()
        self._monitor.reset(mask, self._steps, self._sensed.facts)

    def _decide(self) -> torch.Tensor:
        """Ask the policy what it wants, and say what a residual sees of that, (N, F)."""
        view, facts = self._sensed.view, self._sensed.facts
        goal = self._goal = self._subgoals.goal(view, self._which)
        chunk = self._policy.act(view, self._steps, goal, facts)
        last = chunk.ee_pose.shape[1] - self._used
        first = self._motion.joining(chunk.ee_pose, last)
        along = first[:, None] + torch.arange(self._used, device=first.device)
        rows = torch.arange(self.worlds, device=first.device)[:, None]
        self._chunk = _Chunk(
            chunk.ee_pose[rows, along], chunk.gripper_width_m[rows, along], chunk.done
        )
        self._correction.look(view, self._steps, goal, facts)
        wanted, width_m = self._chunk.ee_pose[:, 0], self._chunk.width_m[:, 0]
        return self._correction.inputs(view, self._steps, wanted, width_m)

    def _control_step(self, number: int, action: torch.Tensor) -> torch.Tensor:
        """Carry out one pose of the chunks, corrected; how each run ended (N,), or GOES_ON."""
        chunk, steps = self._chunk, self._steps
        if number > 0:  # the first look was the one that the decision was made on
            self._correction.look(self._sensed.view, steps, self._goal, self._sensed.facts)
        wanted, width_m = chunk.ee_pose[:, number], chunk.width_m[:, number]
        ee_pose, sent_m = self._correction.corrected(wanted, width_m, action)
        self._policy.sent(sent_m)
        self._motion.go(self._sensed.joints, ee_pose, sent_m)
        self._sensed = self._senses.look()
        return self._monitor.judge(self._sensed.facts, self._sensed.view.ee, chunk.done, steps)


def _check_in_step(skill: str, used: int, observations: int, reach: ResidualReach) -> None:
    """Raise InputError unless policy, memory and corrections keep the same step."""
    if reach.every != used:
        raise InputError(
            f"skill {skill}: a correction holds for {reach.every} control steps and the policy is "
            f"asked every {used}; many worlds at once need the same number"
        )
    if observations > 1 and used != STRIDE:
        raise InputError(
            f"skill {skill}: its policy remembers what it saw every {STRIDE} control steps and is "
            f"asked every {used}; many worlds at once need the same number"
        )
