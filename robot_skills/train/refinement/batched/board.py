"""Rounds of practice drawn for TensorBoard."""

from pathlib import Path
from typing import Any

from robot_skills.train.refinement.batched.practising import Round


class Board:
    """Draws rounds for TensorBoard in a folder."""

    def __init__(self, folder: Path) -> None:
        from torch.utils.tensorboard import SummaryWriter

        self._writer: Any = SummaryWriter(str(folder))

    def __call__(self, one: Round) -> None:
        """Draw one round."""
        for name, value in one.figures.items():
            self._writer.add_scalar(name, value, one.decisions)

    def close(self) -> None:
        """Write what is not written yet."""
        self._writer.close()


class NoBoard:
    """Draws nothing."""

    def __call__(self, one: Round) -> None:
        """Take no note of a round."""

    def close(self) -> None:
        """Nothing is open."""
