import hashlib
import importlib.metadata
from dataclasses import replace

import numpy as np

from robot_skills.core.demonstration import Channel, ChannelKind, Demonstration, Segment
from robot_skills.train.lineage import content_hash, fingerprint, lineage_of
from robot_skills.train.trainer import TrainConfig

PATH = Channel(np.arange(12.0).reshape(4, 3), "m", ChannelKind.POSE)
ONE = Demonstration("one", 20.0, {"path": PATH})
CUTS = [Segment("one", 0, 2), Segment("one", 2, 4)]


def test_the_hash_of_a_demonstration_is_that_of_its_content():
    assert content_hash(ONE) == content_hash(replace(ONE, name="renamed", instruction="hello"))
    values = PATH.values.copy()
    values[2, 1] += 1e-12
    touched = replace(ONE, channels={"path": replace(PATH, values=values)})
    reshaped = replace(ONE, channels={"path": replace(PATH, values=PATH.values.reshape(3, 4))})
    hashes = [content_hash(d) for d in (ONE, replace(ONE, rate_hz=10.0), touched, reshaped)]
    assert len(set(hashes)) == 4


def test_a_lineage_names_inputs_settings_and_versions(task):
    lineage = lineage_of([ONE], CUTS, task, TrainConfig(seed=7))
    assert lineage["sha256/one"] == content_hash(ONE)
    assert lineage["seed"] == lineage["train/seed"] == "7"
    assert lineage["train/cloning.steps"] == str(TrainConfig().cloning.steps)
    assert lineage["version/numpy"] == importlib.metadata.version("numpy")
    assert all(isinstance(value, str) for value in lineage.values())


def test_whatever_changes_the_result_changes_the_fingerprint(task):
    lineages = [
        lineage_of([ONE], CUTS, task, TrainConfig()),
        lineage_of([ONE], CUTS, task, TrainConfig(min_support=4)),
        lineage_of([ONE], CUTS[:1], task, TrainConfig()),
        lineage_of([replace(ONE, rate_hz=10.0)], CUTS, task, TrainConfig()),
    ]
    assert len({fingerprint(lineage) for lineage in lineages}) == 4
    again = lineage_of([ONE], CUTS, task, TrainConfig())
    assert fingerprint(again) == fingerprint(lineages[0])


def test_what_policies_learn_to_see_from_belongs_to_the_lineage(task, tmp_path):
    (tmp_path / "front.mp4").write_bytes(b"frames")
    filmed = replace(ONE, video={"front": tmp_path / "front.mp4"})
    config = TrainConfig(cameras=("front", "wrist"))
    lineage = lineage_of([filmed], CUTS, task, config)
    digest = hashlib.sha256(b"frames").hexdigest()
    assert {k: v for k, v in lineage.items() if k.startswith("sha256/one/")} == {
        "sha256/one/front": digest
    }
    assert "sha256/one/front" not in lineage_of([filmed], CUTS, task, TrainConfig())
