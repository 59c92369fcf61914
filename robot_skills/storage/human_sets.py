"""Every labelled set of people's demonstrations in a data folder, by name."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from robot_skills.core.errors import unknown_name
from robot_skills.storage.human_adroit import load_adroit_door
from robot_skills.storage.human_baxter import load_baxter_kitting
from robot_skills.storage.human_events import load_long_horizon
from robot_skills.storage.human_g1 import load_g1_clips, load_g1_pick
from robot_skills.storage.human_kuka import load_kuka_set
from robot_skills.storage.labelled_set import LabelledClip, LabelledSet

LOADERS: dict[str, Callable[[Path], LabelledSet]] = {
    "long_horizon": load_long_horizon,
    "peeling": partial(load_kuka_set, name="peeling"),
    "rim": partial(load_kuka_set, name="rim"),
    "fender": partial(load_kuka_set, name="fender"),
    "adroit_door": load_adroit_door,
    "g1_pick": load_g1_pick,
    "baxter_kitting": load_baxter_kitting,
}

__all__ = ["LOADERS", "LabelledClip", "LabelledSet", "load_g1_clips", "load_labelled_sets"]


def load_labelled_sets(data_folder: Path, names: Sequence[str] = ()) -> list[LabelledSet]:
    """The sets of those names, all by default; InputError when recordings are missing."""
    unknown = [name for name in names if name not in LOADERS]
    if unknown:
        raise unknown_name("labelled set", unknown[0], LOADERS)
    return [LOADERS[name](data_folder) for name in names or LOADERS]
