"""The same start with and without a disturbance, by seed; and `run --disturb`."""

import json

import pytest
from run_skills import Linear, library_with, plan_of

from robot_skills.cli.run import Run, disturbance_kinds
from robot_skills.cli.simulated import Simulated
from robot_skills.core.errors import InputError
from robot_skills.core.facts import State, parse_facts
from robot_skills.run.evaluate.disturbed import (
    DisturbedPair,
    choose_disturbance,
    run_disturbed_pairs,
    skill_runs,
    with_disturbance,
)
from robot_skills.run.evaluate.episodes import Episode
from robot_skills.run.evaluate.recovery import false_alarms_per_minute, recoveries
from robot_skills.run.execute.trace import Event, Trace
from robot_skills.run.execute.watching import Moment
from robot_skills.sim.disturbances import Disturbance, DisturbanceKind
from robot_skills.storage.libraries import save_library

GOAL = "holding(red)"
LYING = parse_facts("clear(red) clear(green) gripper_empty() on(red, table) on(green, table)")


@pytest.fixture(scope="module")
def library(tmp_path_factory, down):
    pick = Linear.still(down).seeking((0.6, 0.6, 0.25)).grasping(0.1)
    return save_library(tmp_path_factory.mktemp("library") / "pick", library_with(pick=pick))


def moments_of(robot, facts: State, goal: str, steps: int = 20):
    plan = plan_of(facts, ("pick", "red"), ("drop", "red"))
    plan = type(plan)(facts, parse_facts(goal), plan.steps, 0.0)
    seen = robot.observe()
    return [Moment(seen, facts, plan, plan.steps[0], number) for number in range(1, steps + 1)]


def test_a_disturbance_falls_in_the_middle_of_a_skill_and_moves_what_it_is_about(robot, task):
    moments = moments_of(robot, LYING, GOAL)
    found = [choose_disturbance(DisturbanceKind.MOVED, moments, task, seed) for seed in range(40)]
    steps = {disturbance.control_step for disturbance, _ in found}
    assert min(steps) >= 3
    assert max(steps) <= 18
    assert len(steps) > 8
    assert {disturbance.thing for disturbance, _ in found} == {"red"}
    assert {skill for _, skill in found} == {"pick"}
    assert found[7] == choose_disturbance(DisturbanceKind.MOVED, moments, task, 7)


@pytest.mark.parametrize(
    ("kind", "facts", "goal", "thing"),
    [
        ("moved", "clear(red) in(red, tray)", GOAL, None),
        ("moved", "on(red, table) on(green, red)", GOAL, None),
        ("knocked", "holding(red)", GOAL, "red"),
        ("knocked", "gripper_empty()", GOAL, None),
        ("shut", "open(drawer)", "open(drawer) on(red, green)", "drawer"),
        ("shut", "open(drawer)", GOAL, None),
        ("shut", "closed(drawer)", "open(drawer)", None),
        ("shut", "open(tray)", "open(tray)", None),
        ("unseen", "", GOAL, ""),
    ],
)
def test_only_what_a_skill_can_be_affected_by_is_disturbed(robot, task, kind, facts, goal, thing):
    moments = moments_of(robot, parse_facts(facts), goal)
    chosen = choose_disturbance(DisturbanceKind(kind), moments, task, 0)
    assert (chosen[0].thing if chosen else None) == thing


def test_moments_between_skills_belong_to_none(robot):
    moments = moments_of(robot, LYING, GOAL, steps=6)
    moments[2:4] = [Moment(m.observation, m.facts, m.plan, None, 0) for m in moments[2:4]]
    assert [len(run) for run in skill_runs(moments)] == [2, 2]


def test_a_disturbance_stands_in_its_place_in_the_trace():
    events = tuple(Event(step, "replan", str(step)) for step in (0, 4, 9))
    trace = Trace(True, 10, 20.0, parse_facts(GOAL), frozenset(), events)
    told = with_disturbance(trace, Disturbance(DisturbanceKind.SHUT, "drawer", 6))
    assert [event.text for event in told.events] == ["0", "4", "drawer is pushed shut", "9"]
    assert told.retries == trace.retries


def test_pairs_share_their_start_and_go_the_same_way_until_the_disturbance(library):
    skills, simulation, make_plan = Simulated(library).parts()
    parts = (simulation, skills, make_plan)
    seed = next(s for s in range(9) if Simulated(library)()(GOAL, s).success)
    pairs = run_disturbed_pairs(*parts, GOAL, seed)
    by_kind = {pair.kind: pair for pair in pairs}
    assert by_kind[DisturbanceKind.SHUT].disturbed is None
    assert len({id(pair.undisturbed) for pair in pairs}) == 1
    for kind in (DisturbanceKind.MOVED, DisturbanceKind.UNSEEN):
        pair = by_kind[kind]
        events = pair.disturbed.trace.events
        assert sum(event.kind == "disturbance" for event in events) == 1
        assert events[:2] == pair.undisturbed.trace.events[:2]
        assert pair.disturbed.success
    again = run_disturbed_pairs(*parts, GOAL, seed, (DisturbanceKind.MOVED,))
    assert again == [by_kind[DisturbanceKind.MOVED]]


def test_recovery_is_counted_over_the_pairs_that_were_disturbed():
    def pair(without, with_):
        episodes = [Episode(GOAL, True, 0, success, None) for success in (without, with_)]
        return DisturbedPair(DisturbanceKind.MOVED, *episodes)

    untouched = DisturbedPair(DisturbanceKind.MOVED, Episode(GOAL, True, 0, True, None))
    pairs = [pair(True, True), pair(True, False), pair(True, True), pair(False, True), untouched]
    (one,) = recoveries(pairs)
    assert (one.disturbed.value, one.undisturbed.value, one.disturbed.n) == (0.75, 0.75, 4)
    assert one.ratio == 1.0
    assert one.recovered.value == pytest.approx(2 / 3)
    assert recoveries([untouched]) == []


def test_an_alarm_counts_as_early_only_soon_after_and_before_anything_else():
    def told(*events):
        noted = tuple(Event(at, kind, "") for at, kind in events)
        trace = Trace(True, 1200, 20.0, parse_facts(GOAL), frozenset(), noted)
        return Episode(GOAL, True, 0, True, trace)

    def pair(*events):
        disturbance = Disturbance(DisturbanceKind.MOVED, "red", 100)
        plain = told((30, "alarm"), (500, "alarm"))
        return DisturbedPair(DisturbanceKind.MOVED, plain, told(*events), disturbance, "pick")

    early = pair((20, "alarm"), (103, "alarm"), (110, "undone"))
    late = pair((103, "undone"), (104, "alarm"))
    unrelated = pair((300, "alarm"))
    pairs = [early, late, unrelated, pair()]
    assert recoveries(pairs)[0].alarmed_first.value == 0.25
    assert false_alarms_per_minute(pairs) == pytest.approx(2.0)


def test_run_prints_and_writes_what_recovering_is_worth(library, tmp_path, capsys):
    out = tmp_path / "pairs.json"
    Run(library=library, goal=GOAL, episodes=2, workers=1, disturb="unseen", out=out).run()
    shown = capsys.readouterr().out
    assert "alarm first" in shown
    assert "unseen" in shown
    document = json.loads(out.read_text())
    assert [pair["kind"] for pair in document["pairs"]] == ["unseen", "unseen"]
    assert any("nothing is seen" in line for line in document["pairs"][0]["disturbed"]["trace"])


def test_an_unknown_disturbance_is_named_with_the_near_one():
    assert disturbance_kinds("") == ()
    assert disturbance_kinds("all") == tuple(DisturbanceKind)
    with pytest.raises(InputError, match="no disturbance 'move'; did you mean 'moved'"):
        disturbance_kinds("move")
