"""What the default was meant to reach, and whether it did."""

from collections.abc import Mapping
from dataclasses import dataclass

from results import Figure
from segmentation_side_figures import ALLOWED_BELOW

OVER = "over_best_channel"


@dataclass(frozen=True)
class Target:
    """A figure that must be at least, or at most, so much."""

    figure: str
    level: float
    at_most: bool = False

    def words(self) -> str:
        """What must be so."""
        return f"{self.figure} {'at most' if self.at_most else 'at least'} {self.level:g}"

    def met(self, value: float) -> bool:
        """Whether the figure is so."""
        return value <= self.level if self.at_most else value >= self.level


TARGETS = (
    Target("mean_f1", 0.6),
    Target("ratio_to_best_baseline", 1.25),
    Target("precision_at_confidence_0.8", 0.8),
    Target("recall_at_confidence_0.8", 0.3),
    Target("calibration_error", 0.1, at_most=True),
    Target("video_to_arm_ratio_scripted", 0.75),
    Target("video_ratio_to_best_baseline_g1", 1.0),
)


def target_figures(figures: Mapping[str, Figure]) -> dict[str, Figure]:
    """target/<figure>, 1 where it was reached and 0 where it was missed, of those measured."""
    found = {}
    for target in TARGETS:
        value = figures[target.figure].value if target.figure in figures else None
        if value is not None:
            note = f"{target.words()}; found {value:.3f}"
            found[f"target/{target.figure}"] = Figure(float(target.met(value)), "1 or 0", note=note)
    return found | _channel_target(figures)


def _channel_target(figures: Mapping[str, Figure]) -> dict[str, Figure]:
    """No set may be far below its best single channel."""
    over = {
        name.partition("/")[2]: figure.value
        for name, figure in figures.items()
        if name.startswith(f"{OVER}/") and figure.value is not None
    }
    if not over:
        return {}
    below = [f"{name} by {-value:.3f}" for name, value in over.items() if value < -ALLOWED_BELOW]
    words = f"no set more than {ALLOWED_BELOW:g} below its best single channel"
    note = f"{words}; below: {', '.join(below) or 'none'}"
    return {f"target/{OVER}": Figure(float(not below), "1 or 0", note=note)}
