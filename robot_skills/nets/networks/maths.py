"""Arithmetic of networks for NumPy and torch alike: one formula trains and runs the control loop.

Every function takes arrays of either library and gives the same library's back. torch is imported
only where a torch array is met, so that running a skill needs none.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = Any  # NumPy or torch; the array-API standard has no static type yet

NORM_FLOOR = 1e-5  # added to a variance before it divides, torch's own default


def library_of(array: Array) -> Any:
    """The library an array belongs to: NumPy or torch, whose names below agree."""
    if isinstance(array, np.ndarray | np.generic):
        return np
    import torch

    return torch


def linear(x: Array, weight: Array, bias: Array) -> Array:
    """x (..., I) times weight (O, I) transposed, plus bias (O,)."""
    xp = library_of(x)
    if xp is np:
        return x @ weight.T + bias
    return xp.nn.functional.linear(x, weight, bias)


def gelu(x: Array) -> Array:
    """Gaussian error linear unit in its tanh form (Hendrycks and Gimpel 2016)."""
    xp = library_of(x)
    if xp is np:
        return 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))
    return xp.nn.functional.gelu(x, approximate="tanh")


def sigmoid(x: Array) -> Array:
    """1 / (1 + exp(-x)), without overflow."""
    xp = library_of(x)
    return 0.5 * (1 + np.tanh(0.5 * x)) if xp is np else xp.sigmoid(x)


def softplus(x: Array) -> Array:
    """log(1 + exp(x)), without overflow."""
    xp = library_of(x)
    return np.logaddexp(x, 0.0) if xp is np else xp.nn.functional.softplus(x)


def softmax(x: Array) -> Array:
    """Shares (..., N) that sum to 1 along the last dimension."""
    xp = library_of(x)
    if xp is not np:
        return xp.softmax(x, -1)
    shares = np.exp(x - x.max(-1, keepdims=True))
    return shares / shares.sum(-1, keepdims=True)


def normalise(x: Array, scale: Array, shift: Array) -> Array:
    """Layer normalisation of x (..., D) (Ba et al. 2016)."""
    xp = library_of(x)
    if xp is not np:
        return xp.nn.functional.layer_norm(x, scale.shape, scale, shift, NORM_FLOOR)
    mean = x.mean(-1, keepdims=True)
    variance = ((x - mean) ** 2).mean(-1, keepdims=True)
    return (x - mean) / np.sqrt(variance + NORM_FLOOR) * scale + shift


def join(arrays: Sequence[Array], axis: int = -1) -> Array:
    """The arrays one behind the other along `axis`."""
    return library_of(arrays[0]).concatenate(list(arrays), axis)


def zeros(like: Array, *shape: int) -> Array:
    """Zeros of that shape, of the library, type and device of `like`."""
    if library_of(like) is np:
        return np.zeros(shape, dtype=like.dtype)
    return like.new_zeros(shape)


def constant(values: NDArray[Any], like: Array) -> Array:
    """Fixed numbers as an array of the library, type and device of `like`."""
    if library_of(like) is np:
        return np.asarray(values, dtype=like.dtype)
    return like.new_tensor(values)


def repeated(x: Array, leading: Sequence[int]) -> Array:
    """x (...) once for each of the `leading` dimensions: (*leading, ...)."""
    return library_of(x).broadcast_to(x, (*leading, *x.shape))


def convolve(x: Array, weight: Array, bias: Array, stride: int) -> Array:
    """Pictures x (..., C, H, W) through filters (O, C, K, K), no padding: (..., O, h, w)."""
    xp = library_of(x)
    if xp is not np:
        flat = x.reshape(-1, *x.shape[-3:])
        seen = xp.nn.functional.conv2d(flat, weight, bias, stride)
        return seen.reshape(*x.shape[:-3], *seen.shape[-3:])
    size = weight.shape[-1]
    windows = np.lib.stride_tricks.sliding_window_view(x, (size, size), axis=(-2, -1))
    windows = np.moveaxis(windows[..., ::stride, ::stride, :, :], -5, -3)  # (..., h, w, C, K, K)
    rows = windows.reshape(*windows.shape[:-3], -1)
    return np.moveaxis(rows @ weight.reshape(len(weight), -1).T + bias, -1, -3)


def whereabouts(x: Array) -> Array:
    """Middle (..., C, 2) of each map x (..., C, H, W) as a softmax weighs it, from -1 to 1.

    Row, then column. Levine et al., "End-to-end training of deep visuomotor policies", JMLR 2016.
    """
    height, width = x.shape[-2:]
    shares = softmax(x.reshape(*x.shape[:-2], -1)).reshape(x.shape)
    return middle(shares, height, width)


def middle(shares: Array, height: int, width: int) -> Array:
    """Row and column (..., 2) from -1 to 1 where `shares` (..., H, W), which sum to 1, balance."""
    xp = library_of(shares)
    rows = xp.linspace(-1.0, 1.0, height, dtype=shares.dtype)
    columns = xp.linspace(-1.0, 1.0, width, dtype=shares.dtype)
    return xp.stack([shares.sum(-1) @ rows, shares.sum(-2) @ columns], -1)


def attend(query: Array, key: Array, value: Array) -> Array:
    """Scaled dot-product attention (Vaswani et al. 2017) of (..., N, D) to (..., M, D)."""
    near = query @ key.swapaxes(-1, -2) / query.shape[-1] ** 0.5
    return softmax(near) @ value
