"""Commands that arrive late, by as much as each world's link takes."""

import torch


class CommandDelay:
    """Holds commands (N, C) back for `steps` (N,) control steps, whole or in part.

    What is late by part of a step is met by mixing the two commands that share the step, whose
    mean over it is the same.
    """

    def __init__(self, steps: torch.Tensor) -> None:
        self._whole = steps.floor().long()
        self._part = (steps - steps.floor())[:, None]
        self._longest = int(self._whole.max()) + 2
        self._sent: torch.Tensor | None = None

    def reset(self, mask: torch.Tensor, command: torch.Tensor) -> None:
        """In the worlds of a mask (N,) nothing but this command (N, C) is under way."""
        still = command[:, None].expand(-1, self._longest, -1)
        kept = still if self._sent is None else self._sent
        self._sent = torch.where(mask[:, None, None], still, kept)

    def after(self, command: torch.Tensor) -> torch.Tensor:
        """What arrives (N, C) in the control step in which a command (N, C) is sent."""
        assert self._sent is not None
        self._sent = torch.cat([command[:, None], self._sent[:, :-1]], dim=1)
        rows = torch.arange(len(command), device=command.device)
        late, later = self._sent[rows, self._whole], self._sent[rows, self._whole + 1]
        return late + self._part * (later - late)
