"""What actions lead to in many worlds, run by run."""

from collections.abc import Callable

import torch

from robot_skills.train.refinement.batched.worlds import Worlds

Act = Callable[[torch.Tensor], torch.Tensor]

TRIAL_STEPS = 400  # decisions after which a run without end counts as failed


@torch.no_grad()
def successes(worlds: Worlds, act: Act, rows: torch.Tensor) -> torch.Tensor:
    """Whether (R,) one run from each of the starts `rows` (R,) succeeds, N at a time."""
    firsts = range(0, len(rows), worlds.worlds)
    return torch.cat([_one_each(worlds, act, rows[i : i + worlds.worlds]) for i in firsts])


@torch.no_grad()
def success_rate(worlds: Worlds, act: Act) -> float:
    """Share of successes of one run in every world, from starts that differ as long as they can."""
    order = torch.randperm(worlds.starts)
    rows = order[torch.arange(worlds.worlds) % worlds.starts]
    return float(successes(worlds, act, rows).float().mean())


def _one_each(worlds: Worlds, act: Act, rows: torch.Tensor) -> torch.Tensor:
    """The same for no more starts than there are worlds; worlds left over repeat the first."""
    count = len(rows)
    padded = torch.cat([rows, rows[:1].expand(worlds.worlds - count)])
    inputs = worlds.reset(padded)
    goes_on = torch.ones(worlds.worlds, dtype=torch.bool, device=inputs.device)
    good = torch.zeros_like(goes_on)
    for _ in range(TRIAL_STEPS):
        stepped = worlds.step(act(inputs))
        good |= goes_on & stepped.ended & (stepped.reward > 0.0)
        goes_on &= ~stepped.ended
        inputs = stepped.inputs
        if not goes_on.any():
            break
    return good[:count].cpu()
