"""Finds what would make a GPU wait for the host, or the host for a GPU, on the CPU as well."""

from collections.abc import Mapping, Sequence
from typing import Any, Self

import torch
from torch.utils._python_dispatch import TorchDispatchMode

ANSWERS = ("_local_scalar_dense", "nonzero", "masked_select", "equal", "is_nonzero", "unique")
SENT = "lift_fresh"  # a tensor of the host's own numbers: torch.tensor([1.0, 2.0])


class NoQuestions(TorchDispatchMode):
    """Raises where torch looks at values: `float(tensor)`, `if tensor`, `tensor[mask]`, `tolist`.

    So does a tensor made of the host's numbers, which has to be sent to a device each time; and,
    where there is a GPU, whatever else torch waits for.
    """

    def __enter__(self) -> Self:
        self._wait_for_gpu("error")
        super().__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        super().__exit__(*error)
        self._wait_for_gpu("default")

    def _wait_for_gpu(self, mode: str) -> None:
        if torch.cuda.is_available():
            torch.cuda.set_sync_debug_mode(mode)

    def __torch_dispatch__(
        self,
        func: Any,
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        name = func.overloadpacket.__name__
        if name in ANSWERS or name == SENT or (name.startswith("index") and _has_mask(args[1])):
            raise AssertionError(f"the host is asked, or sends something: {func}")
        return func(*args, **(kwargs or {}))


def _has_mask(indices: Any) -> bool:
    """Whether anything is chosen by truths, whose number the host has to know."""
    chosen = indices if isinstance(indices, list | tuple) else ()
    return any(one is not None and one.dtype == torch.bool for one in chosen)
