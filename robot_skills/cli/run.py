"""robot-skills run: carry tasks out in simulation, again and again, and count."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from robot_skills.cli.provenance import library_identity
from robot_skills.cli.simulated import Simulated

if TYPE_CHECKING:
    from rich.table import Table

    from robot_skills.core.task import Task
    from robot_skills.run.evaluate.episodes import Episode
    from robot_skills.run.evaluate.results import TaskResult
    from robot_skills.run.evaluate.statistics import Rate
    from robot_skills.run.execute.watching import Moment
    from robot_skills.sim.disturbances import DisturbanceKind
    from robot_skills.sim.sim_arm import SimArm

REASONS_SHOWN = 5
TASK_COLUMNS = ("", "success", "95 %", "first try", "n", "time s")


@dataclass(frozen=True)
class Run:
    """Carry tasks out in simulation and count successes, by task and by skill.

    Episodes start at random places drawn from the seed: the same seed gives the same starts and
    results, whatever the number of workers. Intervals are Wilson's, at 95 %.
    """

    library: Path = Path("runs/demo/library")
    """Folder of a skill library."""

    goal: str = ""
    """Facts that should hold, such as 'on(red, blue) in(green, tray)'; instead of --task."""

    task: tuple[str, ...] = ()
    """Goals of the environment to evaluate, such as tower; all of them by default."""

    episodes: int = 10
    """Episodes a task."""

    env: str = ""
    """Environment: a name in envs/ or a folder with a task.toml; the library's own by default."""

    arm: str = ""
    """Arm: a name in assets/arms/ or a folder; the library's own by default."""

    seed: int = 0
    """Seed of the first episode's start; the others count up from it."""

    workers: int = 2
    """Processes that evaluate at the same time; the result does not depend on it."""

    view: bool = False
    """Show every episode in MuJoCo's viewer, one after the other."""

    video: Path | None = None
    """MP4 file for the first episode, with plan, current skill and facts written over it."""

    disturb: str = ""
    """What goes wrong in the middle of a skill: moved, knocked, shut, unseen, or all in turn."""

    explain: bool = False
    """Print every decision of the executor."""

    out: Path | None = None
    """JSON file for rates, episodes and traces."""

    def run(self) -> None:
        """Evaluate, film where asked to, and print what came of it."""
        from robot_skills.storage.writable import check_file

        check_file(self.video)
        check_file(self.out)
        simulated = Simulated(self.library, self.env, self.arm)
        _, task, _ = simulated.load()
        goals = self._goals(task)
        kinds = disturbance_kinds(self.disturb)
        if kinds:
            self._run_disturbed(simulated, goals, kinds)
            return
        episodes = self._evaluate(simulated, goals)
        if self.video is not None:
            film(simulated, goals[0], self.seed, self.video)
        if self.explain:
            print("\n\n".join(map(explanation, episodes)))
        print_results(episodes)
        if self.out is not None:
            write_results(self.out, episodes, asdict(self) | library_identity(self.library))
            print(f"episodes and traces: {self.out}")
        if self.video is not None:
            print(f"video of {goals[0]}, seed {self.seed}: {self.video}")

    def _run_disturbed(
        self, simulated: Simulated, goals: Sequence[str], kinds: "Sequence[DisturbanceKind]"
    ) -> None:
        from robot_skills.cli import run_disturbed
        from robot_skills.core.errors import InputError

        if self.view:
            raise InputError("--view shows undisturbed episodes; film a disturbed one with --video")
        pairs = run_disturbed.evaluate(
            simulated, goals, self.episodes, self.seed, kinds, self.workers
        )
        if self.explain:
            print("\n\n".join(explanation(pair.disturbed) for pair in pairs if pair.disturbed))
        run_disturbed.print_recoveries(pairs)
        if self.out is not None:
            settings = asdict(self) | library_identity(self.library)
            run_disturbed.write_pairs(self.out, pairs, settings)
            print(f"pairs of episodes and traces: {self.out}")
        if self.video is not None:
            run_disturbed.film_pair(simulated, pairs, self.video)

    def _goals(self, task: "Task") -> tuple[str, ...]:
        from robot_skills.cli.given_goal import given_goal
        from robot_skills.core.errors import InputError

        if self.episodes < 1:
            raise InputError(f"--episodes must be at least 1; found {self.episodes}")
        if self.workers < 1:
            raise InputError(f"--workers must be at least 1; found {self.workers}")
        if self.goal and self.task:
            raise InputError("give --goal with facts or --task with names, not both")
        if self.goal:
            given_goal(task, self.goal)
            return (self.goal,)
        for name in self.task:
            task.goal(name)
        return self.task or tuple(task.goals)

    def _evaluate(self, simulated: Simulated, goals: Sequence[str]) -> "list[Episode]":
        from robot_skills.cli.progress import track
        from robot_skills.run.evaluate.parallel import cases, evaluate_in_processes

        wanted = cases(goals, self.episodes, self.seed)
        if self.view:
            return [_in_window(simulated, goal, seed) for goal, seed in wanted]
        return evaluate_in_processes(simulated, wanted, self.workers, track)


def disturbance_kinds(text: str) -> "tuple[DisturbanceKind, ...]":
    """The kinds that a flag names; none for "", InputError for what is no kind."""
    from robot_skills.core.errors import unknown_name
    from robot_skills.sim.disturbances import DisturbanceKind

    if text in ("", "all"):
        return tuple(DisturbanceKind) if text else ()
    if text not in list(DisturbanceKind):
        raise unknown_name("disturbance", text, [*map(str, DisturbanceKind), "all"])
    return (DisturbanceKind(text),)


def _in_window(simulated: Simulated, goal: str, seed: int) -> "Episode":
    """One episode shown in MuJoCo's viewer at its own pace."""
    from contextlib import ExitStack

    from robot_skills.run.evaluate.episodes import Watchers
    from robot_skills.sim.viewer import Viewer

    with ExitStack() as stack:

        def spectator(robot: "SimArm") -> Watchers:
            viewer = stack.enter_context(Viewer(robot))
            return Watchers(steps=lambda _moment: viewer.show())

        return simulated.watched(goal, seed, spectator)


def watched_moments(simulated: Simulated, goal: str, seed: int) -> "tuple[Episode, list[Moment]]":
    """One episode, and what its watcher was shown at every control step."""
    from robot_skills.run.evaluate.episodes import Watchers

    moments: list[Moment] = []
    watchers = Watchers(steps=moments.append)
    return simulated.watched(goal, seed, lambda _robot: watchers), moments


def film(simulated: Simulated, goal: str, seed: int, path: Path) -> "tuple[Episode, list[Moment]]":
    """Carry one episode out and write its video; returns what happened, moment by moment.

    Raises InputError where nothing was done or nothing can be drawn.
    """
    from robot_skills.cli.progress import track
    from robot_skills.run.show.film import write_film

    episode, moments = watched_moments(simulated, goal, seed)
    _, task, arm = simulated.load()
    write_film(path, moments, task, arm, episode.success, track, episode.trace)
    return episode, moments


def explanation(episode: "Episode") -> str:
    """Every decision of one episode under a line that names it."""
    ended = "success" if episode.success else "failure"
    head = f"{episode.goal}, seed {episode.seed}: {ended}"
    if episode.trace is None:
        return f"{head}\n{episode.reason}"
    return f"{head}\n{episode.trace.explain()}\n{episode.trace.ending}"


def print_results(episodes: "Sequence[Episode]") -> None:
    """Tables of tasks and of skills, and why episodes failed."""
    from rich.console import Console

    from robot_skills.run.evaluate.episodes import skill_rates
    from robot_skills.run.evaluate.results import task_results, total_results

    tasks, totals = task_results(episodes), total_results(episodes)
    Console().print(task_table(tasks, totals if len(tasks) > 1 else []))
    rates = skill_rates(episodes)
    if rates:
        Console().print(skill_table(rates))
    for line in failure_lines(episodes):
        print(line)


def failure_lines(episodes: "Sequence[Episode]") -> list[str]:
    """The commonest reasons for which episodes failed, each with the first episode it ended."""
    failed = [episode for episode in episodes if not episode.success]
    firsts = {episode.reason: episode for episode in reversed(failed)}
    counted = Counter(episode.reason for episode in failed).most_common(REASONS_SHOWN)
    lines = [
        f"failed {count} x ({firsts[reason].goal}, seed {firsts[reason].seed}): {reason}"
        for reason, count in counted
    ]
    rest = len(failed) - sum(count for _, count in counted)
    return lines + ([f"and {rest} more failures"] if rest else [])


def task_table(tasks: "Sequence[TaskResult]", totals: "Sequence[TaskResult]") -> "Table":
    """Success by task, seen tasks first, and in total."""
    from rich.table import Column, Table

    table = Table(Column("task", no_wrap=True), *TASK_COLUMNS, box=None)
    for result in sorted(tasks, key=lambda one: not one.seen):
        table.add_row(*task_row(result))
    if totals:
        table.add_row()
    for result in totals:
        table.add_row(*task_row(result), style="bold")
    return table


def task_row(result: "TaskResult") -> tuple[str, ...]:
    """One task's figures as text."""
    rate = result.success
    return (
        result.name,
        "seen" if result.seen else "unseen",
        f"{rate.value:.0%}",
        interval(rate),
        f"{result.first_try.value:.0%}",
        str(rate.n),
        f"{result.median_s:.0f}",
    )


def interval(rate: "Rate") -> str:
    """The 95 % interval of a rate in percent, as short as it can be read."""
    return f"{100 * rate.low:.0f}..{100 * rate.high:.0f} %"


def skill_table(rates: "Mapping[str, Rate]") -> "Table":
    """Share of each skill's runs that brought its effects about."""
    from rich.table import Table

    table = Table("skill", "its effects hold after", "95 %", "runs", box=None)
    for name, rate in rates.items():
        table.add_row(name, f"{rate.value:.0%}", interval(rate), str(rate.n))
    return table


def write_results(path: Path, episodes: "Sequence[Episode]", settings: "Mapping[str, Any]") -> None:
    """Write `results_document` as JSON."""
    from robot_skills.storage.atomic import write_text

    document = results_document(episodes, settings)
    write_text(path, json.dumps(document, indent=2, default=str) + "\n")


def results_document(
    episodes: "Sequence[Episode]", settings: "Mapping[str, Any]"
) -> dict[str, Any]:
    """Rates by task and skill, every episode with its trace, settings and version, as values."""
    from robot_skills import __version__
    from robot_skills.run.evaluate.episodes import skill_rates
    from robot_skills.run.evaluate.results import FORMAT, episode_row, task_results, total_results

    return {
        "format": FORMAT,
        "made_by": f"robot-skills {__version__}",
        "settings": dict(settings),
        "tasks": [asdict(result) for result in task_results(episodes)],
        "totals": [asdict(result) for result in total_results(episodes)],
        "skills": {name: asdict(rate) for name, rate in skill_rates(episodes).items()},
        "episodes": [episode_row(episode) for episode in episodes],
    }
