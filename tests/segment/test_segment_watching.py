"""Videos and logs beside one another become recordings that can be cut."""

import numpy as np
import pytest

from robot_skills.core.demonstration import ChannelKind
from robot_skills.core.errors import InputError
from robot_skills.segment.many.crew import Alone
from robot_skills.segment.many.find_sources import check_apart, find_sources, load_given
from robot_skills.segment.many.sources import SourceKind
from robot_skills.segment.many.watching import RATE_HZ, watch_clips
from robot_skills.segment.show.footage import between
from robot_skills.segment.video import VideoConfig
from robot_skills.storage.kept_results import KeptResults
from robot_skills.storage.moments import frames_at
from robot_skills.storage.video import VideoWriter

SECONDS = 12.0
FILM_HZ = 20.0


def sway(time_s):
    return np.sin(2.1 * time_s) * np.sin(0.37 * time_s + 0.5)


def film(file, phase=0.0):
    """A white square that sways before a grey wall."""
    with VideoWriter(file, (48, 64), FILM_HZ) as video:
        for frame in range(round(SECONDS * FILM_HZ)):
            image = np.full((48, 64, 3), 90, dtype=np.uint8)
            left = 26 + round(24 * sway(frame / FILM_HZ + phase))
            image[18:30, left : left + 12] = 255
            video.write(image)


def write_log(file, phase=0.0):
    time_s = np.arange(0.0, SECONDS, 0.02)
    rows = [f"{t:.4f},{sway(t + phase):.6f},{0.3 * sway(t + phase):.6f}" for t in time_s]
    file.write_text("\n".join(["time_s,joint_1_position,joint_2_position", *rows]) + "\n")


def watched(folder, out):
    return watch_clips(find_sources([folder]).sources, VideoConfig(), KeptResults(out), Alone())


@pytest.fixture
def clips(tmp_path):
    folder = tmp_path / "clips"
    folder.mkdir()
    film(folder / "one.mp4")
    film(folder / "two.mp4", 2.0)
    return folder


def test_a_clip_becomes_pictures_in_numbers_and_its_video(clips, tmp_path):
    one, two = watched(clips, tmp_path).sources
    demonstration = one.load()
    kinds = {channel.kind for channel in demonstration.channels.values()}
    assert kinds == {ChannelKind.EMBEDDING, ChannelKind.FLOW}
    assert (demonstration.name, demonstration.rate_hz) == ("one", RATE_HZ)
    assert demonstration.steps == SECONDS * RATE_HZ
    assert list(demonstration.video.values()) == [clips / "one.mp4"]
    assert two.load().name == "two"


def test_a_clip_is_watched_once(clips, tmp_path):
    first = watched(clips, tmp_path)
    times = {one.watched: one.watched.stat().st_mtime_ns for one in first.sources}
    assert watched(clips, tmp_path).sources == first.sources
    assert {file: file.stat().st_mtime_ns for file in times} == times


def test_a_clip_with_a_log_beside_it_is_one_recording(clips, tmp_path):
    write_log(clips / "one.csv")
    one, _ = watched(clips, tmp_path).sources
    assert one.kind is SourceKind.CLIP and one.log == clips / "one.csv"
    demonstration, notes = one.read()
    kinds = {channel.kind for channel in demonstration.channels.values()}
    assert kinds >= {ChannelKind.EMBEDDING, ChannelKind.FLOW, ChannelKind.JOINT_POSITION}
    assert any("log" in note for note in notes)


def test_of_a_pair_the_half_that_can_be_read_is_cut(clips, tmp_path):
    for name in ("one", "two"):
        write_log(clips / f"{name}.csv")
    (clips / "one.mp4").write_bytes(b"no video")
    (clips / "two.csv").write_text("no,clock\n1,2\n")
    one, two = watched(clips, tmp_path).sources
    alone, notes = one.read()
    assert notes[0].startswith("cut without its video: ")
    assert {channel.kind for channel in alone.channels.values()} == {ChannelKind.JOINT_POSITION}
    seen, notes = two.read()
    assert notes[0].startswith("cut without its log: ")
    assert ChannelKind.FLOW in {channel.kind for channel in seen.channels.values()}


def test_a_broken_clip_is_skipped_with_its_reason(clips, tmp_path):
    (clips / "one.mp4").write_bytes(b"no video")
    (clips / "three.mp4").mkdir()
    found = find_sources([clips])
    assert found.skipped == {str(clips / "three.mp4"): "is a folder, not a file"}
    result = watched(clips, tmp_path)
    assert [source.name for source in result.sources] == ["two"]
    assert "one.mp4" in result.skipped["one"]


def test_where_every_clip_is_broken_each_says_why(clips, tmp_path):
    for file in clips.iterdir():
        file.write_bytes(b"no video")
    assert set(watched(clips, tmp_path).skipped) == {"one", "two"}


def test_a_bare_video_cannot_be_trained_on(clips):
    with pytest.raises(InputError, match="is a video without an episode; it can only be segmented"):
        load_given([clips])


def test_results_are_not_written_among_clips(clips, tmp_path):
    sources = find_sources([clips]).sources
    check_apart(sources, tmp_path)
    with pytest.raises(InputError, match=r"one.mp4 lies in .*clips itself; choose another --out"):
        check_apart(sources, clips)


def test_clips_of_one_stem_are_two_recordings(clips):
    film(clips / "one.avi.mp4")
    (clips / "one.mkv").write_bytes((clips / "one.mp4").read_bytes())
    write_log(clips / "one.csv")
    found = find_sources([clips]).sources
    names = sorted(source.name for source in found)
    assert names == ["clips/one.csv", "clips/one.mkv", "clips/one.mp4", "one.avi", "two"]


def test_a_film_that_began_before_its_log_is_shown_from_where_both_are():
    frames = iter([(0.0, "a"), (0.5, "b"), (1.0, "c"), (1.5, "d")])
    assert list(between(frames, 0.5, 1.0)) == [(0.0, "b"), (0.5, "c")]


def test_pictures_of_moments_are_those_shown_then(clips):
    times_s = [0.0, 1.0, 5.55, 100.0]
    pictures = frames_at(clips / "one.mp4", times_s)
    assert pictures.shape == (4, 48, 64, 3)
    for picture, time_s in zip(pictures, [0.0, 1.0, 5.55, SECONDS - 0.05], strict=True):
        columns = np.flatnonzero(picture[24, :, 0] > 180)
        assert columns.mean() == pytest.approx(31.5 + 24 * sway(time_s), abs=1.5)


def test_damage_in_the_midst_of_a_clip_is_told_and_what_is_whole_is_shown(clips, tmp_path):
    file = clips / "one.mp4"
    content = bytearray(file.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 400] = bytes(400)
    file.write_bytes(content)
    one, two = watched(clips, tmp_path).sources
    demonstration, notes = one.read()
    assert demonstration.steps == SECONDS * RATE_HZ
    assert any(note.startswith("damaged frames left out") for note in notes)
    assert not two.read()[1]
    times_s = list(np.arange(0.5, SECONDS, 1.0))
    assert len(frames_at(file, times_s)) == len(times_s)
