"""A small transformer: tokens of observations and of stretches of the chunk attend to one another.

After the action chunks of ACT (Zhao et al., RSS 2023) without its variational part; blocks
normalise first (Xiong et al., ICML 2020).
"""

from dataclasses import dataclass
from typing import Any

from robot_skills.core.errors import InputError
from robot_skills.nets.networks import maths
from robot_skills.nets.networks.layers import Dense, Layer, Norm, Table, Weights
from robot_skills.nets.networks.maths import Array
from robot_skills.nets.networks.network import POSE_SIZE, apart, joined, split, steps_of


@dataclass(frozen=True)
class Transformer:
    """`blocks` blocks of `heads` heads over tokens of `width`; one token a `stretch` of poses."""

    inputs: int
    chunk: int
    width: int = 64
    blocks: int = 2
    observations: int = 2
    heads: int = 4
    stretch: int = 3

    def __post_init__(self) -> None:
        if self.chunk % self.stretch or self.width % self.heads:
            raise InputError(
                f"a transformer's chunk must be a multiple of {self.stretch} and its width "
                f"of {self.heads}; found {self.chunk} and {self.width}"
            )

    def parts(self) -> list[Layer]:
        """Embeddings, blocks and heads."""
        blocks = [layer for block in self._blocks() for layer in block.parts()]
        return [*self._embeddings(), *blocks, *self._heads()]

    def _embeddings(self) -> tuple[Dense, Table, Table]:
        return (
            Dense("embedding", self.inputs // self.observations, self.width),
            Table("when", self.observations, self.width),
            Table("wanted", self.chunk // self.stretch, self.width),
        )

    def _blocks(self) -> list["_Block"]:
        return [_Block(f"block.{i}", self.width, self.heads) for i in range(self.blocks)]

    def _heads(self) -> tuple[Norm, Dense, Dense]:
        return (
            Norm("last", self.width),
            Dense("stretch", self.width, self.stretch * (POSE_SIZE + 1)),
            Dense("done", self.width, 1),
        )

    def predict(self, weights: Weights, inputs: Array) -> Array:
        """Raw outputs (..., O) for standardised inputs (..., I)."""
        embedding, when, wanted = self._embeddings()
        seen = embedding(weights, steps_of(self, inputs)) + when(weights)
        tokens = maths.join([seen, maths.repeated(wanted(weights), inputs.shape[:-1])], -2)
        for block in self._blocks():
            tokens = block(weights, tokens)
        norm, stretch, done = self._heads()
        tokens = norm(weights, tokens)
        rows = stretch(weights, tokens[..., self.observations :, :])
        rows = rows.reshape(*inputs.shape[:-1], self.chunk, POSE_SIZE + 1)
        poses = rows[..., :POSE_SIZE].reshape(*inputs.shape[:-1], -1)
        ended = done(weights, tokens[..., self.observations - 1, :])
        return joined(poses, maths.join([rows[..., -1], ended]))

    def loss(
        self, weights: Weights, inputs: Array, poses: Array, generator: Any
    ) -> tuple[Array, Array]:
        """Mean absolute error of the poses, and the logits."""
        predicted, logits = split(self, self.predict(weights, inputs))
        return apart(predicted, poses), logits


@dataclass(frozen=True)
class _Block:
    """Every token (..., N, size) looks at every other, then thinks for itself."""

    name: str
    size: int
    heads: int

    def parts(self) -> list[Layer]:
        return [*self._looking(), *self._thinking()]

    def _looking(self) -> tuple[Norm, Dense, Dense]:
        return (
            Norm(f"{self.name}.look.norm", self.size),
            Dense(f"{self.name}.look.enter", self.size, 3 * self.size),
            Dense(f"{self.name}.look.leave", self.size, self.size),
        )

    def _thinking(self) -> tuple[Norm, Dense, Dense]:
        return (
            Norm(f"{self.name}.think.norm", self.size),
            Dense(f"{self.name}.think.enter", self.size, 2 * self.size),
            Dense(f"{self.name}.think.leave", 2 * self.size, self.size),
        )

    def __call__(self, weights: Weights, tokens: Array) -> Array:
        norm, enter, leave = self._looking()
        parts = self._by_head(enter(weights, norm(weights, tokens)))
        width = self.size // self.heads
        query, key, value = (parts[..., i * width : (i + 1) * width] for i in range(3))
        seen = maths.attend(query, key, value).swapaxes(-2, -3).reshape(*tokens.shape)
        tokens = tokens + leave(weights, seen)
        norm, enter, leave = self._thinking()
        return tokens + leave(weights, maths.gelu(enter(weights, norm(weights, tokens))))

    def _by_head(self, x: Array) -> Array:
        """(..., N, 3 size) as (..., heads, N, 3 size / heads)."""
        return x.reshape(*x.shape[:-1], self.heads, -1).swapaxes(-2, -3)
