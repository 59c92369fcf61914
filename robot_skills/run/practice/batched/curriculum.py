"""Which start to practise from next: those that sometimes succeed teach most."""

import torch

SMOOTHING = 0.1  # share of a start's estimate that one more attempt replaces
FLOOR = 0.1  # of the weight of a start that succeeds every other time: none is forgotten


class Curriculum:
    """Draws starts by how uncertain their success is, p (1 - p), with a floor.

    Where success is certain or out of reach there is little to learn from one more attempt.
    Source: Tzannetos et al., "Proximal curriculum for reinforcement learning agents", TMLR 2023.
    """

    def __init__(self, starts: int, generator: torch.Generator) -> None:
        self._generator = generator
        self.success = torch.full((starts,), 0.5, device=generator.device)

    def draw(self, count: int) -> torch.Tensor:
        """Rows (count,) of starts, drawn with replacement."""
        weight = self.success * (1.0 - self.success) + FLOOR * 0.25
        return torch.multinomial(weight, count, replacement=True, generator=self._generator)

    def learn(self, rows: torch.Tensor, ended: torch.Tensor, success: torch.Tensor) -> None:
        """Take in how the attempts from starts `rows` (N,) that ended (N,) came out (N,)."""
        change = torch.where(ended, success.to(self.success.dtype) - self.success[rows], 0.0)
        total = torch.zeros_like(self.success).index_add_(0, rows, change)
        count = torch.zeros_like(self.success).index_add_(0, rows, ended.to(total.dtype))
        self.success = (self.success + SMOOTHING * total / count.clamp(min=1.0)).clamp(0.0, 1.0)
