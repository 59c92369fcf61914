"""Practice and trials of one skill in many worlds of MuJoCo Warp on one device."""

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from robot_skills.cli.compute import Compute
from robot_skills.cli.simulated import Simulated

if TYPE_CHECKING:
    from robot_skills.core.skill import Skill
    from robot_skills.nets.residual import ResidualReach
    from robot_skills.run.practice.batched.worlds import SkillWorlds
    from robot_skills.run.trials.trial import SkillTrial
    from robot_skills.train.refinement.practising import Practised
    from robot_skills.train.refinement.state import PracticeState


@dataclass(frozen=True)
class WorldStages:
    """What is done with one library in many worlds, from one seed.

    The worlds differ by `randomise` times what arms and things usually differ by. Rounds of
    practice are drawn for TensorBoard in `board`, where that is given.
    """

    simulated: Simulated
    compute: Compute
    seed: int
    randomise: float = 0.0
    board: Path | None = None

    def practise(
        self,
        starts: "Sequence[SkillTrial]",
        reach: "ResidualReach",
        budget_s: float,
        state: "PracticeState | None",
        keep: "Callable[[PracticeState], None]",
    ) -> "Practised":
        """A residual for the skill of these trials, from a `state` on where there is one."""
        from robot_skills.cli.progress import track
        from robot_skills.train.refinement.batched.algorithm import BatchedConfig
        from robot_skills.train.refinement.batched.board import Board, NoBoard
        from robot_skills.train.refinement.batched.practising import Telling, practise_worlds
        from robot_skills.train.refinement.practising import Budget

        worlds = self._worlds(starts, reach, self.randomise)
        with closing(Board(self.board) if self.board else NoBoard()) as board:
            return practise_worlds(
                worlds,
                BatchedConfig(),
                Budget(budget_s),
                self.seed,
                state,
                Telling(keep, board, track),
            )

    def tried(self, skill: "Skill", trials: "Sequence[SkillTrial]") -> list[bool]:
        """Whether a refined skill succeeds from the start of each trial, in worlds all alike."""
        import torch

        from robot_skills.cli.progress import track
        from robot_skills.nets.batched.residual import residual_in_torch
        from robot_skills.nets.batched.worlds import maker
        from robot_skills.nets.residual import PREFIX, SETTINGS, reach_of
        from robot_skills.train.refinement.batched.trying import successes

        worlds = self._worlds(trials, reach_of(skill), randomise=0.0)
        own = {
            name.removeprefix(PREFIX): array
            for name, array in skill.weights.items()
            if name.startswith(PREFIX)
        }
        make = maker(worlds.physics.device, torch.float32)
        act = residual_in_torch(own, int(str(skill.settings[SETTINGS[0]])), make)
        rows, label = torch.arange(len(trials)), "trying the new skill in MuJoCo Warp"
        found: list[bool] = successes(worlds, act, rows, track, label).tolist()
        return found

    def _worlds(
        self, trials: "Sequence[SkillTrial]", reach: "ResidualReach", randomise: float
    ) -> "SkillWorlds":
        from robot_skills.run.practice.batched.starts import read_starts
        from robot_skills.run.practice.batched.worlds import SkillWorlds
        from robot_skills.sim.batch.randomise import draw_differences
        from robot_skills.sim.batch.warp import WarpPhysics

        library, simulation, _ = self.simulated.parts()
        starts = read_starts(simulation, library, trials)
        physics = WarpPhysics(starts.scene, self.compute.worlds, self.compute.device)
        worlds = SkillWorlds(physics, library, starts, reach, self.seed)
        if randomise > 0.0:
            count = self.compute.worlds
            worlds.differ(draw_differences(starts.scene, count, randomise, self.seed), self.seed)
        return worlds
