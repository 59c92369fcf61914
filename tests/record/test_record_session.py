import json
import re

import h5py
import numpy as np
import pytest

from robot_skills.core.errors import InputError
from robot_skills.paths import find
from robot_skills.record.session import SessionConfig, record_session
from robot_skills.storage.episodes import finished_episodes, load_demonstrations
from robot_skills.storage.truth import load_truth

CONFIG = SessionConfig(episodes=3, seed=5, goals=("open_drawer", "put_in_tray"), cameras=())
LABELS = {"pick", "place", "open", "close", "closed", "put", "grasp", "goal", "behaviour", "truth"}


def interrupted(items, label):
    """A track that is stopped by Ctrl-C after the first item."""
    yield items[0]
    raise KeyboardInterrupt


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole") / "set"
    assert [r.number for r in record_session(CONFIG, folder)] == [0, 1, 2]
    return folder


def test_an_interrupted_session_goes_on_and_equals_an_uninterrupted_one(whole, tmp_path):
    folder = tmp_path / "set"
    with pytest.raises(KeyboardInterrupt):
        record_session(CONFIG, folder, track=interrupted)
    assert [p.name for p in finished_episodes(folder)] == ["episode_000000"]
    assert [r.number for r in record_session(CONFIG, folder)] == [1, 2]
    assert not record_session(CONFIG, folder)
    pairs = zip(load_demonstrations(whole), load_demonstrations(folder), strict=True)
    for one, other in pairs:
        np.testing.assert_array_equal(one.simulator_state, other.simulator_state)
        for name in one.channels:
            np.testing.assert_array_equal(one.values(name), other.values(name), err_msg=name)
        assert load_truth(whole, one.name) == load_truth(folder, other.name)


def test_a_session_of_another_configuration_is_refused(whole):
    with pytest.raises(InputError, match=r"another session \(seed: 5 there, 6 asked\)"):
        record_session(SessionConfig(**vars(CONFIG) | {"seed": 6}), whole)


def test_more_episodes_may_be_asked_of_the_same_session(whole, tmp_path):
    one_more = SessionConfig(**vars(CONFIG) | {"episodes": 1})
    record_session(one_more, tmp_path / "set")
    assert (
        len(record_session(SessionConfig(**vars(CONFIG) | {"episodes": 2}), tmp_path / "set")) == 1
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"goals": ("open_drawr",)}, "'open_drawr'; did you mean 'open_drawer'"),
        ({"cameras": ("frnt",)}, "'frnt'; did you mean 'front'"),
        ({"env": "blcks"}, "'blcks'; did you mean 'blocks'"),
    ],
)
def test_a_wrong_name_is_refused_before_the_folder_is_claimed(change, message, tmp_path):
    with pytest.raises(InputError, match=message):
        record_session(SessionConfig(**vars(CONFIG) | change), tmp_path / "set")
    assert not (tmp_path / "set").exists()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"episodes": 0}, "episodes must be at least 1; found 0"),
        ({"seed": -1}, "seed must be at least 0; found -1"),
        ({"image": (0, 160)}, "image must be at least 16; found 0"),
    ],
)
def test_a_number_that_makes_no_sense_is_refused(change, message):
    with pytest.raises(InputError, match=message):
        SessionConfig(**vars(CONFIG) | change)


@pytest.mark.parametrize("text", ["{", "[]", '{"format": 99}'])
def test_a_damaged_session_file_is_named(text, tmp_path):
    (tmp_path / "session.json").write_text(text)
    with pytest.raises(InputError, match=r"session\.json: .*choose another --out"):
        record_session(CONFIG, tmp_path)


def test_truth_covers_every_step_and_lies_apart(whole):
    for one in load_demonstrations(whole):
        truth = load_truth(whole, one.name)
        edges = [b.start for b in truth.behaviours] + [one.steps]
        assert edges[0] == 0
        assert [b.stop for b in truth.behaviours] == edges[1:]
        assert list(truth.boundaries) == edges[1:-1]
    names = {p.name for p in whole.rglob("*") if p.is_file() and p.parent.name != "truth"}
    assert names == {"session.json", "data.h5", "episode.json"}


def words_of(episode):
    """Every word that stands in an episode's folder: names, attributes, description."""
    texts = [(episode / "episode.json").read_text()]
    with h5py.File(episode / "data.h5") as file:
        texts += [f"{key} {value}" for key, value in file.attrs.items()]
        file.visititems(lambda name, item: texts.append(f"{name} {dict(item.attrs)}"))
    return " ".join(texts)


@pytest.mark.parametrize("source", ["recorded", "shipped"])
def test_no_episode_says_what_was_done_in_it(whole, source):
    folder = whole if source == "recorded" else find("demos", "blocks")
    goals = json.loads((folder / "session.json").read_text())["goals"]
    for episode in finished_episodes(folder):
        text = words_of(episode)
        assert not set(re.findall("[a-z]+", text)) & LABELS
        assert not [goal for goal in goals if goal in text]
        assert not json.loads((episode / "episode.json").read_text())["instruction"]


def test_the_shipped_demonstrations_are_small_and_whole():
    folder = find("demos", "blocks")
    assert sum(p.stat().st_size for p in folder.rglob("*") if p.is_file()) < 3_000_000
    demonstrations = load_demonstrations(folder)
    assert len(demonstrations) == 3
    for one in demonstrations:
        assert one.video["front"].is_file()
        assert one.simulator_state.dtype == np.float64
        assert (
            len(one.simulator_state)
            == one.steps
            == load_truth(folder, one.name).behaviours[-1].stop
        )
