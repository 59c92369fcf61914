"""Plan, current skill and facts written over a camera image."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from robot_skills.core.facts import State
from robot_skills.run.execute.watching import Moment

Image = NDArray[np.uint8]
Colour = tuple[int, int, int]

FONT = cv2.FONT_HERSHEY_SIMPLEX
DESIGN_HEIGHT = 480  # pixels that the sizes below are made for
LINE, MARGIN = 17, 8
TEXT_SCALE = 0.42
BANNER_AT = 0.79  # of the height: between what stands on the table and the facts
SHADE = 0.72  # how dark the ground behind text is
WHITE, GREY = (255, 255, 255), (170, 170, 170)
DONE, NOW, TROUBLE = (140, 220, 140), (255, 214, 90), (255, 150, 130)
GOOD, BAD = (28, 120, 60), (170, 40, 40)
DISTURBED = (150, 90, 10)


def draw_overlay(image: Image, moment: Moment, note: str = "") -> Image:
    """A copy of `image` (H, W, 3) uint8 RGB with the plan above, a note and the facts below."""
    canvas = image.copy()
    writer = _Writer(canvas)
    writer.block(_plan_lines(moment), right=True, top=True)
    writer.block(_fact_lines(moment, note, writer.columns), right=False, top=False)
    if moment.disturbance:
        writer.banner(moment.disturbance, DISTURBED)
    return canvas


def draw_verdict(image: Image, success: bool, text: str) -> Image:
    """A copy of `image` (H, W, 3) uint8 RGB with how the episode ended written across it."""
    canvas = image.copy()
    _Writer(canvas).banner(text, GOOD if success else BAD)
    return canvas


def _plan_lines(moment: Moment) -> list[tuple[str, Colour]]:
    steps = moment.plan.steps
    now = next((i for i, step in enumerate(steps) if step == moment.step), None)
    if moment.plan.goal <= moment.facts:
        now = len(steps)
    lines: list[tuple[str, Colour]] = [("goal", GREY)]
    held = moment.facts
    lines += [(f"  {f}", DONE if f in held else WHITE) for f in sorted(moment.plan.goal)]
    lines.append(("plan", GREY))
    for index, step in enumerate(steps):
        if now is not None and index < now:
            lines.append((f"  {step}", DONE))
        else:
            lines.append((f"> {step}", NOW) if index == now else (f"  {step}", WHITE))
    return lines


def _fact_lines(moment: Moment, note: str, columns: int) -> list[tuple[str, Colour]]:
    doing = f"skill {moment.step.skill}" if moment.step else "finding another way"
    time = f"{moment.observation.time_s:5.1f} s"
    noted = [(note, TROUBLE)] if note else []
    facts = [(line, WHITE) for line in _wrapped(moment, columns)]
    return [*noted, (f"{time}   {doing}", NOW), *facts]


def _wrapped(moment: Moment, columns: int) -> list[str]:
    lines = [""]
    for fact in map(str, sorted(_telling(moment.facts))):
        if len(lines[-1]) + len(fact) > columns:
            lines.append("")
        lines[-1] += f"{fact}  "
    return lines


def _telling(facts: State) -> State:
    """Facts without those that nearly always hold."""
    return frozenset(
        fact
        for fact in facts
        if fact.predicate != "clear"
        and str(fact) != "open(tray)"
        and fact.arguments[1:] != ("table",)
    )


class _Writer:
    """Writes on one image, sizes in proportion to its height."""

    def __init__(self, canvas: Image) -> None:
        self._canvas = canvas
        self._height, self._width = canvas.shape[:2]
        self._unit = self._height / DESIGN_HEIGHT
        self._scale = TEXT_SCALE * self._unit
        letter = cv2.getTextSize("m(o, a)", FONT, self._scale, 1)[0][0] / 7
        self.columns = int((self._width - 4 * MARGIN * self._unit) / letter)

    def block(self, lines: Sequence[tuple[str, Colour]], right: bool, top: bool) -> None:
        """Lines of text on a dark ground in a corner."""
        line, margin = LINE * self._unit, MARGIN * self._unit
        widest = max(cv2.getTextSize(text, FONT, self._scale, 1)[0][0] for text, _ in lines)
        height = round(len(lines) * line + margin)
        width = min(round(widest + 2 * margin), self._width) if top else self._width
        left = self._width - width if right else 0
        upper = 0 if top else self._height - height
        self._shade((left, upper), (left + width, upper + height), (0, 0, 0))
        for number, (text, colour) in enumerate(lines):
            at = (round(left + margin), round(upper + (number + 0.85) * line))
            self._text(text, at, colour, 1.0)

    def banner(self, text: str, colour: Colour) -> None:
        """One line of large text on a coloured ground from side to side."""
        scale, tall = 1.6, round(44 * self._unit)
        (width, height), _ = cv2.getTextSize(text, FONT, scale * self._scale, 2)
        upper = round(BANNER_AT * self._height)
        self._shade((0, upper), (self._width, upper + tall), colour)
        at = ((self._width - width) // 2, upper + (tall + height) // 2)
        self._text(text, at, WHITE, scale)

    def _shade(self, start: tuple[int, int], stop: tuple[int, int], colour: Colour) -> None:
        area = self._canvas[start[1] : stop[1], start[0] : stop[0]]
        area[:] = ((1 - SHADE) * area + SHADE * np.array(colour)).astype(np.uint8)

    def _text(self, text: str, at: tuple[int, int], colour: Colour, larger: float) -> None:
        thickness = 2 if larger > 1 else 1
        cv2.putText(
            self._canvas, text, at, FONT, larger * self._scale, colour, thickness, cv2.LINE_AA
        )
