"""Warp's own code that runs beside the physics on the device."""

# mypy: ignore-errors
# Warp reads a kernel's annotations as values, which no type checker knows.

import warp as wp


@wp.kernel
def remember(
    good: wp.array(dtype=bool), now: wp.array2d(dtype=float), before: wp.array2d(dtype=float)
):
    """Keep the states (N, C) of the worlds that are good."""
    world, column = wp.tid()
    if good[world]:
        before[world, column] = now[world, column]


@wp.kernel
def count_needs(
    constraints: wp.array(dtype=int),
    pairs: wp.array(dtype=int),
    contacts: wp.array(dtype=int),
    most_constraints: wp.array(dtype=int),
    most_pooled: wp.array(dtype=int),
):
    """Raise the most rows (N,) of each world, and the most pairs and contacts (2,) of all."""
    world = wp.tid()
    most_constraints[world] = wp.max(most_constraints[world], constraints[world])
    if world == 0:
        most_pooled[0] = wp.max(most_pooled[0], pairs[0])
        most_pooled[1] = wp.max(most_pooled[1], contacts[0])


@wp.kernel
def judge(now: wp.array2d(dtype=float), most: float, good: wp.array(dtype=bool)):
    """Call the worlds bad that have a number (N, C) of `most` or more."""
    world, column = wp.tid()
    value = now[world, column]
    if not (wp.abs(value) < most):  # so is NaN
        good[world] = False
