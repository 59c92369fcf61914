"""A task in many worlds at once is the task's environment in each of them."""

import numpy as np
import pytest
import torch

from robot_skills.core.errors import InputError
from robot_skills.core.facts import parse_facts
from robot_skills.run.execute.skill_monitor import Outcome
from robot_skills.run.practice.batched.goal_starts import GoalStarts, draw_goal_starts
from robot_skills.run.practice.batched.monitor import OUTCOMES
from robot_skills.run.practice.batched.task_worlds import TaskWorlds
from robot_skills.sim.batch.bank import bank_of_arms
from robot_skills.sim.batch.c_threads import ThreadPhysics
from robot_skills.sim.environment import TaskEnvironment


def flat(observation):
    parts = ("observation", "achieved_goal", "desired_goal")
    return np.concatenate([observation[name] for name in parts])


def test_each_world_goes_as_the_environment_does():
    environment = TaskEnvironment("blocks", goal="on(red, blue)")
    expected, _ = environment.reset(seed=4)
    robot, goal = environment.robot, environment.goal.facts
    starts = GoalStarts(robot.scene, bank_of_arms([robot]), (goal,))
    worlds = TaskWorlds(ThreadPhysics(robot.scene, 2), starts)
    rng = np.random.default_rng(0)
    with torch.no_grad():
        inputs = worlds.reset()
        for _ in range(12):
            np.testing.assert_allclose(inputs[1].numpy(), flat(expected), atol=1e-5)
            action = rng.uniform(-1.2, 1.2, 5)
            expected, reward, ended, _, _ = environment.step(action)
            stepped = worlds.step(torch.tensor(action).expand(2, -1))
            inputs = stepped.inputs
            assert (bool(stepped.ended[0]), reward) == (ended, -1.0)


def test_a_goal_that_is_reached_is_rewarded_and_time_ends_a_run(task, body):
    starts = draw_goal_starts(task, body.arm, body.kinematics, ["on(red, blue)"], 2)
    assert starts.scene.objects == tuple(task.objects)
    worlds = TaskWorlds(ThreadPhysics(starts.scene, 2), starts, limit=3)
    with torch.no_grad():
        worlds.reset(torch.arange(2))
        still = torch.tensor([0.0, 0.0, 0.0, 0.0, 1.0]).expand(2, -1)
        ends = [worlds.step(still) for _ in range(3)]
    assert [bool(one.ended.any()) for one in ends] == [False, False, True]
    assert ends[-1].reward.tolist() == [0.0, 0.0]
    assert ends[-1].outcome.tolist() == [OUTCOMES.index(Outcome.LATE)] * 2
    there = GoalStarts(starts.scene, starts.bank, (parse_facts("open(tray)"),) * 2)
    worlds = TaskWorlds(ThreadPhysics(starts.scene, 2), there)
    with torch.no_grad():
        worlds.reset(torch.arange(2))
        stepped = worlds.step(still)
    assert stepped.reward.tolist() == [1.0, 1.0]
    assert stepped.ended.all()


def test_goals_that_never_start_alike_are_refused(task, body):
    few = ["holding(nothing)"]
    with pytest.raises(InputError, match="nothing"):
        draw_goal_starts(task, body.arm, body.kinematics, few, 1)
