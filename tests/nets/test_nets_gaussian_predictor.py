import pickle
from itertools import pairwise

import numpy as np
import torch

from robot_skills.nets import gaussian_predictor as predictor


def test_slopes_written_out_are_those_of_the_graph():
    generator = torch.Generator().manual_seed(0)
    sizes = (5, 7, 6, 8)
    layers = [
        torch.randn(shape, generator=generator, dtype=torch.float64)
        for a, b in pairwise(sizes)
        for shape in ((b, a), (b,))
    ]
    past = torch.randn(40, 5, generator=generator, dtype=torch.float64)
    targets = torch.randn(40, 4, generator=generator, dtype=torch.float64)
    slopes = [torch.zeros_like(layer) for layer in layers]
    predictor._find_slopes(layers, past, targets, slopes)
    leaves = [layer.clone().requires_grad_() for layer in layers]
    mean, log_spread = predictor._predict(leaves, past)
    bounded = (log_spread == predictor.LOG_SPREAD[0]) | (log_spread == predictor.LOG_SPREAD[1])
    assert bounded.any() and not bounded.all()
    loss = log_spread + 0.5 * ((targets - mean) * torch.exp(-log_spread)) ** 2
    loss.sum(1).mean().backward()
    for slope, leaf in zip(slopes, leaves, strict=True):
        assert torch.allclose(slope, leaf.grad)


def test_a_descent_is_that_of_torch():
    start, goal = torch.linspace(-1.0, 1.0, 9), torch.linspace(0.5, -0.5, 9)
    descent = predictor._Descent(start.clone())
    leaf = start.clone().requires_grad_()
    usual = torch.optim.AdamW([leaf], 0.05, weight_decay=predictor.WEIGHT_DECAY)
    for _ in range(30):
        descent.slope.copy_(descent.point - goal)
        descent.step(0.05)
        usual.zero_grad()
        (0.5 * (leaf - goal) ** 2).sum().backward()
        usual.step()
    assert torch.allclose(descent.point, leaf.detach(), atol=1e-6)


def test_mean_and_spread_of_what_comes_next_are_learned_and_go_to_another_process():
    rng = np.random.default_rng(0)
    past = rng.uniform(-1, 1, (4000, 2))
    spread = np.where(past[:, :1] > 0, 0.5, 0.05)
    targets = past[:, 1:] + spread * rng.normal(size=(4000, 1))
    model = pickle.loads(pickle.dumps(predictor.fit_predictor(past, targets, seed=0)))
    expected, _ = predictor.score_rows(model, past, targets)
    assert abs(np.exp(expected[past[:, 0] > 0.2]).mean() - 0.5) < 0.08
    assert np.exp(expected[past[:, 0] < -0.2]).mean() < 0.12
    again, _ = predictor.score_rows(predictor.fit_predictor(past, targets, seed=0), past, targets)
    assert np.array_equal(expected, again)
