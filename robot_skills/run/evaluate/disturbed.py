"""The same episode with and without a disturbance: what recovering is worth.

An episode is run as it is first. Up to the moment of the disturbance the disturbed one is the
same, so that moment can be drawn from the skills that the first one went through.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from robot_skills.core.facts import Fact, State
from robot_skills.core.skill import SkillLibrary
from robot_skills.core.task import Task
from robot_skills.run.evaluate.episodes import (
    Episode,
    MakePlan,
    Simulation,
    Spectator,
    Watchers,
    run_episode,
)
from robot_skills.run.execute.config import ExecutorConfig
from robot_skills.run.execute.needed import needed_before
from robot_skills.run.execute.trace import Event, Trace
from robot_skills.run.execute.watching import Moment, Watch
from robot_skills.sim.disturbances import Disturbance, DisturbanceKind, DisturbedArm
from robot_skills.sim.sim_arm import SimArm

MIDDLE = (0.1, 0.9)  # of a skill's control steps: where in it a disturbance falls
SHOWN_S = 1.5  # how long a disturbance stays written over a film


@dataclass(frozen=True)
class DisturbedPair:
    """One start, twice: undisturbed, and with `disturbance` during a step of the skill `skill`.

    `disturbed` and `disturbance` are None where no skill of the episode could be affected.
    """

    kind: DisturbanceKind
    undisturbed: Episode
    disturbed: Episode | None = None
    disturbance: Disturbance | None = None
    skill: str = ""


def run_disturbed_pairs(
    simulation: Simulation,
    library: SkillLibrary,
    make_plan: MakePlan,
    goal: str,
    seed: int,
    kinds: Sequence[DisturbanceKind] = tuple(DisturbanceKind),
    config: ExecutorConfig | None = None,
) -> list[DisturbedPair]:
    """One pair a kind, all against the same undisturbed episode; the seed decides everything."""
    moments: list[Moment] = []
    watchers = Watchers(steps=moments.append)
    plain = run_episode(simulation, library, make_plan, goal, seed, config, lambda _robot: watchers)
    pairs = []
    for kind in kinds:
        chosen = choose_disturbance(kind, moments, simulation.task, seed)
        if chosen is None:
            pairs.append(DisturbedPair(kind, plain))
            continue
        disturbance, skill = chosen
        watch = DisturbedWatch(disturbance)
        episode = run_episode(simulation, library, make_plan, goal, seed, config, watch)
        if watch.happened:
            pairs.append(DisturbedPair(kind, plain, watch.noted(episode), disturbance, skill))
        else:
            pairs.append(DisturbedPair(kind, plain))
    return pairs


class DisturbedWatch:
    """A spectator under whose eyes a disturbance happens; it tells `inner` of it."""

    def __init__(self, disturbance: Disturbance, inner: Spectator | None = None) -> None:
        self._disturbance = disturbance
        self._inner = inner
        self._arm: DisturbedArm | None = None

    def __call__(self, robot: SimArm) -> Watchers:
        """The watchers of the inner spectator, and the arm that is disturbed."""
        watchers = self._inner(robot) if self._inner else Watchers()
        self._arm = DisturbedArm(robot, self._disturbance)
        steps = self._telling(watchers.steps, robot.rate_hz) if watchers.steps else None
        return replace(watchers, steps=steps, robot=self._arm)

    @property
    def happened(self) -> bool:
        """Whether the disturbance came about."""
        return self._arm is not None and self._arm.happened

    def noted(self, episode: Episode) -> Episode:
        """The episode with the disturbance among the events of its trace."""
        if episode.trace is None or not self.happened:
            return episode
        return replace(episode, trace=with_disturbance(episode.trace, self._disturbance))

    def _telling(self, watch: Watch, rate_hz: float) -> Watch:
        first = self._disturbance.control_step
        shown = range(first + 1, first + 1 + round(SHOWN_S * rate_hz))

        def show(moment: Moment) -> None:
            new = moment.control_step in shown and self.happened
            watch(replace(moment, disturbance=str(self._disturbance)) if new else moment)

        return show


def with_disturbance(trace: Trace, disturbance: Disturbance) -> Trace:
    """A trace with a disturbance in its place among the executor's decisions."""
    event = Event(disturbance.control_step, "disturbance", str(disturbance))
    before = [e for e in trace.events if e.control_step <= event.control_step]
    return replace(trace, events=(*before, event, *trace.events[len(before) :]))


def choose_disturbance(
    kind: DisturbanceKind, moments: Sequence[Moment], task: Task, seed: int
) -> tuple[Disturbance, str] | None:
    """A disturbance in the middle of a skill it can affect, and that skill; None: there is none.

    First the skill run is drawn, then the moment and the thing.
    """
    found = [chances for run in skill_runs(moments) if (chances := _chances(kind, run, task))]
    if not found:
        return None
    rng = np.random.default_rng([seed, *map(ord, kind)])
    run = found[int(rng.integers(len(found)))]
    moment, thing = run[int(rng.integers(len(run)))]
    assert moment.step is not None
    return Disturbance(kind, thing, moment.control_step, seed), moment.step.skill


def skill_runs(moments: Sequence[Moment]) -> list[list[Moment]]:
    """The moments of each run of a skill."""
    runs: list[list[Moment]] = []
    last: Moment | None = None
    for moment in moments:
        if moment.step is not None:
            if last is None or last.step is not moment.step:
                runs.append([])
            runs[-1].append(moment)
        last = moment
    return runs


def _chances(kind: DisturbanceKind, run: Sequence[Moment], task: Task) -> list[tuple[Moment, str]]:
    low, high = (round(share * len(run)) for share in MIDDLE)
    return [(moment, thing) for moment in run[low:high] for thing in _things(kind, moment, task)]


def _things(kind: DisturbanceKind, moment: Moment, task: Task) -> Iterator[str]:
    """What the disturbance could befall at a moment, such that the step or a later one needs it."""
    assert moment.step is not None
    arguments, facts = moment.step.arguments, moment.facts
    if kind is DisturbanceKind.UNSEEN:
        yield ""
    elif kind is DisturbanceKind.MOVED:
        yield from (x for x in arguments if x in task.objects and _stands_free(x, facts))
    elif kind is DisturbanceKind.KNOCKED:
        yield from (x for x in arguments if Fact("holding", (x,)) in facts)
    else:
        yield from (x for x in task.fixtures if _is_needed_open(x, moment, task))


def _stands_free(thing: str, facts: State) -> bool:
    """Whether a thing can be taken away by itself: not held, nothing in or on it, in nothing."""
    if Fact("holding", (thing,)) in facts:
        return False
    pairs = [f.arguments for f in facts if f.predicate in ("in", "on")]
    carries = any(place == thing for _, place in pairs)
    return not carries and not any(f.predicate == "in" and f.arguments[0] == thing for f in facts)


def _is_needed_open(name: str, moment: Moment, task: Task) -> bool:
    opened = Fact("open", (name,))
    if task.fixtures[name].joint is None or opened not in moment.facts or moment.step is None:
        return False
    if Fact("closed", (name,)) in moment.step.operator.add:
        return False
    steps = moment.plan.steps
    now = next((i for i, step in enumerate(steps) if step == moment.step), len(steps) - 1)
    later = needed_before(steps[now + 1 :], moment.plan.goal)
    return opened in moment.step.operator.preconditions | later
