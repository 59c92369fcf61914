import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import pytest

from robot_skills.core.demonstration import Channel, ChannelKind, Demonstration
from robot_skills.core.errors import InputError
from robot_skills.storage.episodes import (
    EpisodeWriter,
    finished_episodes,
    load_demonstration,
    load_demonstrations,
    save_episode,
    unfinished_episodes,
)
from robot_skills.storage.truth import Behaviour, Truth, load_truth, save_truth
from robot_skills.storage.video import count_frames, read_frames


def demonstration(steps=12, seed=0):
    random = np.random.default_rng(seed)
    joints = Channel(
        random.normal(size=(steps, 6)), "rad", ChannelKind.JOINT_POSITION, columns=tuple("abcdef")
    )
    ee = Channel(random.normal(size=(steps, 7)), "m, wxyz", ChannelKind.POSE, frame="world")
    return Demonstration(
        name="whatever",
        rate_hz=20.0,
        channels={"left/joint_position": joints, "left/ee_pose": ee},
        instruction="put red on blue",
        provenance={"arm": "ur5e"},
        simulator_state=random.normal(size=(steps, 40)),
    )


def frames(steps=12, height=48, width=64):
    """Grey frames whose brightness is ten times their number."""
    return [np.full((height, width, 3), 10 * i, dtype=np.uint8) for i in range(steps)]


def test_an_episode_read_back_is_what_was_saved(tmp_path):
    saved = demonstration()
    folder = save_episode(tmp_path, saved, {"front": frames()})
    loaded = load_demonstration(folder)
    assert folder.name == loaded.name == "episode_000000"
    assert list(loaded.channels) == list(saved.channels)
    for name, channel in saved.channels.items():
        np.testing.assert_array_equal(loaded.channels[name].values, channel.values)
        assert replace(loaded.channels[name], values=channel.values) == channel
    np.testing.assert_array_equal(loaded.simulator_state, saved.simulator_state)
    assert (loaded.rate_hz, loaded.instruction) == (20.0, "put red on blue")
    assert loaded.provenance == {"arm": "ur5e"}
    assert loaded.video == {"front": folder / "front.mp4"}


def test_episodes_are_numbered_in_order_and_partial_ones_left_out(tmp_path):
    for seed in range(3):
        save_episode(tmp_path, demonstration(seed=seed))
    (tmp_path / "episode_000003.partial").mkdir()
    names = [d.name for d in load_demonstrations(tmp_path)]
    assert names == ["episode_000000", "episode_000001", "episode_000002"]
    assert [p.name for p in unfinished_episodes(tmp_path)] == ["episode_000003.partial"]
    assert save_episode(tmp_path, demonstration()).name == "episode_000003"
    assert unfinished_episodes(tmp_path) == []


def test_frames_are_read_by_their_exact_number(tmp_path):
    images = [np.full((120, 160, 3), i % 250, dtype=np.uint8) for i in range(130)]
    folder = save_episode(tmp_path, demonstration(130), {"front": images})
    asked = [129, 0, 41, 40, 40, 87]
    shown = read_frames(folder / "front.mp4", asked)
    assert shown.shape == (6, 120, 160, 3)
    assert np.abs(shown.mean(axis=(1, 2, 3)) - asked).max() < 1.5
    assert count_frames(folder / "front.mp4") == 130


def test_frames_with_odd_sides_keep_size_orientation_and_colour(tmp_path):
    image = np.zeros((41, 63, 3), dtype=np.uint8)
    image[:20, :30] = (200, 30, 30)
    folder = save_episode(tmp_path, demonstration(3), {"front": [image] * 3})
    shown = read_frames(folder / "front.mp4", [2])[0]
    assert shown.shape == image.shape
    assert np.abs(shown[2:16, 2:26].mean(axis=(0, 1)) - (200, 30, 30)).max() < 12
    assert shown[25:].mean() < 8


def test_an_episode_with_a_small_camera_stays_under_a_megabyte(tmp_path):
    across = np.linspace(0, 200, 160).astype(np.uint8)
    scene = np.broadcast_to(across[None, :, None], (120, 160, 3)).copy()
    images = []
    for i in range(450):
        image = scene.copy()
        image[40:60, i // 4 : i // 4 + 20] = (200, 40, 40)  # a block that slides
        images.append(image)
    folder = save_episode(tmp_path, demonstration(450), {"front": images})
    assert sum(file.stat().st_size for file in folder.iterdir()) < 600_000


def test_fewer_frames_than_rows_are_refused_and_leave_nothing(tmp_path):
    with pytest.raises(InputError, match=r"one frame a row.*'front': 11.*'data': 12"):
        save_episode(tmp_path, demonstration(), {"front": frames(11)})
    assert list(tmp_path.iterdir()) == []


def test_a_frame_of_another_size_is_refused(tmp_path):
    with (
        pytest.raises(InputError, match=r"must be \(48, 64, 3\) uint8; found \(48, 32, 3\)"),
        EpisodeWriter(tmp_path, 0, {"front": (48, 64)}, 20.0) as writer,
    ):
        writer.frame("front", np.zeros((48, 32, 3), dtype=np.uint8))


def test_leaving_the_writer_without_finish_removes_the_recording(tmp_path):
    with EpisodeWriter(tmp_path, 0, {"front": (48, 64)}, 20.0) as writer:
        writer.frame("front", frames(1)[0])
        assert [p.name for p in tmp_path.iterdir()] == ["episode_000000.partial"]
    assert list(tmp_path.iterdir()) == []


def test_a_taken_number_is_refused_with_a_free_one(tmp_path):
    save_episode(tmp_path, demonstration())
    with pytest.raises(InputError, match="number 1 is free"):
        EpisodeWriter(tmp_path, 0, {}, 20.0)


def test_a_camera_that_was_not_announced_is_refused(tmp_path):
    with (
        pytest.raises(InputError, match="no camera 'frnt'; did you mean 'front'"),
        EpisodeWriter(tmp_path, 0, {"front": (48, 64)}, 20.0) as writer,
    ):
        writer.frame("frnt", frames(1)[0])


@pytest.mark.parametrize(
    ("file", "message"),
    [
        ("data.h5", r"data\.h5: damaged or cut short"),
        ("episode.json", r"episode\.json: damaged"),
        ("front.mp4", r"front\.mp4: no readable video"),
    ],
)
def test_a_file_cut_short_gives_a_clear_error(tmp_path, file, message):
    folder = save_episode(tmp_path, demonstration(), {"front": frames()})
    content = (folder / file).read_bytes()
    (folder / file).write_bytes(content[: len(content) // 2])
    with pytest.raises(InputError, match=message):
        read_frames(load_demonstration(folder).video["front"], [0])


def test_a_file_with_one_byte_changed_is_read_or_refused_never_a_traceback(tmp_path):
    folder = save_episode(tmp_path, demonstration(), {"front": frames()})
    random = np.random.default_rng(0)
    refused = 0
    for name in ("data.h5", "episode.json", "front.mp4") * 15:
        whole = (folder / name).read_bytes()
        damaged = bytearray(whole)
        damaged[random.integers(min(len(whole), 4000))] = random.integers(256)
        (folder / name).write_bytes(damaged)
        try:
            read_frames(load_demonstration(folder).video["front"], [0, 11])
        except InputError:
            refused += 1
        (folder / name).write_bytes(whole)
    assert refused > 5


def test_a_newer_format_is_refused(tmp_path):
    folder = save_episode(tmp_path, demonstration())
    text = (folder / "episode.json").read_text().replace('"format": 1', '"format": 2')
    (folder / "episode.json").write_text(text)
    with pytest.raises(InputError, match="format must be 1; found 2"):
        load_demonstration(folder)


def test_an_empty_set_says_what_was_expected(tmp_path):
    with pytest.raises(InputError, match="expected folders episode_000000"):
        load_demonstrations(tmp_path)
    with pytest.raises(InputError, match="frames 0 to 11"):
        read_frames(save_episode(tmp_path, demonstration(), {"a": frames()}) / "a.mp4", [12])


RECORDING = """
import sys, numpy as np
from pathlib import Path
from robot_skills.core.demonstration import Channel, ChannelKind, Demonstration
from robot_skills.storage.episodes import save_episode
image = np.random.default_rng(0).integers(0, 255, (120, 160, 3)).astype(np.uint8)
channel = Channel(np.random.default_rng(1).normal(size=(60, 50)), "rad", ChannelKind.ACTION)
print("ready", flush=True)
while True:
    save_episode(Path(sys.argv[1]), Demonstration("d", 20.0, {"a": channel}), {"f": [image] * 60})
"""


def test_a_recording_killed_at_any_moment_leaves_every_finished_episode_readable(tmp_path):
    random = np.random.default_rng(3)
    for _ in range(3):
        command = [sys.executable, "-c", RECORDING, str(tmp_path)]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as recording:
            assert recording.stdout.readline() == b"ready\n"
            time.sleep(random.uniform(0.3, 1.0))
            recording.kill()
    episodes = finished_episodes(tmp_path)
    assert episodes
    for loaded in load_demonstrations(tmp_path):
        assert loaded.steps == count_frames(loaded.video["f"]) == 60


def test_truth_read_back_is_what_was_saved(tmp_path):
    truth = Truth((57, 90), (Behaviour("pick", ("red",), 0, 57),), {"operator": "scripted"})
    save_truth(tmp_path, "episode_000004", truth)
    assert load_truth(tmp_path, "episode_000004") == truth
    with pytest.raises(InputError, match="no truth for episode_000005"):
        load_truth(tmp_path, "episode_000005")
