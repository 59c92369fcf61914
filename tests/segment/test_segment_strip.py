import numpy as np
import pytest

from robot_skills.core.demonstration import (
    Channel,
    ChannelKind,
    Demonstration,
    Segment,
    SegmentRole,
)
from robot_skills.core.errors import InputError
from robot_skills.core.palette import EXTRANEOUS, rgb, skill_colours
from robot_skills.segment import Segmentation
from robot_skills.segment.show.strip import (
    GAP_PX,
    STRIP_PX,
    WHOLE_PX,
    WIDTH_PX,
    WINDOW_S,
    write_strip,
)
from robot_skills.storage.video import VideoWriter, count_frames, read_frames

RATE_HZ = 10.0


def filmed(tmp_path, steps, size=(48, 64)):
    """A demonstration filmed in a picture that grows brighter from step to step."""
    with VideoWriter(tmp_path / "front.mp4", size, RATE_HZ) as video:
        for step in range(steps):
            video.write(np.full((*size, 3), 40 + step % 200, dtype=np.uint8))
    path = Channel(np.zeros((steps, 3)), "m", ChannelKind.POSE)
    return Demonstration("tea", RATE_HZ, {"ee": path}, {"front": tmp_path / "front.mp4"})


def halves(steps, role=SegmentRole.SKILL):
    middle = steps // 2
    pieces = [
        Segment("tea", 0, middle, "reach"),
        Segment("tea", middle, steps, "grasp" if role is SegmentRole.SKILL else "", role=role),
    ]
    return Segmentation(pieces, {}, {}, [])


def near(pixels, colour):
    return np.all(np.abs(pixels.astype(int) - rgb(colour)) < 24, axis=-1)


def strip_of(image, whole=False):
    foot = GAP_PX + (WHOLE_PX + GAP_PX if whole else 0)
    return image[-foot - STRIP_PX + 4 : -foot - 4]


def test_each_frame_shows_its_picture_and_every_segment_in_its_colour(tmp_path):
    one, found = filmed(tmp_path, 40), halves(40)
    write_strip(tmp_path / "strip.mp4", one, found)
    assert count_frames(tmp_path / "strip.mp4") == 40
    image = read_frames(tmp_path / "strip.mp4", [30])[0]
    assert image.shape[1] == WIDTH_PX
    assert abs(int(image[100, 300, 0]) - 70) < 6
    band = strip_of(image)
    colours = skill_colours(found.segments)
    assert near(band[:, 20:120], colours["reach"]).mean() > 0.95
    assert near(band[:, -80:], colours["grasp"]).mean() > 0.95


def test_the_cursor_moves_with_time(tmp_path):
    one = filmed(tmp_path, 40)
    write_strip(tmp_path / "strip.mp4", one, halves(40))
    still = strip_of(read_frames(tmp_path / "strip.mp4", [0])[0]).astype(int)
    for step in (8, 33):
        band = strip_of(read_frames(tmp_path / "strip.mp4", [step])[0]).astype(int)
        changed = np.abs(band - still).max(axis=2).mean(axis=0)[20:]
        at = 20 + np.flatnonzero(changed > 40).mean()
        assert at == pytest.approx(WIDTH_PX * step / 40, abs=3)


def test_a_long_recording_moves_through_the_strip_above_one_of_the_whole(tmp_path):
    steps = round(3 * WINDOW_S * RATE_HZ)
    one, found = filmed(tmp_path, steps), halves(steps)
    write_strip(tmp_path / "strip.mp4", one, found)
    colours = skill_colours(found.segments)
    early, late = read_frames(tmp_path / "strip.mp4", [5, steps - 5])
    assert near(strip_of(early, whole=True)[:, -60:], colours["reach"]).mean() > 0.95
    assert near(strip_of(late, whole=True)[:, :60], colours["grasp"]).mean() > 0.95
    whole = early[-GAP_PX - WHOLE_PX + 3 : -GAP_PX - 3]
    assert near(whole[:, -60:], colours["grasp"]).mean() > 0.9


def test_what_is_extraneous_is_grey(tmp_path):
    write_strip(tmp_path / "s.mp4", filmed(tmp_path, 20), halves(20, SegmentRole.EXTRANEOUS))
    band = strip_of(read_frames(tmp_path / "s.mp4", [2])[0])
    assert near(band[:, -60:], EXTRANEOUS).mean() > 0.95


def test_a_tall_video_stands_between_dark_sides_and_other_alphabets_do_no_harm(tmp_path):
    one = filmed(tmp_path, 4, size=(96, 32))
    found = Segmentation([Segment("tea", 0, 4, "茶を注ぐ")], {}, {}, [])
    write_strip(tmp_path / "s.mp4", one, found)
    image = read_frames(tmp_path / "s.mp4", [1])[0]
    assert image[200, 5].max() < 20 < image[200, WIDTH_PX // 2].min()


def test_what_cannot_be_shown_is_refused_and_leaves_no_file(tmp_path):
    one = filmed(tmp_path, 4)
    blind = Demonstration("tea", RATE_HZ, one.channels)
    with pytest.raises(InputError, match="tea has no video"):
        write_strip(tmp_path / "s.mp4", blind, halves(4))
    with pytest.raises(InputError, match="camera"):
        write_strip(tmp_path / "s.mp4", one, halves(4), camera="wrist")
    one.video["front"].write_bytes(b"no video")
    with pytest.raises(InputError, match=r"front\.mp4"):
        write_strip(tmp_path / "s.mp4", one, halves(4))
    assert not list(tmp_path.glob("s.mp4*"))
