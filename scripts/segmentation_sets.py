"""What the segmentation benchmark cuts: people's labelled sets and the scripted operator's."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from results import ROOT

from robot_skills.cli.progress import track
from robot_skills.core.demonstration import ChannelKind, Demonstration
from robot_skills.record.session import SessionConfig, record_session
from robot_skills.storage.episodes import load_demonstrations
from robot_skills.storage.human_sets import load_labelled_sets
from robot_skills.storage.labelled_set import TOLERANCE_S, LabelledSet
from robot_skills.storage.truth import Truth, load_truth

KEPT = ROOT / "runs" / "bench_segmentation"
RECORDINGS = KEPT / "recordings"
SEEDS = (4711, 4712, 4713)  # of the scripted sets; no constant was chosen on them
SCRIPTED = "scripted"
ARM_ONLY = "scripted_no_objects"
OBJECTS = (ChannelKind.OBJECT_POSE, ChannelKind.FIXTURE)


@dataclass(frozen=True)
class Group:
    """Labelled sets that are each cut by themselves and scored together."""

    name: str
    parts: list[LabelledSet]


def human_groups(data_folder: Path, names: Sequence[str]) -> list[Group]:
    """People's sets of those names, one a group."""
    return [Group(one.name, [one]) for one in load_labelled_sets(data_folder, names)]


def scripted_groups(folder: Path, episodes: int, seeds: Sequence[int], workers: int) -> list[Group]:
    """Scripted sets of `episodes` demonstrations, one a seed, with objects and from the arm alone.

    They are recorded under `folder` where they are not yet, going on where a recording stopped.
    """
    parts = [recorded(folder / f"{seed}_{episodes}", episodes, seed, workers) for seed in seeds]
    alone = [without(part, OBJECTS, ARM_ONLY) for part in parts]
    return [Group(SCRIPTED, parts), Group(ARM_ONLY, alone)]


def recorded(
    folder: Path, episodes: int, seed: int, workers: int, cameras: tuple[str, ...] = ()
) -> LabelledSet:
    """A scripted set, recorded under `folder` where it is not yet."""
    config = SessionConfig(episodes=episodes, seed=seed, cameras=cameras)
    record_session(config, folder, workers=workers, track=track)
    demonstrations = load_demonstrations(folder)
    truths = [load_truth(folder, one.name) for one in demonstrations]
    return LabelledSet(
        SCRIPTED,
        [replace(one, name=f"{seed}/{one.name}") for one in demonstrations],
        [
            [step / one.rate_hz for step in truth.boundaries]
            for one, truth in zip(demonstrations, truths, strict=True)
        ],
        TOLERANCE_S,
        [[_behaviour(truth, step) for step in (0, *truth.boundaries)] for truth in truths],
        "the scripted operator's behaviour changes",
    )


def without(known: LabelledSet, kinds: Sequence[ChannelKind], name: str) -> LabelledSet:
    """The same recordings as if these kinds of channels had not been recorded."""
    demonstrations = [_without(one, kinds) for one in known.demonstrations]
    return replace(known, name=name, demonstrations=demonstrations)


def _behaviour(truth: Truth, step: int) -> str:
    names = [b.name for b in truth.behaviours if b.start <= step < b.stop]
    return names[0] if names else "none"


def _without(one: Demonstration, kinds: Sequence[ChannelKind]) -> Demonstration:
    kept = {name: c for name, c in one.channels.items() if c.kind not in kinds}
    return replace(one, channels=kept)
