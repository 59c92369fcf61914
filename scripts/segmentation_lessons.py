"""What the weights of the fusion are fitted to, and weights that never saw a family of recordings.

Recordings of one kind of task by one kind of robot are a family. The benchmark's scripted seeds,
the humanoid and the joined skills are in no lesson.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from fusion_fit import MarkedSet, fit_weights
from segmentation_evidence import ReadSet, Recipe
from segmentation_sets import OBJECTS, RECORDINGS, SCRIPTED, human_groups, scripted_groups, without

from robot_skills.core.demonstration import ChannelKind
from robot_skills.segment.evidence.weights import Weights
from robot_skills.storage.labelled_set import LabelledSet

PEOPLE = ("long_horizon", "peeling", "rim", "fender", "adroit_door")
LESSON_SEEDS = (5001, 5002)
EPISODES = 80
SPOILT = {
    "long_horizon": ("long_horizon_no_objects", OBJECTS),
    "peeling": ("peeling_no_wrench", (ChannelKind.WRENCH,)),
    "rim": ("rim_no_wrench", (ChannelKind.WRENCH,)),
}


@dataclass(frozen=True)
class Lesson:
    """A labelled set, its family, and whether a sensor was taken from it."""

    known: LabelledSet
    family: str
    spoilt: bool = False


def lessons(data_folder: Path, workers: int) -> dict[str, Lesson]:
    """Every set that weights are fitted to, by name; scripted ones are recorded where missing."""
    found = {}
    for group in human_groups(data_folder, PEOPLE):
        found[group.name] = Lesson(group.parts[0], group.name)
        if group.name in SPOILT:
            name, kinds = SPOILT[group.name]
            found[name] = Lesson(without(group.parts[0], kinds, name), group.name, spoilt=True)
    for group in scripted_groups(RECORDINGS, EPISODES, LESSON_SEEDS, workers):
        for seed, part in zip(LESSON_SEEDS, group.parts, strict=True):
            found[f"{group.name}_{seed}"] = Lesson(part, SCRIPTED)
    return found


def family_of(name: str) -> str:
    """The family that a set of that name belongs to, whether or not it is in a lesson."""
    originals = {spoilt: original for original, (spoilt, _) in SPOILT.items()}
    return SCRIPTED if SCRIPTED in name else originals.get(name, name)


def marked_sets(
    taught: Mapping[str, Lesson], read: Mapping[str, ReadSet], recipe: Recipe
) -> list[MarkedSet]:
    """Lessons as the fit wants them."""
    return [
        MarkedSet(
            name,
            lesson.family,
            read[name].weigh(recipe),
            lesson.known.boundaries_s,
            lesson.known.tolerance_s,
            lesson.spoilt,
        )
        for name, lesson in taught.items()
    ]


def weights_without(marked: Sequence[MarkedSet], families: Sequence[str]) -> dict[str, Weights]:
    """By family, the weights fitted to all others."""
    return {
        family: fit_weights([one for one in marked if one.family != family]) for family in families
    }
