"""robot-skills run --disturb: the same episodes with and without something going wrong."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from robot_skills.cli.simulated import Simulated

if TYPE_CHECKING:
    from robot_skills.run.evaluate.disturbed import DisturbedPair
    from robot_skills.sim.disturbances import DisturbanceKind

COLUMNS = ("", "with", "without", "ratio", "recovered", "95 %", "alarm first", "pairs")
SHOWN = 5


@dataclass(frozen=True)
class DisturbedCases:
    """What each process makes: a function from goal and seed to the pairs of one episode."""

    simulated: Simulated
    kinds: "tuple[DisturbanceKind, ...]"

    def __call__(self) -> "Callable[[str, int], list[DisturbedPair]]":
        """The function of one process."""
        from robot_skills.run.evaluate.disturbed import run_disturbed_pairs

        library, simulation, make_plan = self.simulated.parts()

        def run_case(goal: str, seed: int) -> "list[DisturbedPair]":
            return run_disturbed_pairs(simulation, library, make_plan, goal, seed, self.kinds)

        return run_case


def evaluate(
    simulated: Simulated,
    goals: Sequence[str],
    episodes: int,
    seed: int,
    kinds: "Sequence[DisturbanceKind]",
    workers: int,
) -> "list[DisturbedPair]":
    """Every pair of every goal and seed, one a kind."""
    from robot_skills.cli.progress import track
    from robot_skills.run.evaluate.parallel import cases, evaluate_in_processes

    build = DisturbedCases(simulated, tuple(kinds))
    found = evaluate_in_processes(build, cases(goals, episodes, seed), workers, track)
    return [pair for pairs in found for pair in pairs]


def print_recoveries(pairs: "Sequence[DisturbedPair]") -> None:
    """A table of kinds, and the first failures that a disturbance led to."""
    from rich.console import Console
    from rich.table import Table

    from robot_skills.cli.run import interval
    from robot_skills.run.evaluate.recovery import false_alarms_per_minute, recoveries

    table = Table(*COLUMNS, box=None)
    for one in recoveries(pairs):
        table.add_row(
            one.kind,
            f"{one.disturbed.value:.0%}",
            f"{one.undisturbed.value:.0%}",
            "" if one.ratio is None else f"{one.ratio:.0%}",
            f"{one.recovered.value:.0%}" if one.recovered else "",
            interval(one.recovered) if one.recovered else "",
            f"{one.alarmed_first.value:.0%}",
            str(one.disturbed.n),
        )
    Console().print(table)
    false_alarms = false_alarms_per_minute(pairs)
    if false_alarms is not None:
        print(f"false alarms without a disturbance: {false_alarms:.2f} a minute")
    print("\n".join(failure_lines(pairs)))


def failure_lines(pairs: "Sequence[DisturbedPair]") -> list[str]:
    """What went wrong where an episode failed only because it was disturbed."""
    lines = []
    for pair in pairs:
        disturbed = pair.disturbed
        if disturbed is None or disturbed.success or not pair.undisturbed.success:
            continue
        ending = disturbed.trace.ending if disturbed.trace else disturbed.reason
        where = f"{disturbed.goal}, seed {disturbed.seed}, in {pair.skill}"
        lines.append(f"failed ({where}): {pair.disturbance}. {ending}")
    rest = len(lines) - SHOWN
    return lines[:SHOWN] + ([f"and {rest} more failures"] if rest > 0 else [])


def write_pairs(
    path: Path, pairs: "Sequence[DisturbedPair]", settings: "Mapping[str, Any]"
) -> None:
    """Write rates by kind and both episodes of every pair, with their traces, as JSON."""
    from robot_skills import __version__
    from robot_skills.run.evaluate.recovery import false_alarms_per_minute, recoveries
    from robot_skills.run.evaluate.results import FORMAT
    from robot_skills.storage.atomic import write_text

    document = {
        "format": FORMAT,
        "made_by": f"robot-skills {__version__}",
        "settings": dict(settings),
        "recoveries": [asdict(one) for one in recoveries(pairs)],
        "false_alarms_per_minute": false_alarms_per_minute(pairs),
        "pairs": [_row(pair) for pair in pairs],
    }
    write_text(path, json.dumps(document, indent=2, default=str) + "\n")


def _row(pair: "DisturbedPair") -> dict[str, Any]:
    from robot_skills.run.evaluate.results import episode_row

    return {
        "kind": str(pair.kind),
        "disturbance": str(pair.disturbance or ""),
        "control_step": pair.disturbance.control_step if pair.disturbance else None,
        "skill": pair.skill,
        "undisturbed": episode_row(pair.undisturbed),
        "disturbed": episode_row(pair.disturbed) if pair.disturbed else None,
    }


def film_pair(simulated: Simulated, pairs: "Sequence[DisturbedPair]", path: Path) -> None:
    """Film the first disturbed episode; InputError where nothing could be disturbed."""
    from robot_skills.cli.progress import track
    from robot_skills.core.errors import InputError
    from robot_skills.run.evaluate.disturbed import DisturbedWatch
    from robot_skills.run.evaluate.episodes import Watchers
    from robot_skills.run.execute.watching import Moment
    from robot_skills.run.show.film import write_film

    chosen = next((pair for pair in pairs if pair.disturbance is not None), None)
    if chosen is None or chosen.disturbance is None:
        raise InputError("nothing to film: no episode had a skill that could be disturbed so")
    moments: list[Moment] = []
    watchers = Watchers(steps=moments.append)
    watch = DisturbedWatch(chosen.disturbance, lambda _robot: watchers)
    goal, seed = chosen.undisturbed.goal, chosen.undisturbed.seed
    episode = simulated.watched(goal, seed, watch)
    _, task, arm = simulated.load()
    write_film(path, moments, task, arm, episode.success, track, episode.trace)
    print(f"video of {goal}, seed {seed}, {chosen.disturbance}: {path}")
