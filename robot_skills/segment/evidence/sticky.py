"""When a hidden state that seldom changes has changed, given how likely each state is."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

RESCALED = 16  # samples; each may shrink a chain's weights by what leaving a state costs


def change_probability(log_likelihood: Floats, stay: float) -> Floats:
    """Probability (M, S) that each of M chains changes its state on entering each sample.

    log_likelihood (M, S, K); -inf for states that a chain lacks. `stay` samples is how long a
    state lasts on average. Source: the forward-backward recursions of Rabiner, "A tutorial on
    hidden Markov models", Proceedings of the IEEE 1989.
    """
    chains, samples, _ = log_likelihood.shape
    changed = np.zeros((chains, samples))
    if samples < 2:
        return changed
    by_time = np.ascontiguousarray(log_likelihood.transpose(1, 2, 0))
    likelihood = np.exp(by_time - by_time.max(axis=1, keepdims=True))
    move, keep = _transition(np.isfinite(by_time[0]), stay)
    coming = _passed(likelihood[::-1], move, keep)[::-1][1:]
    before = _passed(likelihood, move, keep)[:-1]
    every = (_step(before, move, keep) * coming).sum(axis=1)
    same = ((keep + move) * before * coming).sum(axis=1)
    changed[:, 1:] = (1.0 - same / every).T
    return changed


def _transition(present: NDArray[np.bool_], stay: float) -> tuple[Floats, Floats]:
    """Chance (M,) to move to any one state, and what staying has beyond it; present is (K, M)."""
    count = present.sum(axis=0)
    leave = 1.0 / max(stay, 1.0)
    move = leave / np.maximum(count - 1, 1)
    return move, 1.0 - leave - move


def _passed(likelihood: Floats, move: Floats, keep: Floats) -> Floats:
    """What each state (S, K, M) is worth by all up to it; every sample in a scale of its own."""
    found = np.empty_like(likelihood)
    found[0] = likelihood[0]
    for t in range(1, len(found)):
        before = found[t - 1]
        if t % RESCALED == 0:
            before /= before.sum(axis=0)
        np.multiply(_step(before, move, keep), likelihood[t], out=found[t])
    return found


def _step(weight: Floats, move: Floats, keep: Floats) -> Floats:
    """One transition (..., K, M): every state may be reached from every other, alike."""
    return np.asarray(keep * weight + move * np.add.reduce(weight, axis=-2, keepdims=True))
