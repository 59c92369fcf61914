"""PPO as stable-baselines3 has it, set up to correct a frozen policy that often succeeds already.

The frozen base, a residual that starts at nothing, sees what the base wants and tries with a fixed
spread, and the sparse reward are from Ankile et al., "From Imitation to Refinement: Residual RL for
Precise Assembly", 2024; the algorithm is Schulman et al., 2017. Smaller and faster than theirs:
practice here has an hour on two cores, not days of a simulator on a GPU.
"""

from dataclasses import dataclass
from typing import Any

import gymnasium
import numpy as np
import torch
from numpy.typing import NDArray
from stable_baselines3 import PPO
from stable_baselines3.common.policies import ActorCriticPolicy
from stable_baselines3.common.torch_layers import BaseFeaturesExtractor
from stable_baselines3.common.vec_env import VecEnv
from torch import nn

from robot_skills.nets.residual import INPUT_LIMIT, Weights

Floats = NDArray[np.float64]

WINDOW = 200  # episodes over which success in practice is told
SCALE_FLOOR = 0.02  # of an input that hardly changes


@dataclass(frozen=True)
class AlgorithmConfig:
    """Settings of the algorithm.

    A round is `round_steps` steps of each of `environments`, learned from `epochs` times. The
    spread of the tried actions stays at exp(`log_std`).
    """

    environments: int = 8
    round_steps: int = 64
    batch: int = 128
    epochs: int = 10
    gamma: float = 0.999
    gae_lambda: float = 0.95
    clip: float = 0.3
    learning_rate: float = 1e-3
    log_std: float = -1.5
    hidden: int = 128
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


class ResidualPolicy(ActorCriticPolicy):  # type: ignore[misc]  # its types are left out
    """An actor whose first corrections are nothing and whose spread stays as it is."""

    def _build(self, lr_schedule: Any) -> None:
        super()._build(lr_schedule)
        nn.init.zeros_(self.action_net.weight)
        nn.init.zeros_(self.action_net.bias)
        self.log_std.requires_grad_(False)


def make_learner(crew: VecEnv, inputs_seen: Floats, config: AlgorithmConfig, seed: int) -> PPO:
    """An untrained learner whose mean action is 0; `inputs_seen` (N, F) set its input scales."""
    sizes = [config.hidden] * config.layers
    return PPO(
        ResidualPolicy,
        crew,
        n_steps=config.round_steps,
        batch_size=config.batch,
        n_epochs=config.epochs,
        learning_rate=config.learning_rate,
        gamma=config.gamma,
        gae_lambda=config.gae_lambda,
        clip_range=config.clip,
        policy_kwargs={
            "net_arch": {"pi": sizes, "vf": sizes},
            "activation_fn": nn.Tanh,
            "log_std_init": config.log_std,
            "features_extractor_class": Standardise,
            "features_extractor_kwargs": _scales(inputs_seen),
        },
        stats_window_size=WINDOW,
        seed=seed,
        device="cpu",
    )


def export_residual(learner: PPO) -> Weights:
    """The actor's mean as arrays for nets.residual.ResidualRunner."""
    policy = learner.policy
    linear = [m for m in policy.mlp_extractor.policy_net if isinstance(m, nn.Linear)]
    seen = policy.features_extractor
    weights = {"input_mean": _array(seen.mean), "input_scale": _array(seen.scale)}
    for index, layer in enumerate([*linear, policy.action_net]):
        weights[f"linear.{index}.weight"] = _array(layer.weight)
        weights[f"linear.{index}.bias"] = _array(layer.bias)
    return weights


def _array(tensor: torch.Tensor) -> NDArray[np.float32]:
    return tensor.detach().cpu().numpy().astype(np.float32)


def _scales(inputs_seen: Floats) -> dict[str, Floats]:
    scale = np.maximum(inputs_seen.std(axis=0), SCALE_FLOOR)
    return {"mean": inputs_seen.mean(axis=0), "scale": scale}
