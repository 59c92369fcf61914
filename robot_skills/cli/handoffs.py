"""robot-skills handoffs: where one skill ends and the next cannot start, and what would mend it."""

import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import tyro

from robot_skills.cli.simulated import Simulated

if TYPE_CHECKING:
    from rich.table import Table

    from robot_skills.run.handoffs.advice import Advice
    from robot_skills.run.handoffs.estimates import HandoffTable
    from robot_skills.run.trials.trial import SkillTrial

FIRST_SEED = 20_000  # far from the seeds with which tasks are evaluated


@dataclass(frozen=True)
class Handoffs:
    """Measure how well skills start where others end, and say what would mend the weak ones.

    Runs tasks in simulation, and from the end of every skill tries one more that was not planned.
    The library is told what was measured: the planner then prefers chains that hand over well.
    """

    library: tyro.conf.Positional[Path] = Path("runs/demo/library")
    """Folder of a skill library."""

    task: tuple[str, ...] = ()
    """Goals of the environment to run; all of them by default."""

    episodes: int = 10
    """Episodes a task."""

    trials: Path | None = None
    """Folder of trials measured before, instead of running any."""

    env: str = ""
    """Environment: a name in envs/ or a folder with a task.toml; the library's own by default."""

    arm: str = ""
    """Arm: a name in assets/arms/ or a folder; the library's own by default."""

    seed: int = FIRST_SEED
    """Seed of the first episode's start; the others count up from it."""

    workers: int = 2
    """Processes that run at the same time; the result does not depend on it."""

    probe: bool = True
    """Try one skill more from the end of every skill, so that pairs in no plan are measured too."""

    keep: bool = True
    """Write what was measured into the library, as its next version."""

    out: Path = Path("runs/handoffs")
    """Folder for the trials, and for start states to practise from."""

    fix: bool = False
    """Run the first command that is advised."""

    def run(self) -> None:
        """Measure, tell the library, print the tables and the advice; with --fix follow it."""
        from rich.console import Console

        from robot_skills.run.handoffs.advice import Place, advise
        from robot_skills.run.handoffs.estimates import measure_handoffs

        simulated = Simulated(self.library, self.env, self.arm)
        library, task, _ = simulated.load()
        for name in self.task:
            task.goal(name)
        trials = self._trials(simulated, self.task or tuple(task.goals))
        table = measure_handoffs(trials)
        seen = tuple(name for name, goal in task.goals.items() if goal.seen)
        place = Place(self.library, self.out / "starts", seen)
        advice = advise(table, trials, library, place)
        console = Console()
        console.print(operator_table(table))
        console.print(handoff_table(table))
        if self.keep:
            self._keep(table, trials)
        self._tell(advice)

    def _trials(self, simulated: Simulated, goals: Sequence[str]) -> "list[SkillTrial]":
        from robot_skills.cli.progress import track
        from robot_skills.core.errors import InputError
        from robot_skills.core.parallel import map_in_processes
        from robot_skills.run.evaluate.parallel import cases
        from robot_skills.run.trials.trial_files import load_trials, save_trials

        if self.trials is not None:
            return load_trials(self.trials)
        if self.episodes < 1:
            raise InputError(f"--episodes must be at least 1; found {self.episodes}")
        wanted = cases(goals, self.episodes, self.seed)
        build = ProbedTrials(simulated, self.probe)
        found = map_in_processes(build, wanted, self.workers, track, "trying skills")
        trials = [trial for episode in found for trial in episode]
        print(f"trials: {save_trials(self.out / 'trials', trials, replace=True)}")
        return trials

    def _keep(self, table: "HandoffTable", trials: "Sequence[SkillTrial]") -> None:
        from robot_skills.run.handoffs.estimates import with_handoffs
        from robot_skills.storage.libraries import load_library, save_library

        library = with_handoffs(load_library(self.library), table, trials)
        save_library(self.library, library, replace=True)
        print(f"{self.library} is now version {load_library(self.library).version}")

    def _tell(self, advice: "Sequence[Advice]") -> None:
        from robot_skills.run.trials.trial_files import save_trials

        for one in advice:
            save_trials(one.folder, one.starts, replace=True)
            print(f"{one.reason}\n  {command_line(one)}")
        if not advice:
            print("no weak hand-off was found")
        elif self.fix:
            self._follow(advice[0])

    def _follow(self, advice: "Advice") -> None:
        from robot_skills.cli.verb import parse_verb

        print(f"running: {command_line(advice)}", flush=True)
        parse_verb(advice.command[0], list(advice.command[1:])).run()


@dataclass(frozen=True)
class ProbedTrials:
    """Builds, in each process, what gives the trials of an episode and what was tried beside."""

    simulated: Simulated
    probe: bool

    def __call__(self) -> "Callable[[tuple[str, int]], list[SkillTrial]]":
        """A function from goal and seed to trials."""
        from robot_skills.run.handoffs.probing import probe
        from robot_skills.run.trials.collecting import run_trials

        library, simulation, make_plan = self.simulated.parts()

        def run_case(case: tuple[str, int]) -> "list[SkillTrial]":
            goal, seed = case
            _, trials = run_trials(simulation, library, make_plan, goal, seed)
            probed = probe(simulation, library, trials, seed) if self.probe else []
            return [*trials, *probed]

        return run_case


def command_line(advice: "Advice") -> str:
    """The advised command as it is typed."""
    return shlex.join(["robot-skills", *advice.command])


def operator_table(table: "HandoffTable") -> "Table":
    """Success of each operator from starts that it knows."""
    from rich.table import Table

    shown = Table("operator", "success from known starts", "95 %", "trials", box=None)
    for name, rate in sorted(table.operators.items()):
        interval = f"{100 * rate.low:.0f}..{100 * rate.high:.0f} %"
        shown.add_row(name, f"{rate.value:.0%}", interval, str(rate.n))
    return shown


def handoff_table(table: "HandoffTable") -> "Table":
    """Every pair that was tried, the weakest first."""
    from rich.table import Table

    columns = ("before", "after", "hand-off", "success after it", "95 %", "covered", "trials")
    shown = Table(*columns, box=None)
    for pair in sorted(table.pairs, key=lambda one: (one.value, one.before, one.after)):
        rate = pair.success
        shown.add_row(
            pair.before or "(start)",
            pair.after,
            f"{pair.value:.0%}",
            f"{rate.value:.0%}",
            f"{100 * rate.low:.0f}..{100 * rate.high:.0f} %",
            f"{pair.covered:.0%}",
            str(pair.trials),
        )
    return shown
