"""Every kind of policy on the blocks tasks, trained on the same segments, from the same starts.

    make demo && robot-skills record --cameras front wrist --out runs/seen
    python scripts/bench_policies.py [--episodes 20] [--workers 2] [--kinds mlp flow]

The recordings of the two commands differ in nothing but the second camera. Training is timed in
seconds of one core, whatever else the machine does. Libraries and finished episodes are kept in
--work: what was interrupted goes on. Writes docs/results/policies.json.
"""

import json
import resource
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import tyro
from chain_bench import (
    Contender,
    Row,
    evaluate,
    goals_of,
    library_key,
    rate,
    scene_of,
    train_library,
)
from results import Figure, share, write_results

from robot_skills.cli.simulated import Simulated
from robot_skills.nets.skill_policy import SkillPolicy
from robot_skills.run.evaluate.parallel import cases
from robot_skills.run.evaluate.statistics import wilson
from robot_skills.run.execute.subgoals import bind_subgoal
from robot_skills.storage.atomic import write_text
from robot_skills.storage.libraries import load_library

SEED = 30_000  # of the evaluated starts; training and tuning never used these
SHOWN_GOAL = "put_on"  # its first step is timed
TIMED = 100
KINDS: dict[str, tuple[str, ...]] = {
    "mlp": (),
    "mlp_with_history": ("--history", "3"),
    "gmm": ("--policy", "gmm"),
    "transformer": ("--policy", "transformer"),
    "flow": ("--policy", "flow"),
    "camera": ("--input", "camera", "--steps", "2000"),
}


@dataclass(frozen=True)
class Bench:
    """Train and evaluate policies of every kind."""

    demo: Path = Path("runs/demo")
    """Folder that `make demo` wrote: recordings and segments."""

    seen: Path = Path("runs/seen")
    """The same recordings, filmed by two cameras."""

    work: Path = Path("runs/bench_policies")
    """Folder for libraries and finished episodes."""

    kinds: tuple[str, ...] = tuple(KINDS)
    """Which kinds; figures of the others are left as they are."""

    episodes: int = 20
    """Episodes a task."""

    workers: int = 2
    """Processes that evaluate at the same time."""

    def run(self) -> None:
        """Train what is missing, evaluate what is missing, print and write, kind by kind."""
        for kind in self.kinds:
            figures = self._measure(kind)
            seeds = range(SEED, SEED + self.episodes)
            file = write_results("policies", figures, seeds, keep_others=True)
            for name, figure in figures.items():
                print(f"{name:<40} {figure.value} [{figure.low}, {figure.high}]")
            print(f"written to {file}", flush=True)

    def _measure(self, kind: str) -> dict[str, Figure]:
        library = self.work / kind / "library"
        train_s = self._train(kind, library)
        task, _ = scene_of(load_library(library).task, load_library(library).arm)
        contender = Contender(kind, Simulated(library), library_key(library))
        wanted = cases(tuple(task.goals), self.episodes, SEED)
        rows = evaluate(contender, wanted, self.work / "episodes", self.workers)
        return _success(kind, rows) | _times(kind, library, train_s)

    def _train(self, kind: str, library: Path) -> float:
        """Seconds of one core that the training took, now or when it was done."""
        note = library.with_name("train.json")
        if not library.is_dir():
            library.parent.mkdir(parents=True, exist_ok=True)
            recordings = self.seen if kind == "camera" else self.demo / "demonstrations"
            segments = ("--segments", str(self.demo / "segments" / "segments.json"))
            before_s = _children_s()
            one_core = ("--threads", "1")
            failed = train_library(recordings, library, *one_core, *segments, *KINDS[kind])
            if failed:
                raise SystemExit(f"{kind}: {failed}")
            write_text(note, json.dumps({"seconds": _children_s() - before_s}))
        return float(json.loads(note.read_text())["seconds"])


def _children_s() -> float:
    """Seconds of one core that finished child processes have used."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _success(kind: str, rows: Sequence[Row]) -> dict[str, Figure]:
    seen, unseen = [r for r in rows if r.seen], [r for r in rows if not r.seen]
    first = wilson(sum(row.first_try for row in unseen), len(unseen))
    tasks = {
        f"task/{goal}/{kind}": share(rate([r for r in unseen if r.goal == goal]))
        for goal in goals_of(unseen)
    }
    return {
        f"{kind}/seen": share(rate(seen)),
        f"{kind}/unseen": share(rate(unseen)),
        f"{kind}/unseen_first_try": share(first),
        **tasks,
    }


def _times(kind: str, library: Path, train_s: float) -> dict[str, Figure]:
    """Seconds of training; milliseconds of one look at the world, and of one answer."""
    skills, simulation, make_plan = Simulated(library).parts()
    robot, situation = simulation.start(SHOWN_GOAL, SEED)
    plan = make_plan(simulation.facts(robot), situation.goal.facts, situation.objects)
    skill = skills.skill(plan.steps[0].skill)
    observation = robot.observe()
    subgoal = bind_subgoal(plan.steps[0], skill, simulation.task, observation)
    body, rate_hz = simulation.body, robot.rate_hz
    policy = SkillPolicy(skill, simulation.task, body.kinematics, rate_hz)
    return {
        f"{kind}/train_cpu_s": Figure(round(train_s), "s"),
        f"{kind}/look_ms": Figure(_cpu_ms(robot.observe), "ms", n=TIMED),
        f"{kind}/act_ms": Figure(_cpu_ms(lambda: policy.act([observation], subgoal)), "ms"),
    }


def _cpu_ms(work: Callable[[], object]) -> float:
    """Milliseconds of one core that `work` takes, once it is warm."""
    work()
    started_s = time.process_time()
    for _ in range(TIMED):
        work()
    return round(1000 * (time.process_time() - started_s) / TIMED, 2)


if __name__ == "__main__":
    tyro.cli(Bench).run()
