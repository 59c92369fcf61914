"""Recordings with planted pictures: coloured squares that move as the hand does."""

from dataclasses import replace

import numpy as np
import pytest

from robot_skills.core.demonstration import Demonstration
from robot_skills.core.errors import InputError
from robot_skills.core.facts import parse_facts
from robot_skills.nets.networks.eyes import Eyes
from robot_skills.nets.networks.runner import ChunkRunner
from robot_skills.storage.video import VideoWriter
from robot_skills.train.discovery.grouping import group_operators
from robot_skills.train.discovery.lifting import lift
from robot_skills.train.discovery.transitions import find_transitions
from robot_skills.train.learning.appearance import learn_appearances
from robot_skills.train.learning.cloning import CloningConfig, RowPictures, fit
from robot_skills.train.learning.dataset import Rows
from robot_skills.train.learning.seeing import build_seen_rows, is_seen, read_footage

COLOURS = {"red": (200, 40, 40), "green": (40, 180, 60), "blue": (40, 80, 200)}
SIDE = 32


def film(path, history):
    """Whatever is held fills the middle of the picture; beside it flickers something else."""
    rng = np.random.default_rng(0)
    with VideoWriter(path, (SIDE, SIDE), 20.0) as video:
        for facts in history.facts:
            image = rng.integers(90, 110, (SIDE, SIDE, 3)).astype(np.uint8)
            held = [f.arguments[0] for f in facts if f.predicate == "holding"]
            image[12:20, 12:20] = COLOURS[held[0]] if held else (200, 200, 200)
            image[:6, :6] = COLOURS[str(rng.choice(list(COLOURS)))]
            video.write(image)


@pytest.fixture(scope="module")
def filmed(picks_and_places, tmp_path_factory):
    """Histories, segments and demonstrations that have a video of a camera in the hand."""
    histories, segments = picks_and_places
    folder = tmp_path_factory.mktemp("videos")
    demonstrations = []
    for history in histories:
        file = folder / f"{history.name}.mp4"
        film(file, history)
        demonstrations.append(Demonstration(history.name, 20.0, {}, {"hand": file}))
    return histories, segments, demonstrations


def test_what_a_thing_looks_like_is_learned_from_holding_it(filmed):
    histories, _, demonstrations = filmed
    videos = {one.name: one.video for one in demonstrations}
    hues = learn_appearances(histories, videos, ("hand",))
    assert set(hues) == {"red", "blue"}  # green was never held
    for name, hue in hues.items():
        np.testing.assert_allclose(hue, np.array(COLOURS[name]) / max(COLOURS[name]), atol=0.1)


def test_recordings_in_which_nothing_is_held_teach_no_looks(filmed):
    histories, _, demonstrations = filmed
    videos = {one.name: one.video for one in demonstrations}
    empty = [replace(h, facts=(parse_facts("gripper_empty()"),) * h.steps) for h in histories]
    with pytest.raises(InputError, match="nothing is held in these recordings"):
        learn_appearances(empty, videos, ("hand",))


def test_a_camera_that_did_not_film_is_named_with_what_would_do(filmed):
    histories, _, demonstrations = filmed
    with pytest.raises(InputError, match=r"no video of the camera front \(it has hand\); record"):
        read_footage(demonstrations, histories, ("front",))


def test_rows_hold_pictures_and_moves_from_where_the_hand_is(filmed, task):
    histories, segments, demonstrations = filmed
    groups = group_operators(lift(find_transitions(histories, segments), task, 3)[0], task)
    footage = read_footage(demonstrations, histories, ("hand",))
    assert footage.setup.settings()["image_shrink"] == 1
    pick = next(g for g in groups if g.frame.kind == "object")
    assert is_seen(pick, task)
    rows, pictures = build_seen_rows(pick, task, footage, chunk=4)
    assert pictures.shape == (len(rows.inputs), 1, 4, SIDE, SIDE)
    held = pictures[:, 0, 0, 14:18, 14:18].mean(axis=(1, 2)) > 128  # in the hand is what is meant
    assert 0.1 < held.mean() < 0.9
    moves = np.linalg.norm(rows.poses[:, 0, :3], axis=1)
    assert moves.max() < 0.05
    assert np.all(np.abs(rows.poses[:, 0, 3:6] @ [1, 0, 0]) > 0.9)  # turned as the hand is


def planted(count, seed):
    """A square somewhere in one camera's picture; the hand shall move to where it is."""
    rng = np.random.default_rng(seed)
    at = rng.integers(0, SIDE - 4, (count, 2))
    pictures = rng.integers(0, 60, (count, 1, 4, SIDE, SIDE)).astype(np.uint8)
    pictures[:, 0, 0] = 0
    for picture, (row, column) in zip(pictures[:, 0], at, strict=True):
        picture[:, row : row + 4, column : column + 4] = 250
    poses = np.zeros((count, 2, 9))
    poses[..., 3] = poses[..., 7] = 1.0
    poses[..., :2] = 0.1 * (at / (SIDE - 4) - 0.5)[:, None]
    rows = Rows(rng.normal(size=(count, 3)), poses, np.zeros((count, 2)), np.zeros(count))
    return rows, pictures


def test_eyes_learn_to_point_at_what_is_meant():
    eyes = Eyes(1, SIDE, SIDE, places=4)
    config = CloningConfig(steps=150, batch=32, learning_rate=3e-3, chunk=2, hidden=32)
    rows, pictures = planted(200, 0)
    weights = fit(rows, config, 0, seen=RowPictures(eyes, pictures))
    again = fit(rows, replace(config, steps=3), 0, seen=RowPictures(eyes, pictures))
    same = fit(rows, replace(config, steps=3), 0, seen=RowPictures(eyes, pictures))
    for name, array in again.items():
        np.testing.assert_array_equal(same[name], array, err_msg=name)
    runner = ChunkRunner(weights, config.network(3 + eyes.size))
    rows, pictures = planted(40, 1)
    seen = eyes(weights, pictures.astype(np.float32) / 255)
    inputs = np.concatenate([rows.inputs, seen], axis=1)
    found = np.array([runner.chunk(row).moves[0, :2] for row in inputs])
    assert np.abs(found - rows.poses[:, 0, :2]).mean() < 0.01
    assert np.abs(rows.poses[:, 0, :2]).mean() > 0.02
