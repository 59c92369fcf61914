"""The colours of skills and of what lies between them: one choice for pictures, pages and films."""

from collections.abc import Iterable

from robot_skills.core.demonstration import Segment, SegmentRole

# Told apart with any kind of colour vision: Okabe and Ito, "Color Universal Design", 2008; the
# last three from Paul Tol's "muted" scheme, 2021.
COLOURS = (
    "#0072b2",
    "#e69f00",
    "#009e73",
    "#cc79a7",
    "#56b4e9",
    "#d55e00",
    "#f0e442",
    "#882255",
    "#999933",
    "#332288",
)
IDLE, EXTRANEOUS = "#e4e4e4", "#9a9a9a"
LIGHT_INK, DARK_INK = "#ffffff", "#1b1b1b"


def skill_colours(segments: Iterable[Segment]) -> dict[str, str]:
    """A colour "#rrggbb" for each named skill, in the order of the names."""
    names = sorted({one.skill for one in segments if one.skill})
    return {name: COLOURS[index % len(COLOURS)] for index, name in enumerate(names)}


def segment_colour(segment: Segment, number: int, colours: dict[str, str]) -> str:
    """Colour of the `number`-th segment: of its skill, of its role, or else of its number."""
    if segment.role is SegmentRole.IDLE:
        return IDLE
    if segment.role is SegmentRole.EXTRANEOUS:
        return EXTRANEOUS
    return colours.get(segment.skill, COLOURS[number % len(COLOURS)])


def rgb(colour: str) -> tuple[int, int, int]:
    """Red, green and blue, 0 to 255, of "#rrggbb"."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def ink_on(colour: str) -> str:
    """White or near black, whichever is read better on `colour` (contrast of WCAG 2.1)."""
    light = _luminance(colour)
    with_white = (_luminance(LIGHT_INK) + 0.05) / (light + 0.05)
    with_dark = (light + 0.05) / (_luminance(DARK_INK) + 0.05)
    return LIGHT_INK if with_white > with_dark else DARK_INK


def _luminance(colour: str) -> float:
    shares = [part / 255 for part in rgb(colour)]
    red, green, blue = (s / 12.92 if s <= 0.04045 else ((s + 0.055) / 1.055) ** 2.4 for s in shares)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
