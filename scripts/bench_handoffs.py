"""What measured hand-offs are worth: the same library plans with and without knowing them.

Measures the hand-offs of a trained library on one set of seeds, then carries every task out on
other seeds, in pairs: planned by a library that was told, and by one that was not. The policies
are the same. Writes docs/results/handoffs.json.
"""

import argparse
from dataclasses import dataclass, replace
from pathlib import Path

from results import Figure, share, write_results

from robot_skills.cli.handoffs import FIRST_SEED, ProbedTrials
from robot_skills.cli.progress import track
from robot_skills.cli.simulated import Simulated
from robot_skills.core.parallel import map_in_processes
from robot_skills.run.evaluate.episodes import Episode
from robot_skills.run.evaluate.parallel import cases, evaluate_in_processes
from robot_skills.run.evaluate.statistics import paired_difference, wilson
from robot_skills.run.handoffs.estimates import (
    HandoffTable,
    is_handed,
    measure_handoffs,
    prediction_error,
    with_handoffs,
)
from robot_skills.run.trials.trial import SkillTrial
from robot_skills.run.trials.trial_files import load_trials, save_trials
from robot_skills.storage.libraries import load_library, save_library

WEAK, FEWEST = 0.9, 10  # pairs to show: a hand-off below this, of so many trials


@dataclass(frozen=True)
class Bench:
    """Where the library and the work folder are, and how much to run."""

    library: Path
    work: Path
    measured: int
    episodes: int
    seed: int
    workers: int

    def trials(self, goals: tuple[str, ...]) -> list[SkillTrial]:
        """Trials of every goal, kept in the work folder."""
        folder = self.work / "trials"
        if folder.exists():
            return load_trials(folder)
        build = ProbedTrials(Simulated(self.library), True)
        wanted = cases(goals, self.measured, self.seed)
        found = map_in_processes(build, wanted, self.workers, track, "trying skills")
        trials = [trial for episode in found for trial in episode]
        save_trials(folder, trials)
        return trials

    def told(self, table: HandoffTable, trials: list[SkillTrial], knows: bool) -> Path:
        """A copy of the library that knows the success of its operators, and hand-offs or not."""
        library = with_handoffs(load_library(self.library), table, trials)
        library = library if knows else replace(library, handoffs=())
        return save_library(self.work / f"told_{knows}".lower(), library, replace=True)

    def evaluate(self, library: Path, goals: tuple[str, ...]) -> list[Episode]:
        """Every goal from the same fresh starts."""
        wanted = cases(goals, self.episodes, 0)
        return evaluate_in_processes(Simulated(library), wanted, self.workers, track)


def pair_figures(table: HandoffTable) -> dict[str, Figure]:
    """Success after each weak hand-off, and how far pairs can be foreseen."""
    found = {}
    for pair in sorted(table.pairs, key=lambda one: one.value):
        if pair.trials < FEWEST or pair.value >= WEAK:
            continue
        rate, name = pair.success, f"{pair.before or 'start'} then {pair.after}"
        elsewhere = f"{pair.usual:.0%} after anything else; {pair.covered:.0%} of starts covered"
        found[f"weak/{name}"] = Figure(
            rate.value, "share", rate.low, rate.high, pair.trials, elsewhere
        )
    by_nearest, by_usual, pairs = prediction_error(table, FEWEST)
    note = f"mean over {pairs} pairs of at least {FEWEST} trials, without their own"
    found["foreseen/error_by_nearest_starts"] = Figure(by_nearest, "share", n=pairs, note=note)
    found["foreseen/error_by_usual_success"] = Figure(by_usual, "share", n=pairs, note=note)
    return found


def planned_figures(before: list[Episode], after: list[Episode]) -> dict[str, Figure]:
    """Success of the two ways to plan, and the paired difference."""
    found = {}
    for kind in ("success", "first_try"):
        one, other = ([bool(getattr(e, kind)) for e in episodes] for episodes in (before, after))
        for name, good in (("without", one), ("with", other)):
            rate = wilson(sum(good), len(good))
            found[f"planned/{name}_hand-offs/{kind}"] = share(rate)
        difference = paired_difference(one, other)
        found[f"planned/difference/{kind}"] = Figure(
            difference.value,
            "share",
            difference.low,
            difference.high,
            difference.n,
            f"{difference.gained} pairs gained, {difference.lost} lost",
        )
    return found


def main() -> None:
    """Measure, print and write docs/results/handoffs.json."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("library", type=Path)
    parser.add_argument("--work", type=Path, default=Path("runs/bench_handoffs"))
    parser.add_argument("--measured", type=int, default=10, help="episodes a task to measure with")
    parser.add_argument("--episodes", type=int, default=10, help="episodes a task to compare with")
    parser.add_argument("--seed", type=int, default=FIRST_SEED, help="first seed to measure with")
    parser.add_argument("--workers", type=int, default=2)
    bench = Bench(**vars(parser.parse_args()))
    goals = tuple(Simulated(bench.library).load()[1].goals)
    trials = bench.trials(goals)
    table = measure_handoffs(trials)
    handed = sum(is_handed(trial) for trial in trials)
    found = {"trials": Figure(float(handed), "", note=f"of {len(table.pairs)} pairs of operators")}
    found |= pair_figures(table)
    before, after = (
        bench.evaluate(bench.told(table, trials, knows), goals) for knows in (False, True)
    )
    found |= planned_figures(before, after)
    for name, figure in found.items():
        print(f"{name:<44}{figure.value:8.3f} {figure.note}")
    print(f"written: {write_results('handoffs', found, [0, bench.seed])}")


if __name__ == "__main__":
    main()
