"""Practice in many worlds: rounds of trying and learning until it is good, or time is over."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from rsl_rl.algorithms import PPO

from robot_skills.core.progress import Track, quiet
from robot_skills.train.refinement.batched.algorithm import (
    BatchedConfig,
    export_residual,
    make_learner,
    networks_of,
    observed,
)
from robot_skills.train.refinement.batched.trying import Act, success_rate
from robot_skills.train.refinement.batched.worlds import Worlds
from robot_skills.train.refinement.practising import Budget, Clock, Keep, Practised
from robot_skills.train.refinement.state import PracticeState, arrays_of, restore

LOOK_STEPS = 30  # decisions in each world, to see what the inputs are like without corrections


@dataclass(frozen=True)
class Round:
    """What one round gave, to be drawn: figures by name, after so many decisions of all worlds."""

    figures: dict[str, float]
    decisions: int


Show = Callable[[Round], None]


@dataclass(frozen=True)
class Telling:
    """Who is told: `keep` is given the state after each round, `show` the round's figures."""

    keep: Keep = lambda _state: None
    show: Show = lambda _round: None
    track: Track = quiet


def practise_worlds(
    worlds: Worlds,
    config: BatchedConfig,
    budget: Budget,
    seed: int = 0,
    kept: PracticeState | None = None,
    tell: Telling = Telling(),
) -> Practised:
    """Learn a residual in many worlds; `kept` goes on with what was kept.

    The success of each round is that of the mean actions when they were last tried. The same seed
    and number of rounds give the same weights on a CPU.
    """
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        learner, success, decisions = _begun(worlds, config, seed, kept)
        clock, inputs = Clock(budget, tell.track), worlds.reset()
        while clock.goes_on(len(success)):
            inputs, figures = _round(learner, worlds, config, inputs)
            decisions += config.round_steps * worlds.worlds
            tries = len(success) % config.try_every == config.try_every - 1
            rate = success_rate(worlds, mean_of(learner)) if tries else _last(success)
            inputs = worlds.reset() if tries else inputs
            success.append(rate)
            tell.keep(_state(learner, success, decisions))
            tell.show(Round({**figures, "success": rate}, decisions))
            if tries and rate >= config.enough:
                break
    return Practised(export_residual(learner), config.layers, tuple(success), decisions)


def mean_of(learner: PPO) -> Act:
    """The learner's mean actions (N, A) for inputs (N, F)."""

    def act(inputs: torch.Tensor) -> torch.Tensor:
        return torch.as_tensor(learner.actor(observed(inputs)))

    return act


@torch.no_grad()
def look_around(worlds: Worlds) -> torch.Tensor:
    """Inputs (R, F) met without corrections."""
    inputs = worlds.reset()
    nothing = torch.zeros((worlds.worlds, worlds.actions), device=inputs.device)
    found = [inputs]
    found += [worlds.step(nothing).inputs for _ in range(LOOK_STEPS)]
    return torch.cat(found).float()


def _begun(
    worlds: Worlds, config: BatchedConfig, seed: int, kept: PracticeState | None
) -> tuple[PPO, list[float], int]:
    """A learner at the beginning or where a practice was cut off, its successes and decisions."""
    if kept is None:
        seen = look_around(worlds)
        return make_learner(seen, worlds.worlds, worlds.actions, config, seed), [], 0
    learner = make_learner(worlds.reset().float(), worlds.worlds, worlds.actions, config, seed)
    restore(kept.arrays, networks_of(learner), learner.optimizer)
    return learner, list(kept.success), kept.steps


def _state(learner: PPO, success: list[float], decisions: int) -> PracticeState:
    arrays = arrays_of(networks_of(learner), learner.optimizer)
    return PracticeState(arrays, tuple(success), decisions)


def _round(
    learner: PPO, worlds: Worlds, config: BatchedConfig, inputs: torch.Tensor
) -> tuple[torch.Tensor, dict[str, float]]:
    """Try and learn; the inputs (N, F) to go on from, and what is worth drawing."""
    ended = rewards = torch.zeros((), device=inputs.device)
    with torch.no_grad():
        for _ in range(config.round_steps):
            stepped = worlds.step(learner.act(observed(inputs)))
            inputs = stepped.inputs
            learner.process_env_step(observed(inputs), stepped.reward.float(), stepped.ended, {})
            ended = ended + stepped.ended.sum()
            rewards = rewards + stepped.reward.sum()
        learner.compute_returns(observed(inputs))
    losses = learner.update()
    figures = {f"loss/{name}": float(value) for name, value in losses.items()}
    tried = {"episodes": float(ended), "practice_success": float(rewards / ended.clamp(min=1))}
    return inputs, figures | tried


def _last(success: list[float]) -> float:
    return success[-1] if success else 0.0
