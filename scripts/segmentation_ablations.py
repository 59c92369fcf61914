"""The default with one ingredient taken away: what each of them adds.

Each ablation has its own weights, fitted anew without the family that is cut.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from segmentation_evidence import AS_SHIPPED, CONSTANT_SPREAD, NO_MEMORY, Recipe

from robot_skills.segment.evidence.channels import HINDSIGHT
from robot_skills.segment.evidence.fusion import CONTACT, CONTACT_MODES
from robot_skills.segment.evidence.modes import VIEWS
from robot_skills.segment.evidence.weights import Weights


@dataclass(frozen=True)
class Ablation:
    """How evidence is weighed, and what is made of the weights that were fitted to it."""

    recipe: Recipe = AS_SHIPPED
    of_weights: Callable[[Weights], Weights] = lambda fitted: fitted


def fixed_threshold(fitted: Weights) -> Weights:
    """A candidate is a boundary when the logistic regression finds it likelier than not."""
    return replace(fitted, threshold=0.0)


def as_sure_as_fitted(fitted: Weights) -> Weights:
    """Confidence is the probability of the logistic regression itself."""
    return replace(fitted, slope=1.0, offset=0.0)


NOTHING = Ablation()
NO_FUSION = "no_fusion"  # the surprise alone, cut at its own level
ABLATIONS = {
    "no_reset": Ablation(Recipe(forgets=False)),
    "no_fitted_threshold": Ablation(AS_SHIPPED, fixed_threshold),
    "no_fitted_confidence": Ablation(AS_SHIPPED, as_sure_as_fitted),
    "constant_spread": Ablation(Recipe(instead=CONSTANT_SPREAD)),
    "no_backward_pass": Ablation(Recipe(without=frozenset({HINDSIGHT}))),
    "no_recurrence": Ablation(Recipe(frozenset(VIEWS), NO_MEMORY, recurs=False)),
    "no_modes": Ablation(Recipe(frozenset(VIEWS))),
    "no_memory_no_revision": Ablation(Recipe(instead=NO_MEMORY, recurs=False)),
    "trust_by_consensus": Ablation(Recipe(by_consensus=True)),
    "no_contact": Ablation(Recipe(frozenset({*CONTACT, *CONTACT_MODES, "object"}))),
}
