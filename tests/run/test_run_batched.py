"""Practice in many worlds at once is what the executor does in each of them."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from devices import DEVICES
from host_questions import NoQuestions
from pick_trials import try_pick
from run_skills import library_with, plan_of

from robot_skills.core import poses
from robot_skills.core.errors import InputError
from robot_skills.core.facts import parse_facts
from robot_skills.nets.residual import ResidualReach
from robot_skills.run.execute.config import ExecutorConfig
from robot_skills.run.execute.needed import UndoneWatch
from robot_skills.run.execute.skill_monitor import Outcome, SkillMonitor
from robot_skills.run.practice.batched.curriculum import Curriculum
from robot_skills.run.practice.batched.delay import CommandDelay
from robot_skills.run.practice.batched.monitor import GOES_ON, OUTCOMES, BatchMonitor
from robot_skills.run.practice.batched.noise import PoseNoise
from robot_skills.run.practice.batched.starts import read_starts
from robot_skills.run.practice.batched.worlds import SkillWorlds
from robot_skills.run.practice.environment import SkillPractice
from robot_skills.sim.batch.c_threads import ThreadPhysics
from robot_skills.sim.batch.randomise import draw_differences

REACH = ResidualReach(position_m=0.03, rotation_rad=0.1)
ASIDE = torch.tensor([0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0])
WAIT = torch.tensor([0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0])
NOTHING = torch.zeros(7)


@pytest.fixture
def trials(robot, library, simulation):
    """Picks of either block from 12 cm above the red one, the second a little later."""
    made = []
    for name in ("red", "green"):
        made.append(try_pick(simulation, library, robot, name))
        robot.settle(0.05)
    return made


def practice(simulation, library, trials, worlds=None):
    starts = read_starts(simulation, library, trials)
    physics = ThreadPhysics(starts.scene, worlds or len(trials))
    return SkillWorlds(physics, library, starts, REACH)


@torch.no_grad()
def carried_out(worlds, action):
    """Outcome and number of decisions of the first run in each world, begun from each start."""
    worlds.reset(torch.arange(worlds.worlds) % worlds.starts)
    found = [None] * worlds.worlds
    for number in range(1, 100):
        stepped = worlds.step(action.expand(worlds.worlds, -1))
        for world in torch.nonzero(stepped.ended)[:, 0].tolist():
            said = (OUTCOMES[int(stepped.outcome[world])].name, float(stepped.reward[world]))
            found[world] = found[world] or (*said, number)
        if all(found):
            return found
    raise AssertionError(found)


def test_without_corrections_each_world_does_what_the_executor_does(simulation, library, trials):
    found = carried_out(practice(simulation, library, trials), NOTHING)
    expected = [
        (trial.outcome, float(trial.success), -(-trial.control_steps // REACH.every))
        for trial in trials
    ]
    assert found == expected
    assert found[0][0] == "SUCCESS"


def test_residuals_see_what_they_see_in_one_world(simulation, library, trials):
    alone = SkillPractice(simulation, library, trials[:1], REACH)
    worlds = practice(simulation, library, trials[:1])
    expected, _ = alone.reset()
    with torch.no_grad():
        inputs = worlds.reset()
        for _ in range(6):
            np.testing.assert_allclose(inputs[0].numpy(), expected, atol=1e-5)
            expected = alone.step(ASIDE.numpy())[0]
            inputs = worlds.step(ASIDE[None]).inputs
    alone.close()


def test_a_correction_can_spoil_a_skill_and_mend_another(simulation, library, trials, beside):
    assert carried_out(practice(simulation, library, trials[:1]), ASIDE)[0][1] == 0.0
    wrong = practice(simulation, library_with(pick=beside), trials[:1])
    assert carried_out(wrong, NOTHING)[0][1] == 0.0
    assert carried_out(wrong, ASIDE)[0][1] == 1.0


def test_a_gripper_that_waits_never_closes(simulation, library, trials):
    assert carried_out(practice(simulation, library, trials[:1]), WAIT)[0][0] != "SUCCESS"


def test_a_start_with_fewer_things_goes_on_the_same_among_more(simulation, library, trials):
    both = simulation.robot(trials[0].start.objects)
    both.set_state(trials[0].start.simulator)
    seen, alone = both.observe(), simulation.robot(("red",))
    red = {"red": seen.object_pose["red"].pose}
    alone.place(seen.joint_position, 0.08, red, {"drawer": 0.0})
    few = try_pick(simulation, library, alone, "red")
    worlds = practice(simulation, library, [few, trials[1]])
    assert worlds.physics.scene.objects == ("red", "green")
    found = carried_out(worlds, NOTHING)[0]
    assert found == (few.outcome, float(few.success), -(-few.control_steps // REACH.every))


def test_wishes_that_cannot_be_met_are_named(simulation, library, trials):
    starts = read_starts(simulation, library, trials)
    physics = ThreadPhysics(starts.scene, 1)
    with pytest.raises(InputError, match="a correction holds for 4 control steps and the policy"):
        SkillWorlds(physics, library, starts, ResidualReach(every=4))
    with pytest.raises(InputError, match="practice is of one skill; found trials of none"):
        read_starts(simulation, library, [])


class Table:
    """What BatchMonitor reads of a step's row."""

    def __init__(self, facts, operator):
        mask = lambda wanted: torch.tensor([[fact in wanted for fact in facts]])  # noqa: E731
        held = {fact for fact in operator.preconditions if fact.predicate == "holding"}
        self.added, self.deleted = mask(operator.add), mask(operator.delete)
        self.kept, self.needed = mask(held), mask(operator.preconditions - operator.delete)


KINDS = ("done", "lost", "any")


def likely(facts, wanted, rng):
    """How likely each fact is: those that are wanted, and not the others; or anything."""
    if wanted is None:
        return rng.uniform(0.3, 1.0, len(facts))
    return np.array([0.97 if fact in wanted else 0.03 for fact in facts])


def test_runs_end_as_one_run_does(library, trials, simulation):
    skill = replace(library.skill("pick"), median_steps=16)
    step = plan_of(simulation.facts(simulation.robot(("red",))), ("pick", "red")).steps[0]
    needs = parse_facts("clear(red) gripper_empty() holding(green) open(drawer)")
    ends = parse_facts("clear(red) gripper_empty() holding(green)")
    operator = replace(step.operator, preconditions=needs, delete=ends)
    step, config = replace(step, operator=operator), ExecutorConfig(patience=9, stuck_steps=7)
    facts = sorted(operator.add | operator.delete | operator.preconditions)
    table, rng, met = Table(facts, operator), np.random.default_rng(0), set()
    opened = parse_facts("open(drawer)")
    for run in range(60):
        one, many = SkillMonitor(step, skill, config), BatchMonitor(skill, config, torch.zeros(1))
        start = torch.ones((1, len(facts)), dtype=torch.bool)
        many.reset(torch.ones(1, dtype=torch.bool), table, start)
        needed = operator.preconditions - operator.delete
        watch, count, outcome = UndoneWatch(needed, frozenset(facts)), 0, None
        chance = likely(
            facts, {"done": operator.add | opened, "lost": opened}.get(KINDS[run % 3]), rng
        )
        speed = rng.choice([0.0, 0.01])
        ee, done = np.zeros(7), run % 2 / 1.5
        while outcome is None:
            truth = rng.random(len(facts)) < chance
            now = frozenset(f for f, holds in zip(facts, truth, strict=True) if holds)
            ee, count = ee + speed, count + 1
            outcome = one.judge(now, ee, done)
            if outcome is None and watch.undone(now, config.undone_steps):
                outcome = Outcome.UNDONE
            if outcome is None and count >= round(config.limit * skill.median_steps):
                outcome = Outcome.OUT_OF_TIME
            said = many.judge(
                torch.tensor(truth)[None], torch.tensor(ee)[None], torch.tensor([done]), table
            )
            expected = GOES_ON if outcome is None else OUTCOMES.index(outcome)
            assert int(said) == expected
        met.add(outcome)
    assert met == set(Outcome) - {Outcome.UNSEEN, Outcome.OUT_OF_TIME}


def test_starts_that_sometimes_succeed_are_drawn_most():
    curriculum = Curriculum(3, torch.Generator().manual_seed(0))
    rows = torch.tensor([0, 1, 2])
    for number in range(200):
        success = torch.tensor([True, False, number % 2 == 0])
        curriculum.learn(rows, torch.ones(3, dtype=torch.bool), success)
    drawn = torch.bincount(curriculum.draw(3000), minlength=3) / 3000
    assert drawn[2] > 0.7
    assert (drawn[:2] > 0.05).all()
    before = curriculum.success.clone()
    curriculum.learn(rows, torch.zeros(3, dtype=torch.bool), torch.ones(3, dtype=torch.bool))
    assert torch.equal(before, curriculum.success)


def test_a_command_arrives_as_late_as_the_link_is():
    delay = CommandDelay(torch.tensor([0.0, 1.0, 1.5]))
    delay.reset(torch.ones(3, dtype=torch.bool), torch.zeros(3, 1))
    arrived = [delay.after(torch.full((3, 1), float(n)))[:, 0].tolist() for n in (1, 2, 3)]
    assert arrived == [[1.0, 0.0, 0.0], [2.0, 1.0, 0.5], [3.0, 2.0, 1.5]]
    delay.reset(torch.tensor([False, False, True]), torch.full((3, 1), 7.0))
    assert delay.after(torch.full((3, 1), 4.0))[:, 0].tolist() == [4.0, 3.0, 7.0]


def test_what_is_seen_is_off_by_the_noise_and_what_stands_fast_is_not():
    pose = torch.tensor([0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0]).expand(4000, 2, 7)
    noise = PoseNoise(0.002, 0.01, torch.tensor([True, False]), torch.Generator().manual_seed(0))
    seen = noise.seen(pose)
    assert float(seen[:, 0, :3].std()) == pytest.approx(0.002, rel=0.05)
    turns = poses.rotation_vector(seen[:, 0, 3:])
    assert float(turns.std()) == pytest.approx(0.01, rel=0.05)
    assert torch.equal(seen[:, 1], pose[:, 1])


def test_worlds_that_differ_still_do_the_skill(simulation, library, trials):
    worlds = practice(simulation, library, trials[:1], worlds=3)
    worlds.differ(draw_differences(worlds.physics.scene, 3, 0.5, seed=1), seed=1)
    found = carried_out(worlds, NOTHING)
    assert sum(reward for _, reward, _ in found) >= 2.0
    with torch.no_grad():
        worlds.reset(torch.zeros(3, dtype=torch.long))
        worlds.step(NOTHING.expand(3, -1))
    elbows = worlds.physics.qpos[:, int(worlds.physics.scene.arm_qpos[2])]
    assert len({round(float(elbow), 6) for elbow in elbows}) == 3


@pytest.mark.parametrize("device", DEVICES)
def test_a_decision_asks_the_host_nothing(simulation, library, trials, device):
    pytest.importorskip("mujoco_warp", reason="the extra gpu is not installed")
    from robot_skills.sim.batch.warp import WarpPhysics

    starts = read_starts(simulation, library, trials)
    worlds = SkillWorlds(WarpPhysics(starts.scene, 2, device), library, starts, REACH)
    worlds.differ(draw_differences(starts.scene, 2, 0.5, seed=1), seed=1)
    nothing = NOTHING.expand(2, -1).to(device)
    with torch.no_grad():
        worlds.reset()
        if device == "cuda":
            worlds.step(nothing)  # records what goes on as graphs
        with NoQuestions():
            worlds.step(nothing)


@pytest.mark.parametrize("device", DEVICES)
def test_warp_begins_the_skill_as_mujoco_c_does(simulation, library, trials, device):
    pytest.importorskip("mujoco_warp", reason="the extra gpu is not installed")
    from robot_skills.sim.batch.warp import WarpPhysics

    starts = read_starts(simulation, library, trials[:1])
    ends = []
    for physics in (ThreadPhysics(starts.scene, 1), WarpPhysics(starts.scene, 1, device)):
        worlds = SkillWorlds(physics, library, starts, REACH)
        with torch.no_grad():
            before = worlds.reset()
            after = worlds.step(ASIDE[None].to(physics.device)).inputs
        ends.append([part.cpu().double() for part in (before, after, physics.qpos)])
    for c, warp in zip(*ends, strict=True):
        np.testing.assert_allclose(warp.numpy(), c.numpy(), atol=2e-3)
    assert float((ends[0][1] - ends[0][0]).abs().max()) > 0.1
