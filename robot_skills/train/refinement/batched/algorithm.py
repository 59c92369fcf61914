"""PPO as rsl-rl-lib has it, set up to correct a frozen policy, or to learn from nothing.

The same learner as `refinement.algorithm` describes, with its sources; larger rounds and fewer
passes over them, as suits thousands of worlds (Rudin et al., "Learning to Walk in Minutes Using
Massively Parallel Deep Reinforcement Learning", CoRL 2021).
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from rsl_rl.algorithms import PPO
from rsl_rl.models import MLPModel
from rsl_rl.modules.distribution import GaussianDistribution
from rsl_rl.storage import RolloutStorage
from tensordict import TensorDict
from torch import nn

from robot_skills.nets.residual import INPUT_LIMIT, Weights
from robot_skills.train.refinement.algorithm import SCALE_FLOOR

SEEN = "seen"
GROUPS = {"actor": [SEEN], "critic": [SEEN]}


@dataclass(frozen=True)
class BatchedConfig:
    """Settings of the algorithm.

    A round is `round_steps` decisions of each world, learned from `epochs` times in `minibatches`
    parts. The spread of the tried actions begins at `spread`; it is learned where `learn_spread`,
    with `entropy` for keeping it up.

    Every `try_every` rounds the mean actions are tried from every start; practice stops when
    `enough` of those runs succeed.
    """

    round_steps: int = 24
    minibatches: int = 4
    epochs: int = 5
    gamma: float = 0.999
    gae_lambda: float = 0.95
    clip: float = 0.3
    learning_rate: float = 1e-3
    spread: float = 0.22
    learn_spread: bool = False
    entropy: float = 0.0
    hidden: int = 128
    layers: int = 2
    try_every: int = 5
    enough: float = 0.98


class Scales(nn.Module):
    """Inputs (B, F) less their mean, over their scale, clipped; both are fixed before practice."""

    mean: torch.Tensor
    scale: torch.Tensor

    def __init__(self, seen: torch.Tensor) -> None:
        super().__init__()
        scale = seen.std(dim=0, correction=0).clamp(min=SCALE_FLOOR)
        self.register_buffer("mean", seen.mean(dim=0))
        self.register_buffer("scale", scale)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Standardised inputs (B, F)."""
        scaled = (inputs - self.mean) / self.scale
        return torch.clamp(scaled, -INPUT_LIMIT, INPUT_LIMIT)


def observed(inputs: torch.Tensor) -> TensorDict:
    """Inputs (N, F) as the learner takes them."""
    return TensorDict({SEEN: inputs.float()}, batch_size=[len(inputs)], device=inputs.device)


def make_learner(
    seen: torch.Tensor, worlds: int, actions: int, config: BatchedConfig, seed: int
) -> PPO:
    """An untrained learner whose mean action is 0; inputs `seen` (R, F) set its input scales."""
    device = str(seen.device)
    example = observed(seen[:1].expand(worlds, -1))
    devices = [seen.device] if seen.device.type == "cuda" else []
    with torch.random.fork_rng(devices):
        torch.manual_seed(seed)
        actor = _model(example, "actor", actions, config)
        critic = _model(example, "critic", 1, config)
    last = [module for module in actor.mlp if isinstance(module, nn.Linear)][-1]
    nn.init.zeros_(last.weight)
    nn.init.zeros_(last.bias)
    actor.obs_normalizer, critic.obs_normalizer = Scales(seen.float()), Scales(seen.float())
    storage = RolloutStorage("rl", worlds, config.round_steps, example, [actions], device)
    return PPO(
        actor,
        critic,
        storage,
        num_learning_epochs=config.epochs,
        num_mini_batches=config.minibatches,
        clip_param=config.clip,
        gamma=config.gamma,
        lam=config.gae_lambda,
        value_loss_coef=0.5,
        entropy_coef=config.entropy,
        learning_rate=config.learning_rate,
        max_grad_norm=0.5,
        use_clipped_value_loss=False,
        schedule="fixed",  # a spread that is fixed and small lets KL say little
        device=device,
    )


def networks_of(learner: PPO) -> nn.Module:
    """Actor and critic as one module."""
    return nn.ModuleDict({"actor": learner.actor, "critic": learner.critic})


def export_residual(learner: PPO) -> Weights:
    """The actor's mean as arrays for nets.residual.ResidualRunner."""
    actor = learner.get_policy()
    seen = actor.obs_normalizer
    weights = {"input_mean": _array(seen.mean), "input_scale": _array(seen.scale)}
    for index, layer in enumerate(m for m in actor.mlp if isinstance(m, nn.Linear)):
        weights[f"linear.{index}.weight"] = _array(layer.weight)
        weights[f"linear.{index}.bias"] = _array(layer.bias)
    return weights


def _model(example: TensorDict, role: str, outputs: int, config: BatchedConfig) -> MLPModel:
    spread = {
        "class_name": GaussianDistribution,
        "init_std": config.spread,
        "learn_std": config.learn_spread,
    }
    return MLPModel(
        example,
        GROUPS,
        role,
        outputs,
        hidden_dims=[config.hidden] * config.layers,
        activation="tanh",
        distribution_cfg=spread if role == "actor" else None,
    )


def _array(tensor: torch.Tensor) -> NDArray[np.float32]:
    return tensor.detach().cpu().numpy().astype(np.float32)
