import numpy as np
import pytest
import torch

from robot_skills.sim.gripper_motion import slewed_width


@pytest.mark.parametrize(
    ("sent", "measured", "wanted", "found"),
    [
        (0.05, 0.05, 0.0, 0.045),  # on the way
        (0.01, 0.03, 0.0, 0.005),  # stopped by a thing: sent on, which presses
        (0.01, 0.03, 0.08, 0.035),  # turned round: from where the fingers are
        (0.05, 0.05, 0.052, 0.052),  # no further than wanted
    ],
)
def test_a_width_goes_on_from_where_it_should(sent, measured, wanted, found):
    assert slewed_width(sent, measured, wanted, 0.005) == pytest.approx(found)


def test_many_grippers_in_torch_are_sent_what_one_is():
    rng = np.random.default_rng(0)
    sent, measured, wanted = rng.uniform(0.0, 0.085, (3, 50))
    many = slewed_width(*map(torch.from_numpy, (sent, measured, wanted)), 0.005)
    each = [slewed_width(*map(float, row), 0.005) for row in np.stack([sent, measured, wanted], 1)]
    np.testing.assert_allclose(many, each, atol=1e-15)
