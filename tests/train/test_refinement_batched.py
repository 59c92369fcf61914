"""Residual learning in many worlds on a toy: one move that must be guessed from what is seen."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
import torch
from devices import DEVICES

pytest.importorskip("rsl_rl", reason="the extra gpu is not installed")

from robot_skills.core.errors import InputError
from robot_skills.nets.residual import ResidualRunner
from robot_skills.train.refinement.batched import trying
from robot_skills.train.refinement.batched.algorithm import (
    BatchedConfig,
    export_residual,
    make_learner,
)
from robot_skills.train.refinement.batched.board import Board
from robot_skills.train.refinement.batched.practising import (
    Telling,
    mean_of,
    practise_worlds,
)
from robot_skills.train.refinement.batched.trying import success_rate, successes
from robot_skills.train.refinement.practising import Budget
from robot_skills.train.refinement.state import PracticeState

SMALL = BatchedConfig(round_steps=8, minibatches=2, epochs=2, hidden=8)
LEARNING = replace(SMALL, round_steps=32, epochs=5, hidden=32, learning_rate=3e-3)


@dataclass(frozen=True)
class Stepped:
    inputs: torch.Tensor
    reward: torch.Tensor
    ended: torch.Tensor


class Guess:
    """Seen: where the hole is, one of four starts. Two steps; the second must move there."""

    def __init__(self, worlds=32, device="cpu"):
        self.worlds, self.actions, self.starts = worlds, 2, 4
        self.holes = torch.tensor([-0.5, -0.3, 0.3, 0.5], device=device)
        self.generator = torch.Generator(device).manual_seed(1)
        self.steps = torch.zeros(worlds, device=device)
        self.rows = torch.zeros(worlds, dtype=torch.long, device=device)

    def drawn(self):
        found = (self.worlds,)
        return torch.randint(self.starts, found, generator=self.generator, device=self.rows.device)

    def reset(self, rows=None):
        self.rows = self.drawn() if rows is None else rows.to(self.rows.device)
        self.steps = torch.zeros_like(self.steps)
        return self.seen()

    def seen(self):
        holes = self.holes[self.rows]
        return torch.stack([holes, self.steps, torch.full_like(holes, 7.0)], dim=1)

    def step(self, action, following=None):
        self.steps = self.steps + 1
        ended = self.steps == 2
        good = ended & ((action[:, 0] - self.holes[self.rows]).abs() < 0.2)
        begun = self.drawn() if following is None else following.to(self.rows.device)
        self.rows = torch.where(ended, begun, self.rows)
        self.steps = torch.where(ended, 0.0, self.steps)
        return Stepped(self.seen(), good.float(), ended)


@pytest.mark.parametrize("device", DEVICES)
def test_practice_mends_what_never_succeeded_and_stops_when_it_is_good(device):
    config = replace(LEARNING, enough=0.99, try_every=2)
    practised = practise_worlds(Guess(device=device), config, Budget(60.0, rounds=60))
    runner = ResidualRunner(practised.weights, practised.layers)

    def act(inputs):
        return torch.tensor(np.array([runner(row) for row in inputs.double().numpy()]))

    assert success_rate(Guess(), lambda inputs: torch.zeros((32, 2))) == 0.0
    assert success_rate(Guess(), act) == 1.0
    assert practised.success[-1] >= 0.99
    assert len(practised.success) < 60
    assert practised.steps == len(practised.success) * 32 * 32


@pytest.fixture(scope="module")
def once():
    kept, shown = [], []
    told = Telling(keep=kept.append, show=shown.append)
    practised = practise_worlds(Guess(), SMALL, Budget(60.0, rounds=2), seed=2, tell=told)
    return practised, kept, shown


def test_same_seed_same_weights(once):
    again = practise_worlds(Guess(), SMALL, Budget(60.0, rounds=2), seed=2)
    other = practise_worlds(Guess(), SMALL, Budget(60.0, rounds=2), seed=3)
    for name, array in once[0].weights.items():
        np.testing.assert_array_equal(array, again.weights[name])
    assert not np.array_equal(again.weights["linear.0.weight"], other.weights["linear.0.weight"])


def test_the_first_corrections_are_nothing_and_numpy_gives_what_torch_gives():
    seen = torch.randn((50, 3), generator=torch.Generator().manual_seed(0))
    learner = make_learner(seen, 4, 2, SMALL, seed=0)
    runner = ResidualRunner(export_residual(learner), SMALL.layers)
    np.testing.assert_array_equal(runner(np.array([1.0, 2.0, 3.0])), np.zeros(2))
    with torch.no_grad():
        learner.actor.mlp[-1].weight.normal_(0.0, 0.3)
        learner.actor.mlp[-1].bias.normal_(0.0, 0.3)
        expected = mean_of(learner)(seen).clamp(-1, 1).numpy()
    runner = ResidualRunner(export_residual(learner), SMALL.layers)
    found = [runner(row) for row in seen.double().numpy()]
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_a_kept_practice_is_gone_on_with(once):
    practised, kept, _ = once
    state = PracticeState.of(kept[-1].arrays, kept[-1].figures)
    same = practise_worlds(Guess(), SMALL, Budget(60.0, rounds=2), kept=state)
    for name, array in practised.weights.items():
        np.testing.assert_array_equal(same.weights[name], array)
    on = practise_worlds(Guess(), SMALL, Budget(60.0, rounds=3), kept=state)
    assert len(on.success) == 3
    assert on.steps == 3 * 8 * 32
    with pytest.raises(InputError, match="belongs to another practice"):
        wider = replace(SMALL, hidden=16)
        practise_worlds(Guess(), wider, Budget(60.0, rounds=3), kept=state)


def test_rounds_are_drawn_for_tensorboard(once, tmp_path):
    board = Board(tmp_path)
    for one in once[2]:
        board(one)
    board.close()
    assert [one.decisions for one in once[2]] == [256, 512]
    assert {"success", "practice_success", "loss/value"} <= set(once[2][0].figures)
    assert any(tmp_path.iterdir())


def test_a_run_without_end_is_no_success(monkeypatch):
    monkeypatch.setattr(trying, "TRIAL_STEPS", 1)
    assert success_rate(Guess(), lambda inputs: torch.stack([inputs[:, 0]] * 2, dim=1)) == 0.0


def test_every_start_is_tried_however_few_the_worlds():
    rows = torch.tensor([0, 1, 2, 3, 0])
    good = successes(Guess(2), lambda inputs: torch.full((2, 2), 0.4), rows)
    assert good.tolist() == [False, False, True, True, False]


def test_no_world_waits_for_the_others_to_try_its_next_start():
    class Uneven(Guess):
        """Runs from the third start take ten steps."""

        def step(self, action, following=None):
            slow = self.rows == 2
            self.steps = torch.where(slow & (self.steps < 9), self.steps - 0.8, self.steps)
            self.asked = getattr(self, "asked", 0) + 1
            return super().step(action, following)

    worlds, rows = Uneven(2), torch.tensor([2, 0, 3, 1, 3, 0])
    good = successes(worlds, lambda inputs: torch.full((2, 2), 0.4), rows)
    assert good.tolist() == [True, False, True, False, True, False]
    assert worlds.asked == 14  # ten steps and two runs of two; the other world is done by then


def test_progress_goes_by_the_starts_that_were_tried():
    shown = []

    def track(items, label):
        for item in items:
            shown.append((label, len(items), item))
            yield item

    rows = torch.tensor([0, 1, 2, 3, 0])
    successes(Guess(2), lambda inputs: torch.full((2, 2), 0.4), rows, track, "trying it")
    assert shown == [("trying it", 5, number) for number in range(5)]
