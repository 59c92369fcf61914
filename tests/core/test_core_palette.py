from itertools import pairwise

from robot_skills.core.demonstration import Segment, SegmentRole
from robot_skills.core.palette import (
    COLOURS,
    DARK_INK,
    EXTRANEOUS,
    IDLE,
    LIGHT_INK,
    ink_on,
    rgb,
    segment_colour,
    skill_colours,
)


def test_a_skill_keeps_its_colour_whatever_the_order_of_the_segments():
    pieces = [Segment("a", 0, 5, "reach"), Segment("a", 5, 9, "grasp"), Segment("b", 0, 3)]
    assert skill_colours(pieces) == skill_colours(pieces[::-1])
    assert set(skill_colours(pieces)) == {"reach", "grasp"}


def test_what_is_no_skill_is_grey_and_a_repetition_has_the_colour_of_what_it_repeats():
    colours = {"reach": COLOURS[3]}
    idle = Segment("a", 0, 5, "reach", role=SegmentRole.IDLE)
    aside = Segment("a", 0, 5, role=SegmentRole.EXTRANEOUS)
    again = Segment("a", 0, 5, "reach", role=SegmentRole.REPETITION)
    assert segment_colour(idle, 0, colours) == IDLE
    assert segment_colour(aside, 0, colours) == EXTRANEOUS
    assert segment_colour(again, 0, colours) == COLOURS[3]


def test_segments_without_skills_differ_from_their_neighbours():
    piece = Segment("a", 0, 5)
    drawn = [segment_colour(piece, number, {}) for number in range(30)]
    assert all(left != right for left, right in pairwise(drawn))


def test_text_on_every_colour_has_the_contrast_asked_of_large_text():
    for colour in (*COLOURS, IDLE, EXTRANEOUS):
        assert ink_on(colour) in (LIGHT_INK, DARK_INK)
        assert contrast(colour, ink_on(colour)) >= 3.0  # WCAG 2.1, level AA
    assert ink_on("#000000") == LIGHT_INK and ink_on("#ffffff") == DARK_INK


def test_rgb_reads_hexadecimal():
    assert rgb("#0172b2") == (1, 114, 178)


def contrast(one, other):
    def luminance(colour):
        linear = [
            v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4
            for v in (part / 255 for part in rgb(colour))
        ]
        return sum(w * v for w, v in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

    high, low = sorted([luminance(one), luminance(other)], reverse=True)
    return (high + 0.05) / (low + 0.05)
