"""A skill's policy as it comes out of training, whatever it is given to see."""

from dataclasses import dataclass, replace

from robot_skills.core.progress import Track
from robot_skills.core.task import Task
from robot_skills.nets.networks.kinds import settings_of
from robot_skills.nets.networks.learning import Weights
from robot_skills.train.discovery.grouping import SkillGroup
from robot_skills.train.learning.cloning import CloningConfig, RowPictures, fit
from robot_skills.train.learning.dataset import Rows
from robot_skills.train.learning.seeing import Footage, build_seen_rows

SEEN_BATCH = 64  # pictures are many numbers, and neighbours in time look alike


@dataclass(frozen=True)
class Learned:
    """Weights, and the settings from which a policy is made to run them."""

    weights: Weights
    settings: dict[str, int | str]


def learn_from_rows(rows: Rows, config: CloningConfig, seed: int, track: Track) -> Learned:
    """A policy that is told where things are."""
    weights = fit(rows, config, seed, track)
    return Learned(weights, settings_of(config.network(rows.inputs.shape[1])))


def learn_from_images(
    group: SkillGroup, task: Task, footage: Footage, config: CloningConfig, seed: int, track: Track
) -> Learned:
    """A policy that looks through cameras; it sees one moment, whatever the kind is used to."""
    config = replace(config, observations=1, batch=SEEN_BATCH)
    rows, pictures = build_seen_rows(group, task, footage, config.chunk, track)
    eyes = footage.setup.eyes()
    weights = fit(rows, config, seed, track, RowPictures(eyes, pictures))
    network = config.network(rows.inputs.shape[1] + eyes.size)
    settings = settings_of(network) | footage.setup.settings()
    return Learned(weights | footage.hues_as_weights(), settings)
