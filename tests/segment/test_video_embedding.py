from pathlib import Path

import numpy as np
import pytest

from robot_skills.core.demonstration import ChannelKind
from robot_skills.core.errors import InputError
from robot_skills.segment.video import (
    Clip,
    VideoConfig,
    embed_video,
    embed_videos,
    fit_encoder,
)
from robot_skills.segment.video.flow import flow_columns, shrink
from robot_skills.storage.video import VideoWriter

SIZE = (48, 64)
RATE_HZ = 20.0


def disc(x: float, y: float, size=SIZE) -> np.ndarray:
    """A bright disc of radius 6 at column x, row y on a textured floor."""
    rows, columns = np.mgrid[: size[0], : size[1]]
    floor = 60 + 20 * np.sin(columns / 5) + 20 * np.cos(rows / 4)
    near = np.clip(7 - np.hypot(columns - x, rows - y), 0, 1)[..., None]
    image = near * np.array([230, 120, 40]) + (1 - near) * floor[..., None]
    return image.astype(np.uint8)


def wander(seed: int, steps: int = 120) -> np.ndarray:
    """A smooth path (T, 2) of column and row."""
    rng = np.random.default_rng(seed)
    time = np.linspace(0, 2 * np.pi, steps)[:, None]
    phase, speed = rng.uniform(0, 6, (2, 2, 1)).transpose(1, 0, 2)[..., 0], rng.uniform(1, 3, 2)
    return np.array([32, 24]) + np.array([18, 12]) * np.sin(time * speed + phase[0])


def write(path: Path, places: np.ndarray) -> Path:
    with VideoWriter(path, SIZE, RATE_HZ) as writer:
        for x, y in places:
            writer.write(disc(x, y))
    return path


@pytest.fixture(scope="module")
def paths() -> list[np.ndarray]:
    return [wander(seed) for seed in range(6)]


@pytest.fixture(scope="module")
def clips(tmp_path_factory, paths) -> list[Clip]:
    folder = tmp_path_factory.mktemp("discs")
    files = [write(folder / f"{i}.mp4", path) for i, path in enumerate(paths)]
    return [Clip(f"disc {i}", file, "front") for i, file in enumerate(files)]


@pytest.fixture(scope="module")
def demonstrations(clips):
    return embed_videos(clips, RATE_HZ)


def test_channels_say_what_they_are(demonstrations, clips, paths):
    for demonstration, clip, path in zip(demonstrations, clips, paths, strict=True):
        embedding = demonstration.channels["front/embedding"]
        flow = demonstration.channels["front/flow"]
        assert (embedding.kind, flow.kind) == (ChannelKind.EMBEDDING, ChannelKind.FLOW)
        assert embedding.values.shape == (len(path), 8)
        assert flow.values.shape == (len(path), 6) and len(flow.columns) == 6
        assert demonstration.name == clip.name and demonstration.video == {"front": clip.path}


def test_where_the_disc_is_can_be_read_from_the_embedding_of_a_video_not_fitted_on(
    demonstrations, paths
):
    rows = [d.values("front/embedding") for d in demonstrations]
    known = np.column_stack([np.concatenate(rows[:5]), np.ones(5 * 120)])
    reading = np.linalg.lstsq(known, np.concatenate(paths[:5]), rcond=None)[0]
    read = np.column_stack([rows[5], np.ones(120)]) @ reading
    assert np.all(1 - (read - paths[5]).var(axis=0) / paths[5].var(axis=0) > 0.9)


def test_summed_flow_follows_the_disc(demonstrations, paths):
    for demonstration, path in zip(demonstrations, paths, strict=True):
        walked = np.cumsum(demonstration.values("front/flow")[:, [0, 3]], axis=0)
        for axis in (0, 1):
            assert np.corrcoef(walked[:, axis], path[:, axis])[0, 1] > 0.9


@pytest.mark.parametrize(
    ("step", "column", "sign"), [((2, 0), 0, 1), ((-2, 0), 0, -1), ((0, 2), 3, 1), ((0, -2), 3, -1)]
)
def test_flow_is_positive_to_the_right_and_down(step, column, sign):
    moved = flow_columns(disc(30, 24), disc(30 + step[0], 24 + step[1]))
    assert sign * moved[column] > 0
    assert abs(moved[column]) > 3 * abs(moved[3 - column])


def test_growing_picture_leans_outwards_on_both_axes():
    rows, columns = np.mgrid[-32:32, -32:32]

    def rings(scale: float) -> np.ndarray:
        grey = 128 + 100 * np.cos(columns / scale) * np.cos(rows / scale)
        return np.repeat(grey.astype(np.uint8)[..., None], 3, axis=2)

    right, right_by_x, _, down, _, down_by_y = flow_columns(rings(6.0), rings(6.2))
    assert right_by_x > 0 and down_by_y > 0
    assert max(abs(right), abs(down)) < 0.3 * min(right_by_x, down_by_y)


def test_flow_of_a_still_picture_is_nothing():
    assert np.abs(flow_columns(disc(30, 24), disc(30, 24))).max() < 1e-4


def test_flow_is_counted_in_picture_lengths_whatever_the_resolution():
    small = flow_columns(disc(30, 24), disc(31, 24))
    big = [np.kron(disc(x, 24), np.ones((4, 4, 1), np.uint8)) for x in (30, 31)]
    assert flow_columns(*big)[0] == pytest.approx(small[0], rel=0.35)


def test_shrink_never_enlarges():
    assert shrink(disc(30, 24), 1000).shape == (*SIZE, 3)
    assert shrink(disc(30, 24), 32).shape == (24, 32, 3)


def test_same_seed_gives_the_same_numbers(demonstrations, clips):
    again = embed_videos(clips, RATE_HZ)
    for one, other in zip(demonstrations, again, strict=True):
        for name in one.channels:
            np.testing.assert_array_equal(one.values(name), other.values(name))


def test_a_video_of_one_frame_and_a_video_without_motion_are_embedded(tmp_path):
    one = write(tmp_path / "one.mp4", np.array([[30.0, 24.0]]))
    still = write(tmp_path / "still.mp4", np.full((20, 2), 24.0))
    for file, frames in ((one, 1), (still, 20)):
        (demonstration,) = embed_videos([Clip("a", file)], RATE_HZ)
        assert demonstration.steps == frames
        assert np.isfinite(demonstration.values("video/embedding")).all()


def test_each_camera_has_its_own_encoder(clips):
    both = [clips[0], Clip("other", clips[1].path, "side")]
    first, second = embed_videos(both, RATE_HZ)
    assert set(first.channels) == {"front/embedding", "front/flow"}
    assert set(second.channels) == {"side/embedding", "side/flow"}


def test_file_that_is_no_video_is_named(tmp_path):
    file = tmp_path / "talk.mp4"
    file.write_bytes(b"no pictures here")
    with pytest.raises(InputError, match=r"talk\.mp4"):
        embed_videos([Clip("talk", file)], RATE_HZ)


def test_unreadable_clip_among_readable_ones_does_not_stop_the_encoder(tmp_path, clips):
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"no pictures here")
    encoder = fit_encoder([Clip("broken", broken), *clips])
    assert embed_video(clips[0], RATE_HZ, encoder).steps == 120


def test_no_clips_are_refused():
    assert embed_videos([], RATE_HZ) == []
    with pytest.raises(InputError, match="no clips"):
        fit_encoder([])


def test_settings_that_cannot_be_meant_are_refused():
    with pytest.raises(InputError, match="columns must be at least 1; found 0"):
        VideoConfig(columns=0)
    with pytest.raises(InputError, match="belong to no network"):
        VideoConfig(weights=Path("net.pth"))
