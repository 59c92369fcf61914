"""When a hidden state that seldom changes has changed, given how likely each state is."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def change_probability(log_likelihood: Floats, stay: float) -> Floats:
    """Probability (M, S) that each of M chains changes its state on entering each sample.

    log_likelihood (M, S, K); -inf for states that a chain lacks. `stay` samples is how long a
    state lasts on average. Source: the forward-backward recursions of Rabiner, "A tutorial on
    hidden Markov models", Proceedings of the IEEE 1989.
    """
    chains, samples, states = log_likelihood.shape
    if samples < 2:
        return np.zeros((chains, samples))
    likelihood = np.exp(log_likelihood - log_likelihood.max(axis=2, keepdims=True))
    move, keep = _transition(np.isfinite(log_likelihood[:, 0]), stay)
    forward = np.empty_like(likelihood)
    forward[:, 0] = _normal(likelihood[:, 0])
    for t in range(1, samples):
        forward[:, t] = _normal(_step(forward[:, t - 1], move, keep) * likelihood[:, t])
    changed = np.zeros((chains, samples))
    backward = np.ones((chains, states))
    for t in range(samples - 1, 0, -1):
        coming = likelihood[:, t] * backward
        before = forward[:, t - 1]
        every = (_step(before, move, keep) * coming).sum(axis=1)
        same = (before * (keep + move) * coming).sum(axis=1)
        changed[:, t] = 1.0 - same / np.maximum(every, 1e-300)
        backward = _normal(_step(coming, move, keep))
    return changed


def _transition(present: NDArray[np.bool_], stay: float) -> tuple[Floats, Floats]:
    """(M, 1) chance to move to any one state, and what staying has beyond it."""
    count = present.sum(axis=1, keepdims=True)
    leave = 1.0 / max(stay, 1.0)
    move = leave / np.maximum(count - 1, 1)
    return move, 1.0 - leave - move


def _step(weight: Floats, move: Floats, keep: Floats) -> Floats:
    """One transition: every state may be reached from every other, alike."""
    return np.asarray(keep * weight + move * weight.sum(axis=1, keepdims=True))


def _normal(weight: Floats) -> Floats:
    return np.asarray(weight / np.maximum(weight.sum(axis=1, keepdims=True), 1e-300))
