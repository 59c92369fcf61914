import numpy as np
import pytest

from robot_skills.core.errors import InputError
from robot_skills.nets.sight.pictures import hue, likeness, picture

RED, ORANGE, BLACK = (200, 40, 40), (200, 120, 40), (8, 2, 2)


def image(*colours):
    return np.array([[colours]], np.uint8).reshape(1, -1, 3)


def test_shade_does_not_change_a_hue():
    bright, dim = hue(image((200, 100, 50))), hue(image((100, 50, 25)))
    np.testing.assert_allclose(bright, dim, atol=1e-6)
    assert bright.max() == 1.0


def test_a_pixel_is_like_its_own_hue_and_not_like_another_or_the_dark():
    alike = likeness(image(RED, ORANGE, BLACK), hue(image(RED))[0, 0])[0]
    assert alike[0] == pytest.approx(1.0)
    assert alike[1] < 0.05
    assert alike[2] < 0.05


def test_a_picture_holds_means_over_squares_and_nothing_meant_is_dark():
    images = np.zeros((4, 6, 3), np.uint8)
    images[:2, :2] = RED
    small = picture(images, hue(image(RED))[0, 0], 2)
    assert small.shape == (4, 2, 3)
    assert small[:, 0, 0].tolist() == [255, *RED]
    assert small[:, 1:].sum() == 0
    assert picture(images, None, 2)[0].max() == 0
    assert picture(np.stack([images, images]), None, 2).shape == (2, 4, 2, 3)


def test_sides_that_cannot_be_shrunk_are_refused():
    with pytest.raises(InputError, match="multiple of 2 pixels high and wide; found 3 x 4"):
        picture(np.zeros((3, 4, 3), np.uint8), None, 2)
