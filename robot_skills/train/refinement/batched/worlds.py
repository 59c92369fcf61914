"""What learning in many worlds asks of them."""

from typing import Protocol

import torch


class SteppedWorlds(Protocol):
    """What came of one decision in N worlds: inputs (N, F) of the next, rewards and ends (N,).

    Inputs are of a new start where a run ended; `reward` is 1 where it succeeded.
    """

    @property
    def inputs(self) -> torch.Tensor: ...  # noqa: D102 - said above

    @property
    def reward(self) -> torch.Tensor: ...  # noqa: D102 - said above

    @property
    def ended(self) -> torch.Tensor: ...  # noqa: D102 - said above


class Worlds(Protocol):
    """N worlds to practise in, each with one run under way, from some of `starts` starts."""

    worlds: int
    actions: int
    starts: int

    def reset(self, rows: torch.Tensor | None = None) -> torch.Tensor:
        """Inputs (N, F) of new runs everywhere, from starts `rows` (N,) or such as teach most."""
        ...

    def step(self, action: torch.Tensor, following: torch.Tensor | None = None) -> SteppedWorlds:
        """Act by (N, A) in [-1, 1]; worlds whose run ends begin another one.

        From starts `following` (N,), each world its own, or such as teach most.
        """
        ...
