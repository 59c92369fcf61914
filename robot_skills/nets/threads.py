"""How many threads torch may use for networks this small."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def limited_threads(count: int) -> Iterator[None]:
    """Let torch use `count` threads inside the block.

    With a thread a core the small networks here spend their time waiting for one another, tens of
    times longer on a busy machine; and a fixed count gives the same sums everywhere.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)
