"""What actions lead to in many worlds, run by run."""

from collections.abc import Callable, Iterator
from math import ceil

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
    ends, found = _ends(worlds, act, rows), torch.zeros(len(rows), dtype=torch.bool)
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
    """Number of a run and whether it succeeded, as they end.

    World n has the starts n, n + N and so on, one after the other; none waits for the others.
    """
    count, world = len(rows), torch.arange(worlds.worlds)
    laps = ceil(count / worlds.worlds)
    own = rows[torch.arange(laps * worlds.worlds) % count].reshape(laps, worlds.worlds)
    number, inputs = world, worlds.reset(own[0])
    for _ in range(laps * TRIAL_STEPS):
        lap = number // worlds.worlds
        stepped = worlds.step(act(inputs), own[(lap + 1).clamp(max=laps - 1), world])
        ended, good = stepped.ended.cpu(), stepped.reward.cpu() > 0.0
        told = ended & (number < count)
        yield from zip(number[told].tolist(), good[told].tolist(), strict=True)
        number, inputs = number + worlds.worlds * ended, stepped.inputs
        if bool((number >= count).all()):
            return
    for first in number.tolist():
        yield from ((left, False) for left in range(first, count, worlds.worlds))
