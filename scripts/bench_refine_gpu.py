"""How long a skill practises on a GPU until it is good, and what of that holds in MuJoCo C.

    python scripts/bench_refine_gpu.py --prepare --library LIBRARY   # where robosuite is, once
    python scripts/bench_refine_gpu.py                               # on the machine with the GPU

--prepare tries the library's skill from fresh starts and keeps them with the scene in --work. Then
the skill practises in MuJoCo Warp until the mean actions are good enough, and is tried from 1,000
starts that practice never saw, in Warp and in MuJoCo C; the same for as long on the CPU with
stable-baselines3 beside it. Writes refine_minutes, refined_success_c and gate_drop into
docs/results/gpu.json, and without a GPU that they were not measured; `--device cpu --worlds 16
--minutes 2 --held-out 16` rehearses it and writes nothing.
"""

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
import tyro
from refine_parts import Parts, PractisingFiles, read_parts, write_parts
from results import Figure, share, write_results, write_unmeasured

from robot_skills.nets.batched.residual import residual_in_torch
from robot_skills.nets.batched.worlds import maker
from robot_skills.nets.residual import ACTION_SIZE, ResidualReach
from robot_skills.nets.threads import limited_threads
from robot_skills.run.evaluate.statistics import wilson
from robot_skills.run.practice.batched.starts import read_starts
from robot_skills.run.practice.batched.worlds import SkillWorlds
from robot_skills.run.practice.gate import Transfer, judge, judge_transfer
from robot_skills.run.trials.trial import SkillTrial
from robot_skills.sim.batch.c_threads import ThreadPhysics
from robot_skills.sim.batch.physics import BatchPhysics
from robot_skills.sim.batch.warp import WarpPhysics
from robot_skills.sim.scene import Scene
from robot_skills.train.refinement.algorithm import AlgorithmConfig
from robot_skills.train.refinement.batched.algorithm import BatchedConfig
from robot_skills.train.refinement.batched.practising import Round, Telling, practise_worlds
from robot_skills.train.refinement.batched.trying import Act, successes
from robot_skills.train.refinement.crew import Crew
from robot_skills.train.refinement.practising import Budget, Practised, practise
from robot_skills.train.refinement.state import PracticeState

NEEDED = ("refine_minutes", "refined_success_c", "gate_drop")
COMMAND = "python scripts/bench_refine_gpu.py"
NOTHING = f"there was no CUDA device; {COMMAND} measures it where there is one"
REACH = ResidualReach()
C_WORLDS = 64
MARKS = 5  # times at which the practice on the CPU is looked at


MakePhysics = Callable[[Scene, int], BatchPhysics]


@dataclass(frozen=True)
class Bench:
    """Prepare the starts, or practise from them and write what came of it."""

    prepare: bool = False
    """Collect starts and write the scene: needs robosuite."""

    library: Path = Path("runs/bench_assembly/library")
    """Library of the skill. Only with --prepare."""

    skill: str = "inserted"
    """The skill. Only with --prepare."""

    starts: int = 300
    """Starts to practise from. Only with --prepare."""

    held_out: int = 1000
    """Starts to try old and new from."""

    work: Path = Path("runs/refine_gpu")
    """Folder of starts, scene and library."""

    device: str = "cuda"
    """Where Warp runs; cpu is for a rehearsal."""

    worlds: int = 4096
    """Worlds to practise in."""

    minutes: float = 10.0
    """How long practice may take."""

    rounds: int = 10_000
    """How many rounds of practice there may be."""

    workers: int = os.cpu_count() or 1
    """Processes and threads on the CPU."""

    stable_baselines3: bool = True
    """Practise for as long on the CPU as well."""

    def run(self) -> None:
        """Make what is asked for; say what was found."""
        if self.prepare:
            counts = (self.starts, self.held_out, self.workers)
            write_parts(self.library, self.skill, *counts, self.work)
            print(f"{self.work} written")
        elif self.device == "cuda" and not torch.cuda.is_available():
            unmeasured = {name: Figure(None, "", note=NOTHING) for name in NEEDED}
            print(f"{NOTHING}\n{write_unmeasured('gpu', unmeasured)}")
        else:
            figures = self._measure(read_parts(self.work))
            if self.device == "cuda":
                print(write_results("gpu", figures, keep_others=True))

    def _measure(self, parts: Parts) -> dict[str, Figure]:
        held_out = parts.held_out[: self.held_out]
        compiled = self._compile(parts)
        practised, minutes = self._practise_in_warp(parts)
        act = _act(practised, torch.device(self.device), torch.float32)
        in_warp = _tried(parts, held_out, self._warp, self.worlds, act)
        in_c = self._tried_in_c(parts, held_out, practised)
        before = self._tried_in_c(parts, held_out, None)
        verdict, transfer = judge(before, in_c), judge_transfer(in_warp, in_c)
        print(f"cloned {verdict.before}, refined {verdict.after}: {verdict.reason}")
        print(f"in Warp {transfer.practised}, in C {transfer.in_c}: {transfer.reason}")
        figures = {
            "refine_minutes": Figure(minutes, "min", note=f"{self.worlds} worlds"),
            "compile_minutes": Figure(compiled, "min", note="kernels, once on a machine"),
            "cloned_success_c": share(verdict.before),
            "refined_success_c": share(verdict.after),
            "gate_drop": _drop(transfer),
        }
        return figures | (self._beside(parts, held_out) if self.stable_baselines3 else {})

    def _compile(self, parts: Parts) -> float:
        """Have Warp compile the kernels of this scene; minutes, next to none where it once did."""
        began_s = time.monotonic()
        worlds = _worlds(parts, parts.practice, self._warp, 1)
        with torch.no_grad():
            worlds.reset()
        worlds.physics.step()
        return (time.monotonic() - began_s) / 60

    def _practise_in_warp(self, parts: Parts) -> tuple[Practised, float]:
        """A residual, and how many minutes it took, the making of the worlds included."""
        began_s = time.monotonic()

        def show(one: Round) -> None:
            rate, tried = one.figures["success"], one.figures["practice_success"]
            passed = (time.monotonic() - began_s) / 60
            print(
                f"{passed:6.2f} min {one.decisions:>9,} decisions {rate:.1%} ({tried:.1%})",
                flush=True,
            )

        worlds = _worlds(parts, parts.practice, self._warp, self.worlds)
        budget = Budget(60 * self.minutes, self.rounds)
        practised = practise_worlds(worlds, BatchedConfig(), budget, tell=Telling(show=show))
        return practised, (time.monotonic() - began_s) / 60

    def _beside(self, parts: Parts, held_out: Sequence[SkillTrial]) -> dict[str, Figure]:
        """Success in MuJoCo C against minutes of practice by stable-baselines3 on the CPU."""
        figures, kept = {}, list[PracticeState]()
        config, part_s = AlgorithmConfig(environments=max(8, self.workers)), 60 * self.minutes
        crew = Crew(PractisingFiles(self.work, REACH), config.environments, self.workers)
        for mark in range(1, MARKS + 1):
            state = kept[-1] if kept else None
            budget = Budget(part_s / MARKS, self.rounds * mark)
            with limited_threads(1):
                practised = practise(crew, config, budget, kept=state, keep=kept.append)
            good = self._tried_in_c(parts, held_out, practised)
            rate, minutes = wilson(sum(good), len(good)), mark * self.minutes / MARKS
            print(f"stable-baselines3 after {minutes:.1f} min: {rate}")
            figures[f"stable_baselines3_success_c/{minutes:g} min"] = share(rate)
        crew.close()
        return figures

    def _tried_in_c(
        self, parts: Parts, trials: Sequence[SkillTrial], practised: Practised | None
    ) -> list[bool]:
        act = _act(practised, torch.device("cpu"), torch.float64)
        return _tried(parts, trials, self._c, C_WORLDS, act)

    def _warp(self, scene: Scene, worlds: int) -> BatchPhysics:
        return WarpPhysics(scene, worlds, self.device)

    def _c(self, scene: Scene, worlds: int) -> BatchPhysics:
        return ThreadPhysics(scene, worlds, self.workers)


def _worlds(
    parts: Parts, trials: Sequence[SkillTrial], physics: MakePhysics, count: int
) -> SkillWorlds:
    starts = read_starts(parts.simulation, parts.library, trials)
    return SkillWorlds(physics(starts.scene, count), parts.library, starts, REACH)


def _tried(
    parts: Parts, trials: Sequence[SkillTrial], physics: MakePhysics, count: int, act: Act
) -> list[bool]:
    """Whether the skill succeeds from each start, in some physics."""
    worlds = _worlds(parts, trials, physics, min(count, len(trials)))
    found: list[bool] = successes(worlds, act, torch.arange(len(trials))).tolist()
    return found


def _act(practised: Practised | None, device: torch.device, dtype: torch.dtype) -> Act:
    """What was learned as a function; nothing where there is nothing."""
    if practised is None:
        return lambda inputs: torch.zeros(len(inputs), ACTION_SIZE, device=device, dtype=dtype)
    return residual_in_torch(practised.weights, practised.layers, maker(device, dtype))


def _drop(transfer: Transfer) -> Figure:
    found = transfer.difference
    return Figure(-found.value, "share", -found.high, -found.low, found.n, transfer.reason)


if __name__ == "__main__":
    tyro.cli(Bench, description=__doc__).run()
