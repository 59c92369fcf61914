"""Many recordings: found, read one at a time, kept, gone on with; broken ones cost nothing else."""

import itertools
import os
import shutil

import h5py
import numpy as np
import pytest

from robot_skills.core.demonstration import Channel, ChannelKind, Demonstration
from robot_skills.core.errors import InputError
from robot_skills.segment import Method, SegmentConfig, segment
from robot_skills.segment.many import cut_sources as cutting
from robot_skills.segment.many.crew import Alone
from robot_skills.segment.many.cut_sources import cut_sources
from robot_skills.segment.many.find_sources import find_sources, load_given
from robot_skills.storage.episodes import save_episode
from robot_skills.storage.kept_results import KeptResults

EVENTS = SegmentConfig(Method.EVENTS)


def to_and_fro(steps=160, pace=12.0, **channels):
    step = np.arange(steps)
    path = np.stack([0.2 * np.sin(step / pace), 0.0 * step, 0.1 * np.cos(step / 31)], axis=1)
    pose = np.concatenate([path, np.tile([1.0, 0, 0, 0], (steps, 1))], axis=1)
    width = np.where(step // 40 % 2 == 0, 0.08, 0.02)[:, None]
    usual = {
        "ee_pose": Channel(pose, "m", ChannelKind.POSE),
        "gripper_width": Channel(width, "m", ChannelKind.GRIPPER),
    }
    return Demonstration("one", 20.0, usual | channels)


@pytest.fixture
def episodes(tmp_path):
    for number in range(4):
        save_episode(tmp_path / "set", to_and_fro(pace=12.0 + number))
    return tmp_path / "set"


def cut(paths, out, config=EVENTS, crew=None):
    return cut_sources(find_sources(paths).sources, config, KeptResults(out), crew or Alone())


def pieces(found):
    return [piece for one in found.sources for piece in one.segments]


@pytest.fixture
def counted(monkeypatch):
    """Names of the recordings that are read and cut, as it happens."""
    done = {"read": [], "cut": []}
    read, cuts = cutting._packed_signals, cutting._packed_cuts

    def counting_read(source, config):
        done["read"].append(source.name)
        return read(source, config)

    def counting_cuts(one, config):
        done["cut"].append(one.source.name)
        return cuts(one, config)

    monkeypatch.setattr(cutting, "_packed_signals", counting_read)
    monkeypatch.setattr(cutting, "_packed_cuts", counting_cuts)
    return done


@pytest.mark.parametrize("method", [Method.EVENTS, Method.BUDS])
def test_cuts_are_those_of_the_demonstrations_held_at_once(episodes, tmp_path, method):
    config = SegmentConfig(method)
    assert pieces(cut([episodes], tmp_path, config)) == segment(load_given([episodes]), config)


def test_a_second_run_does_only_what_changed(episodes, tmp_path, counted):
    names = [f"episode_{number:06d}" for number in range(4)]
    first = cut([episodes], tmp_path)
    assert counted == {"read": names, "cut": names}
    again = cut([episodes], tmp_path)
    assert counted == {"read": names, "cut": names} and pieces(again) == pieces(first)
    file = episodes / "episode_000002" / "data.h5"
    os.utime(file, ns=(1, file.stat().st_mtime_ns + 1))
    cut([episodes], tmp_path)
    assert counted["read"][4:] == counted["cut"][4:] == ["episode_000002"]


def test_other_settings_cut_anew_from_the_signals_that_are_kept(episodes, tmp_path, counted):
    cut([episodes], tmp_path)
    cut([episodes], tmp_path, SegmentConfig(Method.EVENTS, min_length_s=3.0))
    assert len(counted["read"]) == 4 and len(counted["cut"]) == 8


def test_what_was_done_before_an_interruption_is_not_done_again(episodes, tmp_path, counted):
    def interrupted(items, label):
        yield items[0]
        yield items[1]
        raise KeyboardInterrupt

    kept, sources = KeptResults(tmp_path), find_sources([episodes]).sources
    with pytest.raises(KeyboardInterrupt):
        cut_sources(sources, EVENTS, kept, Alone(), interrupted)
    assert len(list(kept.folder.iterdir())) == 2
    cut([episodes], tmp_path)
    assert counted["read"] == [source.name for source in sources]


def test_a_broken_recording_is_skipped_with_its_reason(episodes, tmp_path):
    (episodes / "episode_000001" / "data.h5").write_bytes(b"\x89HDF no more")
    (episodes / "episode_000002" / "episode.json").unlink()
    found = cut([episodes], tmp_path)
    assert [one.source.name for one in found.sources] == ["episode_000000", "episode_000003"]
    assert "damaged or cut short" in found.skipped["episode_000001"]
    assert "has no episode.json" in found.skipped["episode_000002"]


def test_nothing_left_to_cut_is_an_error_that_says_why(episodes, tmp_path):
    for folder in episodes.glob("episode_*"):
        (folder / "data.h5").unlink()
    with pytest.raises(InputError, match=r"could be cut: episode_000000: no data at .* more"):
        cut([episodes], tmp_path)


def still(steps=160):
    pose = np.tile([0.1, 0.2, 0.3, 1.0, 0, 0, 0], (steps, 1))
    return Demonstration("still", 20.0, {"ee_pose": Channel(pose, "m", ChannelKind.POSE)})


def bad(values, **settings):
    return to_and_fro(q=Channel(values, "rad", ChannelKind.JOINT_POSITION), **settings)


ALL_NAN = np.full((160, 2), np.nan)
HUGE = np.where(np.arange(160)[:, None] == 80, 1e300, np.sin(np.arange(160))[:, None])


@pytest.mark.parametrize(
    ("recorded", "told"),
    [
        (still(), "nothing moves; every channel is constant"),
        (to_and_fro(1), "nothing moves"),
        (Demonstration("empty", 20.0, {}), "holds no steps"),
        (bad(ALL_NAN), "q left out: 160 of 160 steps are not numbers"),
        (bad(HUGE), "q: 1 steps that are not numbers were interpolated"),
        (to_and_fro(3), "only 3 steps: too short to cut"),
    ],
)
def test_bad_recordings_are_repaired_or_skipped_and_it_is_told(episodes, tmp_path, recorded, told):
    folder = save_episode(episodes, recorded, None if recorded.channels else {"eye": EMPTY_FILM})
    found = cut([episodes], tmp_path)
    notes = {one.source.name: one.notes for one in found.sources}
    assert len(notes) + len(found.skipped) == 5
    assert told in found.skipped.get(folder.name, "; ".join(notes.get(folder.name, ())))


EMPTY_FILM = [np.zeros((16, 16, 3), dtype=np.uint8)] * 2


def test_an_episode_whose_video_is_missing_is_cut_and_it_is_told(episodes, tmp_path):
    film = [np.zeros((16, 16, 3), dtype=np.uint8)] * 160
    folder = save_episode(episodes, to_and_fro(), {"front": film})
    (folder / "front.mp4").unlink()
    found = cut([folder], tmp_path)
    assert found.sources[0].notes == ("its video front.mp4 is missing",)


def test_channels_of_unequal_length_skip_only_that_recording(episodes, tmp_path):
    with h5py.File(episodes / "episode_000001" / "data.h5", "a") as file:
        kept = dict(file["channels/gripper_width"].attrs)
        del file["channels/gripper_width"]
        file["channels/gripper_width"] = np.zeros((100, 1))
        file["channels/gripper_width"].attrs.update(kept)
    reason = cut([episodes], tmp_path).skipped["episode_000001"]
    assert "channels differ in length: {'ee_pose': 160, 'gripper_width': 100}" in reason


@pytest.mark.parametrize("rate", ["0", "-20.0", "NaN", "Infinity"])
def test_a_rate_that_is_none_skips_only_that_recording(episodes, tmp_path, rate):
    file = episodes / "episode_000001" / "episode.json"
    file.write_text(file.read_text().replace('"rate_hz": 20.0', f'"rate_hz": {rate}'))
    found = cut([episodes], tmp_path)
    assert len(found.sources) == 3
    assert found.skipped["episode_000001"].startswith("rate_hz must be positive; found ")


def test_recordings_of_one_name_are_told_apart_by_their_folders(episodes, tmp_path):
    other = tmp_path / "other"
    shutil.copytree(episodes, other)
    shutil.rmtree(other / "episode_000003")
    names = [source.name for source in find_sources([episodes, other]).sources]
    numbers = range(3)
    assert names[:3] == [f"set/episode_{number:06d}" for number in numbers]
    assert names[3] == "episode_000003"
    assert names[4:] == [f"other/episode_{number:06d}" for number in numbers]


def test_a_recording_given_twice_is_cut_once(episodes):
    found = find_sources([episodes, episodes / "episode_000001", episodes])
    assert len(found.sources) == 4


def test_a_folder_with_nothing_to_cut_says_what_it_holds(tmp_path):
    with pytest.raises(InputError, match=r"no recordings in .*found none"):
        find_sources([tmp_path])
    for name in "abcde":
        (tmp_path / name).touch()
    with pytest.raises(InputError, match="found a, b, c and 2 more"):
        find_sources([tmp_path])


def test_unfinished_episodes_and_files_that_are_none_are_named(episodes):
    (episodes / "episode_000009.partial").mkdir()
    (episodes / "demo.hdf5").write_text("no HDF5")
    (episodes / "folder.hdf5").mkdir()
    found = find_sources([episodes])
    assert len(found.sources) == 4
    reasons = {path.rpartition("/")[2]: why for path, why in found.skipped.items()}
    assert "is no HDF5 file" in reasons["demo.hdf5"]
    assert reasons["folder.hdf5"] == "is a folder, not a file"
    assert reasons["episode_000009.partial"].startswith("was never finished")


def test_one_recording_is_read_back_with_what_it_was_cut_from(episodes, tmp_path):
    one = cut([episodes], tmp_path, SegmentConfig(Method.EVENTS)).sources[1]
    detail = one.detail()
    assert detail.of("episode_000001") == list(one.segments)
    assert detail.signals["episode_000001"].samples == 160 and not detail.surprise
    assert all(a.stop == b.start for a, b in itertools.pairwise(one.segments))


def test_kept_results_of_other_inputs_are_removed(tmp_path):
    kept = KeptResults(tmp_path)
    kept.keep("old", b"1")
    again = KeptResults(tmp_path)
    again.keep("new", b"2")
    again.prune()
    assert [file.name for file in again.folder.iterdir()] == ["new"]
    again.clear()
    assert not list(again.folder.iterdir())


def test_a_kept_result_that_was_damaged_is_named(episodes, tmp_path):
    cut([episodes], tmp_path)
    for file in (tmp_path / ".kept").iterdir():
        file.write_bytes(b"PK no zip")
    with pytest.raises(InputError, match=r"damaged .*; --fresh starts over"):
        cut([episodes], tmp_path)
