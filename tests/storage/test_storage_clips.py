"""Videos as people bring them: encoded here, damaged here, and read back."""

import re
import subprocess
import sys
from fractions import Fraction

import av
import numpy as np
import pytest

from robot_skills.core.errors import InputError
from robot_skills.storage.clips import is_video, probe_video, stream_frames
from robot_skills.storage.frame_clock import FrameClock
from robot_skills.storage.orientation import Orientation

SIZE = (48, 64)
FAST = {
    "libx264": {"preset": "ultrafast", "crf": "10"},
    "libx265": {"preset": "ultrafast", "x265-params": "log-level=none"},
    "libsvtav1": {"preset": "12", "svtav1-params": "lp=1"},
    "libvpx-vp9": {"deadline": "realtime", "cpu-used": "8"},
    "mpeg4": {"b": "2000000"},
}


def grey(value):
    return np.full((*SIZE, 3), value, dtype=np.uint8)


def encode(path, images, codec="libx264", stamps=None, prepare=lambda stream: None, **options):
    """Write images at 30 Hz, or with time stamps in milliseconds."""
    with av.open(str(path), "w", options=options) as container:
        stream = container.add_stream(codec, rate=30, options=FAST[codec])
        stream.height, stream.width = images[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        stream.codec_context.thread_count = 1
        stream.codec_context.gop_size = 15
        if stamps is not None:
            stream.codec_context.time_base = Fraction(1, 1000)
        prepare(stream)
        for number, image in enumerate(images):
            frame = av.VideoFrame.from_ndarray(image, format="rgb24")
            frame.pts = number if stamps is None else stamps[number]
            frame.time_base = Fraction(1, 30) if stamps is None else Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def ramp(count):
    """Grey frames; the brightness tells the frame's number."""
    return [grey(20 + 4 * number) for number in range(count)]


def numbers(pairs):
    return [round((float(image.mean()) - 20) / 4) for _, image in pairs]


@pytest.mark.parametrize(
    ("name", "codec", "told"),
    [
        ("clip.mp4", "libx264", "h264"),
        ("clip.mkv", "libx264", "h264"),
        ("clip.mov", "libx264", "h264"),
        ("clip.avi", "libx264", "h264"),
        ("clip.avi", "mpeg4", "mpeg4"),
        ("clip.mp4", "libx265", "hevc"),
        ("clip.mp4", "libsvtav1", "av1"),
        ("clip.webm", "libvpx-vp9", "vp9"),
    ],
)
def test_every_frame_of_every_codec_comes_back_at_its_time(name, codec, told, tmp_path):
    path = encode(tmp_path / name, ramp(40), codec)
    facts = probe_video(path)
    assert (facts.codec, facts.frames, facts.width, facts.height) == (told, 40, 64, 48)
    assert facts.rate_hz == pytest.approx(30, rel=1e-3)
    assert facts.duration_s == pytest.approx(40 / 30, abs=2e-3)
    assert (facts.variable_rate, facts.rotation_deg, facts.notes) == (False, 0, ())
    stream = stream_frames(path, 30)
    pairs = list(stream)
    assert [time_s for time_s, _ in pairs] == [k / 30 for k in range(40)]
    assert np.abs(np.array(numbers(pairs)) - np.arange(40)).max() <= 1
    assert stream.notes == ()


def test_b_frames_in_avi_come_in_the_order_they_are_seen(tmp_path):
    def with_b_frames(stream):
        stream.codec_context.options = {"preset": "medium", "crf": "10"}

    path = encode(tmp_path / "clip.avi", ramp(40), prepare=with_b_frames)
    pairs = list(stream_frames(path, 30))
    assert np.abs(np.array(numbers(pairs)) - np.arange(40)).max() <= 1


@pytest.mark.parametrize(("rate_hz", "ticks"), [(10, 14), (30, 40), (75, 100)])
def test_another_rate_shows_what_is_on_screen_at_each_tick(rate_hz, ticks, tmp_path):
    path = encode(tmp_path / "clip.mp4", ramp(40))
    pairs = list(stream_frames(path, rate_hz))
    assert len(pairs) == ticks
    on_screen = [int(30 * k / rate_hz + 1e-6) for k in range(ticks)]
    assert np.abs(np.array(numbers(pairs)) - on_screen).max() <= 1


@pytest.mark.parametrize("name", ["clip.mp4", "clip.mkv"])
def test_a_variable_rate_is_resampled_by_presentation_time(name, tmp_path):
    stamps = [0, 30, 60, 500, 530, 560, 900, 930, 960, 990]
    path = encode(tmp_path / name, [grey(20 * n) for n in range(10)], stamps=stamps)
    facts = probe_video(path)
    assert facts.variable_rate
    assert facts.rate_hz == pytest.approx(1 / 0.03)
    pairs = list(stream_frames(path, 100))
    shown = [round(float(image.mean()) / 20) for _, image in pairs[:99]]
    wanted = [np.searchsorted(stamps, 10 * k, side="right") - 1 for k in range(99)]
    assert shown == wanted


def corners():
    """Red top left, green top right, blue bottom left, black bottom right."""
    image = np.zeros((*SIZE, 3), dtype=np.uint8)
    image[:24, :32, 0] = image[:24, 32:, 1] = image[24:, :32, 2] = 250
    return image


def seen(image):
    height, width = image.shape[:2]
    points = [(x, y) for y in (height // 4, 3 * height // 4) for x in (width // 4, 3 * width // 4)]
    pixels = [image[y, x].astype(int) for x, y in points]
    return "".join("rgb"[int(p.argmax())] if p.max() > 128 else "." for p in pixels)


@pytest.mark.parametrize(
    ("counterclockwise_deg", "hflip", "vflip", "rotation_deg", "upright"),
    [
        (0, False, False, 0, "rgb."),
        (-90, False, False, 90, "br.g"),
        (180, False, False, 180, ".bgr"),
        (90, False, False, 270, "g.rb"),
        (0, True, False, 180, "gr.b"),
    ],
)
def test_phone_videos_come_upright(
    counterclockwise_deg, hflip, vflip, rotation_deg, upright, tmp_path
):
    path = encode(
        tmp_path / "phone.mp4",
        [corners()] * 3,
        prepare=lambda s: s.set_display_rotation(counterclockwise_deg, hflip=hflip, vflip=vflip),
    )
    facts = probe_video(path)
    _, image = next(stream_frames(path, 30, side_px=32))
    assert seen(image) == upright
    turned = rotation_deg in (90, 270)
    assert (facts.width, facts.height) == ((48, 64) if turned else (64, 48))
    assert image.shape == ((32, 24, 3) if turned else (24, 32, 3))
    assert facts.rotation_deg == rotation_deg
    assert any("mirrored" in note for note in facts.notes) == hflip


def test_a_tilted_display_matrix_is_brought_to_the_nearest_quarter():
    angle = np.radians(80)
    matrix = np.zeros((3, 3))
    matrix[:2, :2] = [[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]]
    tilted = Orientation.of_matrix((matrix * 65536).astype(np.int32))
    assert tilted.rotation_deg == 90
    assert tilted.notes == ("filmed at 80 degrees; turned by 90",)


def test_frames_are_made_small_but_never_larger(tmp_path):
    path = encode(tmp_path / "clip.mp4", ramp(2))
    assert next(stream_frames(path, 30, side_px=16))[1].shape == (12, 16, 3)
    assert next(stream_frames(path, 30, side_px=640))[1].shape == (48, 64, 3)


@pytest.mark.parametrize("name", ["clip.mp4", "clip.mkv", "clip.avi"])
def test_a_file_that_breaks_off_is_read_up_to_there_and_says_so(name, tmp_path):
    codec = "mpeg4" if name.endswith("avi") else "libx264"
    options = {"movflags": "faststart"} if name.endswith("mp4") else {}
    noise = np.random.default_rng(0).integers(0, 255, (90, *SIZE, 3), dtype=np.uint8)
    path = encode(tmp_path / name, list(noise), codec, **options)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    facts = probe_video(path)
    assert 1.0 < facts.duration_s < 2.0
    assert any("breaks off" in note and "of the 3.0 s" in note for note in facts.notes)
    stream = stream_frames(path, 30)
    assert len(list(stream)) == pytest.approx(30 * facts.duration_s, abs=3)
    assert any("breaks off" in note for note in stream.notes)


@pytest.mark.parametrize("codec", ["libx264", "libx265"])
def test_damage_in_the_middle_is_reported(codec, tmp_path):
    random = np.random.default_rng(0)
    images = list(random.integers(0, 255, (60, *SIZE, 3), dtype=np.uint8))
    path = encode(tmp_path / "clip.mp4", images, codec)
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 600] = random.bytes(600)
    path.write_bytes(data)
    stream = stream_frames(path, 30)
    assert len(list(stream)) == pytest.approx(60, abs=2)
    assert any("damaged frames left out" in note for note in stream.notes)


def test_a_single_frame_and_a_single_tick(tmp_path):
    path = encode(tmp_path / "clip.mkv", ramp(1))
    assert probe_video(path).frames == 1
    assert numbers(stream_frames(path, 30)) == [0]
    assert numbers(stream_frames(path, 0.1)) == [0]


def test_matroska_without_a_duration_is_read_to_its_end(tmp_path):
    pipe = (tmp_path / "live.mkv").open("wb")
    source = encode(tmp_path / "clip.mkv", ramp(20))
    with av.open(str(source)) as read, av.open(_Unseekable(pipe), "w", format="matroska") as copy:
        stream = copy.add_stream_from_template(read.streams.video[0])
        for packet in read.demux(video=0):
            if packet.size:
                packet.stream = stream
                copy.mux(packet)
    pipe.close()
    facts = probe_video(tmp_path / "live.mkv")
    assert (facts.frames, facts.notes) == (20, ())
    assert len(list(stream_frames(tmp_path / "live.mkv", 30))) == 20


class _Unseekable:
    """A file that can only be appended to, like a pipe."""

    def __init__(self, file):
        self.write = file.write


def test_recordings_strung_together_go_on_where_the_clock_starts_again(tmp_path):
    first = encode(tmp_path / "first.ts", ramp(40)).read_bytes()
    larger = [np.full((96, 128, 3), 100, dtype=np.uint8)] * 30
    second = encode(tmp_path / "second.ts", larger).read_bytes()
    (tmp_path / "both.mts").write_bytes(first + second)
    stream = stream_frames(tmp_path / "both.mts", 30)
    pairs = list(stream)
    assert len(pairs) == 70
    assert {image.shape for _, image in pairs} == {(48, 64, 3)}
    assert numbers(pairs)[-1] == 20
    assert stream.notes == (
        "times the clock went back, continued: 1",
        "its pictures change size on the way; all were brought to the first one's",
    )


def test_raw_h264_without_time_stamps_is_read_and_noted(tmp_path):
    path = encode(tmp_path / "clip.h264", ramp(20))
    stream = stream_frames(path, 30)
    assert len(list(stream)) == 20
    assert stream.notes == ("frames without a time stamp, taken one period apart: 20",)


@pytest.mark.parametrize(
    "content", [b"", b"time,x\n1,2\n" * 100, b"\x00" * 5000, b"#EXTM3U\na.ts\n"]
)
@pytest.mark.parametrize("name", ["clip.mp4", "clip.txt"])
def test_what_is_no_video_is_refused(content, name, tmp_path):
    path = tmp_path / name
    path.write_bytes(content)
    for read in (probe_video, lambda p: next(stream_frames(p, 30))):
        with pytest.raises(InputError, match="no readable video"):
            read(path)


def test_sound_alone_and_still_pictures_are_no_video(tmp_path):
    with av.open(str(tmp_path / "song.mp4"), "w") as container:
        stream = container.add_stream("aac", rate=8000, layout="mono")
        sound = av.AudioFrame.from_ndarray(np.zeros((1, 2048), np.float32), "fltp", "mono")
        sound.sample_rate = 8000
        container.mux(stream.encode(sound))
        container.mux(stream.encode())
    with pytest.raises(InputError, match=r"no readable video in it; found audio"):
        probe_video(tmp_path / "song.mp4")
    av.VideoFrame.from_ndarray(corners(), format="rgb24").save(str(tmp_path / "photo.png"))
    with pytest.raises(InputError, match="still picture"):
        probe_video(tmp_path / "photo.png")


def test_a_missing_file_and_a_senseless_rate_are_named(tmp_path):
    with pytest.raises(InputError, match=r"no video at .*nowhere\.mp4"):
        probe_video(tmp_path / "nowhere.mp4")
    with pytest.raises(InputError, match="rate_hz must be positive; found 0"):
        stream_frames(tmp_path / "nowhere.mp4", 0)
    with pytest.raises(InputError, match="side_px must be at least 1; found 0"):
        stream_frames(tmp_path / "nowhere.mp4", 30, side_px=0)


def test_a_name_with_a_colon_is_a_file(tmp_path):
    assert (
        probe_video(encode(tmp_path / "a.mp4", ramp(2)).rename(tmp_path / "10:30.mp4")).frames == 2
    )


def test_videos_are_known_by_their_ending(tmp_path):
    assert [is_video(tmp_path / n) for n in ("a.MP4", "b.mkv", "c.csv")] == [True, True, False]


def times(stamps):
    clock = FrameClock(Fraction(1, 1000), 0.1)
    return [clock.time_s(stamp) for stamp in stamps], clock.notes()


@pytest.mark.parametrize(
    ("stamps", "wanted", "note"),
    [
        ([500, 600, 700], [0, 0.1, 0.2], None),
        ([None, None, 700, 800], [0, 0.1, 0.2, 0.3], "without a time stamp.*: 2"),
        ([0, 100, 100, 200], [0, 0.1, 0.1, 0.2], "time stamp of the one before.*: 1"),
        ([0, 200, 100, 300], [0, 0.2, None, 0.3], "out of order.*: 1"),
        ([0, 5000, 10, 110], [0, 5, 5.1, 5.2], "clock went back.*: 1"),
        ([0, 10**9, 10**9 + 100], [0, 0.1, 0.2], "leapt by over 600 s.*: 1"),
        ([0, 4000], [0, 4], r"pauses of over 1 s between frames: 1, the longest 4\.0 s at 0\.0 s"),
    ],
)
def test_the_frame_clock_never_goes_back(stamps, wanted, note):
    found, notes = times(stamps)
    assert found == pytest.approx(wanted)
    assert not notes if note is None else re.search(note, "; ".join(notes))


MEMORY = """
import resource, sys
from pathlib import Path
from robot_skills.storage.clips import stream_frames
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
count = sum(1 for _ in stream_frames(Path(sys.argv[1]), 30))
print(count, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


def test_memory_stays_flat_however_long_the_video(tmp_path):
    large = [np.full((720, 1280, 3), 2 * n, dtype=np.uint8) for n in range(100)]
    path = encode(tmp_path / "long.mp4", large)
    command = [sys.executable, "-c", MEMORY, str(path)]
    count, grown_mb = map(int, subprocess.check_output(command, text=True).split())
    assert count == 100  # 276 MB of pictures
    assert grown_mb < 100
