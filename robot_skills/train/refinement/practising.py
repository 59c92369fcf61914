"""Practice: rounds of trying and learning until the time is over, kept after each."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from stable_baselines3 import PPO
from stable_baselines3.common.vec_env import VecEnv

from robot_skills.core.progress import Track, quiet
from robot_skills.nets.residual import Weights
from robot_skills.train.refinement.algorithm import AlgorithmConfig, export_residual, make_learner
from robot_skills.train.refinement.state import PracticeState, read_state, take_state

Floats = NDArray[np.float64]
Keep = Callable[[PracticeState], None]

LOOK_STEPS = 100  # of each environment, to see what the inputs are like without corrections


@dataclass(frozen=True)
class Budget:
    """How long to practise: until `seconds` are over or `rounds` are done."""

    seconds: float
    rounds: int = 10_000


@dataclass(frozen=True)
class Practised:
    """What practice gave: the residual's weights, its hidden layers, and success round by round.

    Success is that of the latest episodes, with the noise of trying.
    """

    weights: Weights
    layers: int
    success: tuple[float, ...]
    steps: int


def practise(
    crew: VecEnv,
    config: AlgorithmConfig,
    budget: Budget,
    seed: int = 0,
    kept: PracticeState | None = None,
    keep: Keep = lambda _state: None,
    track: Track = quiet,
) -> Practised:
    """Learn a residual in the environments of a crew; `kept` goes on with what `keep` was given.

    The same seed and number of rounds give the same weights on a CPU, however many processes.
    """
    clock = Clock(budget, track)
    if kept is None:
        inputs = look_around(crew, LOOK_STEPS)
        learner, success = make_learner(crew, inputs, config, seed), []
    else:
        learner = make_learner(crew, np.zeros((1, *crew.observation_space.shape)), config, seed)
        read_state(kept, learner)
        success = list(kept.success)
    while clock.goes_on(len(success)):
        success.append(_round(learner, config))
        keep(take_state(learner, success))
    return Practised(export_residual(learner), config.layers, tuple(success), learner.num_timesteps)


def look_around(crew: VecEnv, steps: int) -> Floats:
    """Inputs (N, F) met in `steps` steps of each environment without corrections."""
    observations = [crew.reset()]
    nothing = np.zeros((crew.num_envs, *crew.action_space.shape), np.float32)
    for _ in range(steps):
        observations.append(crew.step(nothing)[0])
    return np.concatenate(observations).astype(float)


class Clock:
    """Shows how much of a budget is used, in parts of it, and says when it is over."""

    PARTS = 200

    def __init__(self, budget: Budget, track: Track) -> None:
        self._budget, self._started_s, self._shown = budget, time.monotonic(), 0
        self._bar = iter(track(range(self.PARTS), "practising"))

    def goes_on(self, rounds: int) -> bool:
        """Whether there is time for another round after so many."""
        passed_s = time.monotonic() - self._started_s
        used = max(passed_s / self._budget.seconds, rounds / self._budget.rounds)
        while self._shown < min(self.PARTS, int(used * self.PARTS)):
            next(self._bar, None)
            self._shown += 1
        return used < 1.0


def _round(learner: PPO, config: AlgorithmConfig) -> float:
    """Try, learn, and give the share of successes among the latest episodes."""
    steps = config.round_steps * learner.n_envs
    learner.learn(steps, reset_num_timesteps=False, log_interval=None)
    latest = list(learner.ep_success_buffer or [])
    return float(np.mean(latest)) if latest else 0.0
