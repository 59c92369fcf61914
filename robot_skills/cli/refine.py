"""robot-skills refine: one skill practises in simulation until it is better, or stays as it was."""

import hashlib
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from math import exp
from pathlib import Path
from typing import TYPE_CHECKING

import tyro

from robot_skills.cli.compute import Compute, Device, choose_compute
from robot_skills.cli.refine_stages import Stages
from robot_skills.cli.refine_worlds import WorldStages
from robot_skills.cli.simulated import Simulated

if TYPE_CHECKING:
    from robot_skills.core.skill import Skill
    from robot_skills.nets.residual import ResidualReach
    from robot_skills.run.practice.gate import Transfer, Verdict
    from robot_skills.run.practice.starts import Chosen, SkillNeed
    from robot_skills.run.trials.trial import SkillTrial
    from robot_skills.storage.kept_practice import KeptPractice
    from robot_skills.train.refinement.practising import Practised

PRACTICE_STARTS = 300
PRACTICE_SEED, HELD_OUT_SEED = 10_000_000, 20_000_000  # evaluations count up from small seeds
SEEDS_APART = 100_000  # so that no two values of --seed share a start
LEAST_PRACTICE = 0.25  # of the minutes, however long measuring takes


@dataclass(frozen=True)
class Refine:
    """Improve one skill of a library by practice: reinforcement learning on its own effects.

    The cloned policy stays as it is; a small network learns to correct its targets, from the
    starts that the seen goals lead the skill to. Then old and new are tried from the same 1,000
    starts that practice never saw. The new one is kept only when it does better and the 95 %
    interval rules out that it does worse by more than a point. What was practised in MuJoCo Warp
    has to succeed as often in MuJoCo C, to within 3 points for certain. A practice that was cut off
    goes on when the same command is typed again.
    """

    library: tyro.conf.Positional[Path]
    """Folder of a skill library."""

    skill: str = ""
    """Skill to refine; by default the one that limits the plans for the seen goals most."""

    starts: Path | None = None
    """Folder of trials to practise from besides, such as robot-skills handoffs writes."""

    out: Path | None = None
    """Folder for the library with the refined skill; by default it takes the old one's place,
    which is kept as an older version."""

    minutes: float = 60.0
    """Time for all of it: finding starts, practice, and comparing old and new."""

    env: str = ""
    """Environment: a name in envs/ or a folder with a task.toml; the library's own by default."""

    arm: str = ""
    """Arm: a name in assets/arms/ or a folder; the library's own by default."""

    position_m: float = 0.005
    """How far a correction may move the target along an axis."""

    rotation_rad: float = 0.05
    """How far a correction may turn it about an axis."""

    seed: int = 0
    """Seed of the starts and of every random choice in practice."""

    workers: int = 2
    """Processes that try skills at the same time, and on the CPU practise."""

    device: Device = "auto"
    """Where to practise: cuda in many worlds of MuJoCo Warp on a GPU, cpu in processes, auto on a
    GPU where there is one; warp-cpu is MuJoCo Warp without a GPU, slow, for trying it out."""

    worlds: int | None = None
    """Worlds on the device; 4096 on a GPU and 16 without one where not given."""

    randomise: float = 0.0
    """How much the worlds differ in friction, masses, servos, sizes, delay and noise: 0 not at all,
    1 as arms and things do. Only in MuJoCo Warp."""

    board: Path | None = None
    """Folder in which TensorBoard finds the rounds of practice. Only in MuJoCo Warp."""

    def run(self) -> None:
        """Choose, practise, compare, and save where the refined skill is better."""
        started_s = time.monotonic()
        self._check()
        compute = choose_compute(self.device, self.worlds)
        self._check_for(compute)
        print(compute.why)
        kept = self._kept(compute)
        chosen = self._chosen(kept)
        with told_where_kept(kept.folder):
            self._practise_and_judge(chosen, kept, compute, started_s)
        kept.remove()

    def _practise_and_judge(
        self, chosen: "Chosen", kept: "KeptPractice", compute: Compute, started_s: float
    ) -> None:
        """Everything after the choice; `started_s` is when the command began."""
        from robot_skills.run.practice.gate import LEAST_PAIRS, judge

        passed_s = time.monotonic() - started_s
        comparing_s = chosen.measuring_s(LEAST_PAIRS)
        least_s = 60 * self.minutes * LEAST_PRACTICE
        left_s = 60 * self.minutes - passed_s - comparing_s
        if left_s < least_s:
            print(overrun_line(self.minutes, passed_s + least_s + comparing_s))
        practised = self._practise(chosen, max(left_s, least_s), kept, compute)
        refined = self._refined(chosen.name, practised)
        first_seed = HELD_OUT_SEED + SEEDS_APART * self.seed
        before = self._stages.collect(chosen.name, LEAST_PAIRS, chosen.uses, first_seed)
        after = self._stages.repeat(refined, before)
        verdict = judge([t.success for t in before], [t.success for t in after])
        print("\n".join(verdict_lines(chosen.name, verdict)))
        transfer = self._transfer(refined, after, compute) if compute.device else None
        if verdict.accepted and (transfer is None or transfer.accepted):
            minutes = (time.monotonic() - started_s) / 60
            told = self._told(practised.steps, minutes, transfer)
            self._save(refined, verdict, after, told)
        else:
            print(f"{self.library} is as it was")

    @property
    def _stages(self) -> Stages:
        return Stages(Simulated(self.library, self.env, self.arm), self.seed, self.workers)

    def _in_worlds(self, compute: Compute) -> WorldStages:
        simulated = Simulated(self.library, self.env, self.arm)
        return WorldStages(simulated, compute, self.seed, self.randomise, self.board)

    def _transfer(
        self, refined: "Skill", after: "Sequence[SkillTrial]", compute: Compute
    ) -> "Transfer":
        """The refined skill in MuJoCo Warp from the starts that it was tried from in MuJoCo C."""
        from robot_skills.run.practice.gate import judge_transfer

        in_worlds = self._in_worlds(compute).tried(refined, after)
        transfer = judge_transfer(in_worlds, [trial.success for trial in after])
        print("\n".join(transfer_lines(transfer)))
        return transfer

    @property
    def _reach(self) -> "ResidualReach":
        from robot_skills.nets.residual import ResidualReach

        return ResidualReach(self.position_m, self.rotation_rad)

    def _check(self) -> None:
        from robot_skills.core.errors import InputError
        from robot_skills.run.trials.trial_files import load_trials
        from robot_skills.sim.spreads import LARGEST_SCALE
        from robot_skills.storage.libraries import check_free, load_library
        from robot_skills.storage.writable import check_folder

        library = load_library(self.library)
        if self.skill:
            library.skill(self.skill)
        for flag in ("minutes", "position_m", "rotation_rad", "workers"):
            if not getattr(self, flag) > 0:
                name = flag.replace("_", "-")
                raise InputError(f"--{name} must be above 0; found {getattr(self, flag):g}")
        if not 0.0 <= self.randomise <= LARGEST_SCALE:
            most = f"{LARGEST_SCALE:g}"
            raise InputError(f"--randomise goes from 0 (none) to {most}; found {self.randomise:g}")
        if self.starts is not None:
            load_trials(self.starts)
        if self.out is not None:
            check_free(self.out, replace=False)
        check_folder((self.out or self.library).parent)

    def _check_for(self, compute: Compute) -> None:
        """Raise InputError for flags that mean nothing where practice will be."""
        from robot_skills.core.errors import InputError

        only = {"worlds": self.worlds, "randomise": self.randomise, "board": self.board}
        given = [f"--{name}" for name, value in only.items() if value]
        if given and not compute.device:
            raise InputError(
                f"leave out {', '.join(given)}, for worlds of MuJoCo Warp alone: {compute.why}"
            )

    def _chosen(self, kept: "KeptPractice") -> "Chosen":
        """What was chosen before the same command was broken off, or is chosen now and kept."""
        from robot_skills.run.practice.kept_starts import load_starts, save_starts

        found = load_starts(kept.starts, kept.key)
        if found is not None:
            print(
                f"going on from the {len(found.starts)} starts of {found.name} kept in "
                f"{kept.folder}"
            )
            return found
        chosen = self._choose()
        save_starts(kept.starts, kept.key, chosen)
        return chosen

    def _choose(self) -> "Chosen":
        """The skill that was asked for or limits the plans most, and trials to practise from."""
        from robot_skills.run.practice.starts import (
            Chosen,
            limiting_skill,
            skill_needs,
            trials_of,
        )

        first_seed = PRACTICE_SEED + SEEDS_APART * self.seed
        began_s = time.monotonic()
        trials, episodes = self._stages.pilot(first_seed)
        pilot_s = time.monotonic() - began_s
        needs = skill_needs(trials, episodes)
        name = self.skill or limiting_skill(needs)
        print("\n".join(need_lines(needs, name)))
        own, given = trials_of(trials, name), self._given(name)
        uses, missing = len(own) / episodes, PRACTICE_STARTS - len(own)
        if missing > 0:
            finding_s = missing / max(uses, 0.1) * pilot_s / episodes
            print(f"finding {missing} starts more of {name}: about {finding_s / 60:.0f} minutes")
            if finding_s > 60 * self.minutes:
                print(overrun_line(self.minutes, finding_s + 60 * self.minutes * LEAST_PRACTICE))
        own += self._stages.collect(name, missing, uses, first_seed + episodes)
        steps = sum(trial.control_steps for trial in trials)
        own_steps = sum(trial.control_steps for trial in own) / len(own)
        return Chosen(name, (*given, *own), uses, pilot_s / episodes, pilot_s / steps * own_steps)

    def _given(self, name: str) -> "list[SkillTrial]":
        """Trials of the skill in --starts."""
        from robot_skills.core.errors import InputError
        from robot_skills.run.trials.trial_files import load_trials

        if self.starts is None:
            return []
        found = [trial for trial in load_trials(self.starts) if trial.skill == name]
        if not found:
            raise InputError(f"--starts {self.starts}: holds no trial of the skill {name}")
        return found

    def _kept(self, compute: Compute) -> "KeptPractice":
        from robot_skills import __version__
        from robot_skills.storage.file_hash import sha256_of
        from robot_skills.storage.kept_practice import KeptPractice
        from robot_skills.storage.libraries import library_sha256
        from robot_skills.train.refinement.algorithm import AlgorithmConfig

        setting = (self.env, self.arm, self.seed, self._reach, AlgorithmConfig())
        given = sorted(self.starts.iterdir()) if self.starts else []
        files = [sha256_of(file) for file in given if file.is_file()]
        place = (compute.device, compute.worlds, self.randomise) if compute.device else ()
        parts = (__version__, library_sha256(self.library), self.skill, *setting, *files, *place)
        key = hashlib.sha256(repr(parts).encode()).hexdigest()
        return KeptPractice(self.out or self.library, key)

    def _practise(
        self, chosen: "Chosen", budget_s: float, kept: "KeptPractice", compute: Compute
    ) -> "Practised":
        from robot_skills.train.refinement.state import PracticeState

        print(
            f"practising {chosen.name} for {budget_s / 60:.0f} minutes from {len(chosen.starts)} "
            "starts"
        )
        found, state = kept.load(), None
        if found is not None:
            state = PracticeState.of(*found)
            print(f"going on with the practice kept in {kept.folder}")

        def keep(state: PracticeState) -> None:
            kept.save(state.arrays, state.figures)

        stages = self._in_worlds(compute) if compute.device else self._stages
        return stages.practise(chosen.starts, self._reach, budget_s, state, keep)

    def _refined(self, name: str, practised: "Practised") -> "Skill":
        from robot_skills.nets.residual import with_residual
        from robot_skills.storage.libraries import load_library

        skill = load_library(self.library).skill(name)
        return with_residual(skill, dict(practised.weights), practised.layers, self._reach)

    def _told(self, steps: int, minutes: float, transfer: "Transfer | None") -> dict[str, str]:
        """What the lineage keeps of how the skill was refined."""
        from robot_skills import __version__

        told = {
            "seed": str(self.seed),
            "decisions": str(steps),
            "minutes": f"{minutes:.0f}",
            "version": __version__,
        }
        if transfer is None:
            return told
        return told | {
            "randomise": f"{self.randomise:g}",
            "success in MuJoCo Warp": str(transfer.practised),
            "success in MuJoCo C": str(transfer.in_c),
            "drop": f"{-100 * transfer.difference.value:.1f} points",
            "MuJoCo C less Warp": str(transfer.difference),
        }

    def _save(
        self,
        refined: "Skill",
        verdict: "Verdict",
        after: "Sequence[SkillTrial]",
        told: dict[str, str],
    ) -> None:
        from robot_skills.run.practice.refined import accept
        from robot_skills.storage.libraries import load_library, save_library

        library = accept(load_library(self.library), refined, verdict, after, told)
        to = save_library(self.out or self.library, library, replace=self.out is None)
        print(f"{to} written after {told['minutes']} minutes")


@contextmanager
def told_where_kept(folder: Path) -> Iterator[None]:
    """Tell where the practice is kept, should it be broken off."""
    try:
        yield
    except KeyboardInterrupt:
        print(f"kept in {folder}: the same command goes on from there")
        raise


def overrun_line(minutes: float, needed_s: float) -> str:
    """That --minutes is too short for finding starts, some practice, and comparing."""
    needed = f"{needed_s / 60:.0f} minutes" if needed_s >= 90 else f"{needed_s:.0f} s"
    return f"--minutes {minutes:g} is too short: this will take {needed} or more; Ctrl-C breaks off"


def need_lines(needs: "Sequence[SkillNeed]", chosen: str) -> list[str]:
    """What each skill costs the plans, as lines of text; an arrow at the one to refine."""
    lines = ["skill                 uses  success                      plans lost by it"]
    for need in needs:
        mark = "  <- to refine" if need.skill == chosen else ""
        lost = 1.0 - exp(-need.loss)
        lines.append(f"{need.skill:<20} {need.uses:5.1f}  {need.success!s:<28} {lost:.0%}{mark}")
    return lines


def verdict_lines(skill: str, verdict: "Verdict") -> list[str]:
    """Old, new, difference and decision, as lines of text."""
    return [
        f"{skill} from {verdict.difference.n} starts that practice never saw",
        f"  old         {verdict.before}",
        f"  new         {verdict.after}",
        f"  difference  {verdict.difference}",
        f"  {verdict.reason}",
    ]


def transfer_lines(transfer: "Transfer") -> list[str]:
    """Success in both physics, difference and decision, as lines of text."""
    return [
        f"the new skill from the same {transfer.difference.n} starts",
        f"  MuJoCo Warp {transfer.practised}",
        f"  MuJoCo C    {transfer.in_c}",
        f"  difference  {transfer.difference}",
        f"  {transfer.reason}",
    ]
