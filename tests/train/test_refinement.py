"""Residual learning on a toy: one move that must be guessed from what is seen."""

from dataclasses import replace

import gymnasium
import numpy as np
import pytest
import torch
from gymnasium.spaces import Box

from robot_skills.core.errors import InputError
from robot_skills.nets.residual import ResidualRunner
from robot_skills.train.refinement.algorithm import AlgorithmConfig, export_residual, make_learner
from robot_skills.train.refinement.crew import Crew
from robot_skills.train.refinement.practising import Budget, practise
from robot_skills.train.refinement.state import PracticeState, read_state, take_state

SMALL = AlgorithmConfig(environments=4, round_steps=10, batch=20, epochs=2, hidden=8)
LEARNING = replace(SMALL, round_steps=64, batch=64, epochs=10, learning_rate=3e-3, hidden=32)


class Guess(gymnasium.Env):
    """Seen: where the hole is, -0.3 or 0.3. Two steps; the second must move there."""

    observation_space = Box(-np.inf, np.inf, (3,), np.float32)
    action_space = Box(-1.0, 1.0, (2,), np.float32)

    def __init__(self, number):
        super().reset(seed=number)

    def reset(self, *, seed=None, options=None):
        self.hole = float(self.np_random.choice([-0.3, 0.3]))
        self.steps = 0
        return self.seen(), {}

    def seen(self):
        return np.array([self.hole, self.steps, 7.0], np.float32)

    def step(self, action):
        self.steps += 1
        if self.steps < 2:
            return self.seen(), 0.0, False, False, {}
        good = abs(float(action[0]) - self.hole) < 0.25
        return self.seen(), float(good), True, False, {"is_success": good}


def share_of_successes(act):
    environment, good = Guess(99), []
    for _ in range(100):
        seen, _ = environment.reset()
        for _ in range(2):
            seen, reward, *_ = environment.step(act(seen))
        good.append(reward)
    return np.mean(good)


def test_practice_mends_what_never_succeeded():
    practised = practise(Crew(Guess, 4, 1), LEARNING, Budget(60.0, rounds=12))
    assert share_of_successes(lambda _seen: np.zeros(2)) == 0.0
    assert share_of_successes(ResidualRunner(practised.weights, practised.layers)) > 0.8
    assert len(practised.success) == 12
    assert practised.steps == 12 * 256


@pytest.fixture(scope="module")
def weights():
    return practise(Crew(Guess, 4, 1), SMALL, Budget(60.0, rounds=1), seed=2).weights


def test_same_seed_same_weights_whatever_the_number_of_processes(weights):
    crew = Crew(Guess, 4, 2)
    again = practise(crew, SMALL, Budget(60.0, rounds=1), seed=2).weights
    crew.close()
    crew.close()
    for name, array in weights.items():
        np.testing.assert_array_equal(array, again[name])


def test_another_seed_gives_other_weights(weights):
    other = practise(Crew(Guess, 4, 1), SMALL, Budget(60.0, rounds=1), seed=3).weights
    assert not np.array_equal(weights["linear.0.weight"], other["linear.0.weight"])


def test_numpy_gives_what_torch_gives():
    crew = Crew(Guess, 4, 1)
    seen = np.random.default_rng(0).normal(size=(50, 3))
    learner = make_learner(crew, seen, SMALL, seed=0)
    with torch.no_grad():
        learner.policy.action_net.weight.normal_(0.0, 0.3)
        learner.policy.action_net.bias.normal_(0.0, 0.3)
        inputs = torch.tensor(seen, dtype=torch.float32)
        expected = learner.policy.get_distribution(inputs).mode().clamp(-1, 1).numpy()
    runner = ResidualRunner(export_residual(learner), SMALL.layers)
    np.testing.assert_allclose([runner(row) for row in seen], expected, atol=1e-5)


def test_the_first_corrections_are_nothing():
    learner = make_learner(Crew(Guess, 4, 1), np.eye(3), SMALL, seed=0)
    runner = ResidualRunner(export_residual(learner), SMALL.layers)
    np.testing.assert_array_equal(runner(np.array([1.0, 2.0, 3.0])), np.zeros(2))


def test_a_kept_practice_is_gone_on_with():
    kept = []
    first = practise(Crew(Guess, 4, 1), SMALL, Budget(60.0, rounds=2), keep=kept.append)
    state = PracticeState.of(kept[-1].arrays, kept[-1].figures)
    assert state.success == first.success
    learner = make_learner(Crew(Guess, 4, 1), np.eye(3), SMALL, seed=1)
    read_state(state, learner)
    for name, array in export_residual(learner).items():
        np.testing.assert_array_equal(array, first.weights[name])
    again = take_state(learner, first.success)
    assert again.arrays.keys() == state.arrays.keys()
    for name, array in state.arrays.items():
        np.testing.assert_array_equal(again.arrays[name], array)
    on = practise(Crew(Guess, 4, 1), SMALL, Budget(60.0, rounds=3), kept=state)
    assert len(on.success) == 3
    assert on.steps == 3 * 40


def test_what_belongs_to_another_practice_is_refused():
    kept = []
    practise(Crew(Guess, 4, 1), SMALL, Budget(60.0, rounds=1), keep=kept.append)
    wider = replace(SMALL, hidden=16)
    learner = make_learner(Crew(Guess, 4, 1), np.eye(3), wider, seed=0)
    with pytest.raises(InputError, match="belongs to another practice"):
        read_state(kept[-1], learner)


class Broken(Guess):
    def step(self, action):
        raise InputError("the arm is not there")


def test_an_error_in_another_process_comes_out():
    crew = Crew(Broken, 2, 2)
    crew.reset()
    with pytest.raises(InputError, match="the arm is not there"):
        crew.step(np.zeros((2, 2), np.float32))
    crew.close()
