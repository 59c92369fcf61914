"""TD3 as stable-baselines3 has it, set up to correct a frozen policy that often succeeds already.

Off-policy, so that every step tried is learned from many times. The frozen base, the small output
and the input of what the base wants are from Ankile et al., "From Imitation to Refinement: Residual
RL for Precise Assembly", 2024; normalised critics, a step of learning a step of trying and returns
over several steps from Ankile et al., "Residual Off-Policy RL for Finetuning Behavior Cloning
Policies", 2025; TD3 is Fujimoto et al., 2018.
"""

from dataclasses import dataclass
from typing import Any

import gymnasium
import numpy as np
import torch
from numpy.typing import NDArray
from stable_baselines3 import TD3
from stable_baselines3.common.noise import ActionNoise, NormalActionNoise
from stable_baselines3.common.policies import ContinuousCritic
from stable_baselines3.common.torch_layers import BaseFeaturesExtractor, create_mlp
from stable_baselines3.common.vec_env import VecEnv
from stable_baselines3.td3.policies import TD3Policy
from torch import nn

from robot_skills.nets.residual import INPUT_LIMIT, Weights

Floats = NDArray[np.float64]

WINDOW = 200  # episodes over which success in practice is told
SCALE_FLOOR = 0.02  # of an input that hardly changes


@dataclass(frozen=True)
class AlgorithmConfig:
    """Settings of the algorithm.

    The first `watch_steps` steps only fill the memory and then teach the critics for as many
    steps, before the first correction is learned; `updates` steps of learning follow each step.
    """

    environments: int = 8
    watch_steps: int = 2000
    updates: float = 1.0
    memory: int = 100_000
    batch: int = 256
    gamma: float = 0.99
    returns: int = 3
    noise: float = 0.25
    actor_rate: float = 1e-4
    critic_rate: float = 3e-4
    tau: float = 0.005
    policy_delay: int = 2
    hidden: int = 256
    layers: int = 2


class Standardise(BaseFeaturesExtractor):  # type: ignore[misc]  # its types are left out
    """Inputs (B, F) less their mean, over their scale, clipped; both are fixed before practice."""

    def __init__(self, space: gymnasium.spaces.Box, mean: Floats, scale: Floats) -> None:
        super().__init__(space, features_dim=len(mean))
        self.register_buffer("mean", torch.tensor(mean, dtype=torch.float32))
        self.register_buffer("scale", torch.tensor(scale, dtype=torch.float32))

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Standardised inputs (B, F)."""
        scaled = (inputs - self.mean) / self.scale
        return torch.clamp(scaled, -INPUT_LIMIT, INPUT_LIMIT)


class NormalisedCritic(ContinuousCritic):  # type: ignore[misc]  # its types are left out
    """Critics whose layers are normalised, which keeps what they expect of untried actions low."""

    def __init__(self, *args: Any, net_arch: list[int], **kwargs: Any) -> None:
        super().__init__(*args, net_arch=net_arch, **kwargs)
        inputs = self.q_networks[0][0].in_features
        for index in range(self.n_critics):
            layers = create_mlp(inputs, 1, net_arch, nn.ReLU, post_linear_modules=[nn.LayerNorm])
            self.q_networks[index] = nn.Sequential(*layers)
            self.add_module(f"qf{index}", self.q_networks[index])


class ResidualTd3Policy(TD3Policy):  # type: ignore[misc]  # its types are left out
    """An actor whose first corrections are nothing, beside normalised critics."""

    def make_critic(
        self, features_extractor: BaseFeaturesExtractor | None = None
    ) -> ContinuousCritic:
        """As in TD3, normalised."""
        kwargs = self._update_features_extractor(self.critic_kwargs, features_extractor)
        return NormalisedCritic(**kwargs).to(self.device)

    def make_actor(self, features_extractor: BaseFeaturesExtractor | None = None) -> Any:
        """As in TD3, its last layer at zero: practice starts from what was cloned."""
        actor = super().make_actor(features_extractor)
        last = [m for m in actor.mu if isinstance(m, nn.Linear)][-1]
        nn.init.zeros_(last.weight)
        nn.init.zeros_(last.bias)
        return actor


class ResidualTd3(TD3):  # type: ignore[misc]  # its types are left out
    """TD3 that tries small corrections from the first step on, and teaches the critics first."""

    def __init__(self, *args: Any, config: AlgorithmConfig, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._config = config

    def _sample_action(
        self, learning_starts: int, action_noise: ActionNoise | None = None, n_envs: int = 1
    ) -> tuple[NDArray[Any], NDArray[Any]]:
        """What the actor says and noise, where TD3 would begin with any action at all."""
        actions: tuple[NDArray[Any], NDArray[Any]]
        actions = super()._sample_action(0, action_noise, n_envs)
        return actions

    def train(self, gradient_steps: int, batch_size: int = 100) -> None:
        """Learn; the actor only once the critics have learned what they were shown at first."""
        ready = self.num_timesteps >= 2 * self._config.watch_steps
        self.policy_delay = self._config.policy_delay if ready else 2 * self._config.memory
        super().train(gradient_steps, batch_size)

    def _update_learning_rate(self, optimizers: Any) -> None:
        """Leave the rates as they were set."""


def make_learner(
    crew: VecEnv, inputs_seen: Floats, config: AlgorithmConfig, seed: int
) -> ResidualTd3:
    """An untrained learner whose action is 0; `inputs_seen` (N, F) set its input scales."""
    sizes = [config.hidden] * config.layers
    actions = crew.action_space.shape
    learner = ResidualTd3(
        ResidualTd3Policy,
        crew,
        config=config,
        learning_starts=config.watch_steps,
        buffer_size=config.memory,
        batch_size=config.batch,
        tau=config.tau,
        gamma=config.gamma,
        n_steps=config.returns,
        train_freq=(1, "step"),
        gradient_steps=max(1, round(config.updates * config.environments)),
        action_noise=NormalActionNoise(np.zeros(actions), np.full(actions, config.noise)),
        policy_kwargs={
            "net_arch": {"pi": sizes, "qf": sizes},
            "features_extractor_class": Standardise,
            "features_extractor_kwargs": _scales(inputs_seen),
        },
        stats_window_size=WINDOW,
        seed=seed,
        device="cpu",
    )
    _set_rate(learner.actor.optimizer, config.actor_rate)
    _set_rate(learner.critic.optimizer, config.critic_rate)
    return learner


def export_residual(learner: ResidualTd3) -> Weights:
    """The actor as arrays for nets.residual.ResidualRunner."""
    linear = [m for m in learner.actor.mu if isinstance(m, nn.Linear)]
    seen = learner.actor.features_extractor
    weights = {"input_mean": _array(seen.mean), "input_scale": _array(seen.scale)}
    for index, layer in enumerate(linear):
        weights[f"linear.{index}.weight"] = _array(layer.weight)
        weights[f"linear.{index}.bias"] = _array(layer.bias)
    return weights


def _array(tensor: torch.Tensor) -> NDArray[np.float32]:
    return tensor.detach().cpu().numpy().astype(np.float32)


def _scales(inputs_seen: Floats) -> dict[str, Floats]:
    scale = np.maximum(inputs_seen.std(axis=0), SCALE_FLOOR)
    return {"mean": inputs_seen.mean(axis=0), "scale": scale}


def _set_rate(optimiser: torch.optim.Optimizer, rate: float) -> None:
    for group in optimiser.param_groups:
        group["lr"] = rate
