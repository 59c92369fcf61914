"""What actions lead to in many worlds, run by run."""

from collections.abc import Callable, Iterator

import torch

from robot_skills.core.progress import Track, quiet
from robot_skills.train.refinement.batched.worlds import Worlds

Act = Callable[[torch.Tensor], torch.Tensor]

TRIAL_STEPS = 400  # decisions after which a run without end counts as failed


@torch.no_grad()
def successes(
    worlds: Worlds, act: Act, rows: torch.Tensor, track: Track = quiet, label: str = "trying"
) -> torch.Tensor:
    """Whether (R,) one run from each of the starts `rows` (R,) succeeds, N at a time."""
    firsts = range(0, len(rows), worlds.worlds)
    ends = (
        (first + number, good)
        for first in firsts
        for number, good in _ends(worlds, act, rows[first : first + worlds.worlds])
    )
    found = torch.zeros(len(rows), dtype=torch.bool)
    for _ in track(range(len(rows)), label):
        number, good = next(ends)
        found[number] = good
    return found


@torch.no_grad()
def success_rate(worlds: Worlds, act: Act) -> float:
    """Share of successes of one run in every world, from starts that differ as long as they can."""
    order = torch.randperm(worlds.starts)
    rows = order[torch.arange(worlds.worlds) % worlds.starts]
    return float(successes(worlds, act, rows).float().mean())


def _ends(worlds: Worlds, act: Act, rows: torch.Tensor) -> Iterator[tuple[int, bool]]:
    """Number of a run and whether it succeeded, as they end; no more starts than there are worlds.

    Worlds left over repeat the first.
    """
    count = len(rows)
    inputs = worlds.reset(torch.cat([rows, rows[:1].expand(worlds.worlds - count)]))
    goes_on = torch.ones(count, dtype=torch.bool, device=inputs.device)
    for _ in range(TRIAL_STEPS):
        stepped = worlds.step(act(inputs))
        ended = torch.nonzero(goes_on & stepped.ended[:count])[:, 0]
        yield from zip(ended.tolist(), (stepped.reward[ended] > 0.0).tolist(), strict=True)
        goes_on[ended] = False
        if not goes_on.any():
            return
        inputs = stepped.inputs
    yield from ((number, False) for number in torch.nonzero(goes_on)[:, 0].tolist())
