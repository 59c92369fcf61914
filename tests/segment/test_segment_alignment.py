"""Clocks planted apart in rendered videos and logs, and found again."""

from pathlib import Path

import numpy as np
import pytest

from robot_skills.core.demonstration import Channel, ChannelKind, Demonstration
from robot_skills.core.errors import InputError
from robot_skills.segment.clocks.alignment import align
from robot_skills.segment.clocks.combined import combine, combine_files, video_start_s
from robot_skills.segment.clocks.video_motion import log_motion, video_motion
from robot_skills.storage.episodes import load_demonstration
from robot_skills.storage.logs import Log, load_log
from robot_skills.storage.video import VideoWriter

FRAME_S = 1.0 / 30.0
LOG_RATE_HZ = 100.0
DRIFT = 200e-6


def hand_path(seed, length_s):
    """Moves from place to place with pauses: a function of time (T,) to pixels (T, 2)."""
    random = np.random.default_rng(seed)
    knots_s, places = [-60.0], [np.array([48.0, 48.0])]
    while knots_s[-1] < length_s + 60:
        if random.random() < 0.3:
            knots_s.append(knots_s[-1] + random.uniform(0.3, 2.0))
            places.append(places[-1])
        knots_s.append(knots_s[-1] + random.uniform(0.5, 2.0))
        places.append(random.uniform(14, 82, 2))
    at_s, at = np.array(knots_s), np.array(places)

    def path(time_s):
        k = np.searchsorted(at_s, time_s, side="right") - 1
        share = (time_s - at_s[k]) / (at_s[k + 1] - at_s[k])
        share = share**3 * (10 - 15 * share + 6 * share**2)  # minimum jerk
        return at[k] + (at[k + 1] - at[k]) * share[:, None]

    return path


def render(file, path, length_s):
    """A disc on a pattern under a flickering lamp, seen by a noisy camera, 96 x 96 at 30 Hz."""
    random = np.random.default_rng(5)
    pattern = random.integers(60, 160, (96, 96)).astype(np.float32)
    row, column = np.mgrid[:96, :96]
    with VideoWriter(file, (96, 96), 30.0) as writer:
        for k, (x, y) in enumerate(path(np.arange(int(length_s * 30)) / 30)):
            lamp = 1 + 0.05 * np.sin(2.1 * k) + 0.03 * random.normal()
            image = np.where((column - x) ** 2 + (row - y) ** 2 < 100, 220, pattern) * lamp
            image += random.normal(0, 4, (96, 96))
            grey = image.clip(0, 255).astype(np.uint8)
            writer.write(np.repeat(grey[:, :, None], 3, axis=2))
    return file


def write_log(file, path, length_s, offset_s, drift, start_s):
    """The disc in metres at 100 Hz; a row at e on the log's clock is e (1 + drift) + offset_s."""
    elapsed_s = np.arange(int(length_s * LOG_RATE_HZ)) / LOG_RATE_HZ
    xy = path(elapsed_s * (1 + drift) + offset_s) / 1000
    xy += np.random.default_rng(1).normal(0, 2e-4, xy.shape)
    rows = [
        f"{start_s + e:.4f},{x:.6f},{y:.6f},0.2" for e, (x, y) in zip(elapsed_s, xy, strict=True)
    ]
    file.write_text("\n".join(["time,ee_x,ee_y,ee_z", *rows]) + "\n")
    return file


def worst_error_s(alignment, length_s, offset_s, drift, start_s):
    """Largest error of a log time anywhere in what both cover."""
    shared_s = np.linspace(max(0.0, offset_s), min(length_s, length_s + offset_s), 100)
    truth_s = (shared_s - offset_s) / (1 + drift) + start_s
    return np.abs(alignment.log_time_s(shared_s) - truth_s).max()


@pytest.fixture(scope="module")
def filmed(tmp_path_factory):
    """A rendered clip of 200 s, the path in it, and its motion."""
    path = hand_path(3, 200.0)
    clip = render(tmp_path_factory.mktemp("filmed") / "pick.mp4", path, 200.0)
    return clip, path, video_motion(clip)


@pytest.mark.parametrize(
    ("offset_s", "drift", "start_s"),
    [(0.7, DRIFT, 0.0), (0.7, DRIFT, 1.7e9), (-40.0, -DRIFT, 12.5)],
)
def test_a_planted_offset_and_drift_are_found_within_one_frame(
    offset_s, drift, start_s, filmed, tmp_path
):
    _, path, motion = filmed
    log = load_log(write_log(tmp_path / "pick.csv", path, 200.0, offset_s, drift, start_s))
    found = align(*motion, log.time_s, log_motion(log.demonstration))
    assert found.trusted
    assert worst_error_s(found, 200.0, offset_s, drift, start_s) < FRAME_S / 3
    assert found.offset_s == pytest.approx(offset_s, abs=FRAME_S / 3)
    assert found.drift_ppm == pytest.approx(1e6 * drift, abs=100)
    assert found.peak > 0.9
    assert found.runner_up < 0.5
    assert found.error_s < FRAME_S / 3
    assert f"the log starts at {found.offset_s:+.3f} s of the video" in found.notes[0]


def test_clip_and_log_become_one_demonstration_over_what_both_cover(filmed, tmp_path):
    clip, path, _ = filmed
    file = write_log(tmp_path / "pick.csv", path, 150.0, 30.0, DRIFT, 1.7e9)
    seen = Channel(path(np.arange(2000) / 10.0), "1", ChannelKind.EMBEDDING)
    pictures = Demonstration("pick", 10.0, {"front/embedding": seen}, {"front": clip})
    combined = combine_files(pictures, clip, file)
    both = combined.demonstration
    assert [*both.channels] == ["front/embedding", "ee/pose"]
    assert (both.rate_hz, both.video) == (100.0, {"front": clip})
    assert combined.start_s == pytest.approx(30.0, abs=FRAME_S)
    assert video_start_s(both) == pytest.approx(combined.start_s, abs=1e-4)
    assert video_start_s(pictures) == 0.0
    assert both.steps / 100 == pytest.approx(150.0, abs=0.1)
    at_s = combined.start_s + np.arange(both.steps) / 100
    apart_px = 1000 * both.values("ee/pose")[:, :2] - path(at_s)
    assert np.sqrt(np.mean(apart_px**2)) < 1.0
    assert any("drifts by" in note for note in combined.notes)


def test_recordings_that_share_nothing_are_not_combined():
    time_s = 1e3 + np.arange(0, 60, 0.01)
    pose = Channel(np.zeros((len(time_s), 3)), "m", ChannelKind.POSE)
    log = Log(Demonstration("x", 100.0, {"pose": pose}, provenance={"file": "x.csv"}), time_s, ())
    early = Demonstration("x", 10.0, {"e": Channel(np.zeros((20, 1)), "1", ChannelKind.EMBEDDING)})
    found = align(time_s - 1e3, np.zeros(6000), time_s, np.ones(6000))
    with pytest.raises(InputError, match=r"no second in common: the video lasts 1\.9 s"):
        combine(early, log, found)


def speed(time_s, seed):
    """A speed (T,) that no other seed has."""
    random = np.random.default_rng(seed)
    knots_s = np.cumsum(random.uniform(0.2, 1.5, 6000)) - 400
    return np.interp(time_s, knots_s, np.abs(random.normal(size=6000)))


@pytest.mark.parametrize("length_s", [12, 60, 200])
def test_motions_that_have_nothing_to_do_with_each_other_are_not_aligned(length_s):
    video_s, log_s = np.arange(0, length_s, FRAME_S), 5.0 + np.arange(0, length_s, 0.01)
    for seed in range(10):
        found = align(video_s, speed(video_s, seed), log_s, speed(log_s, 1000 + seed))
        assert not found.trusted
        assert (found.offset_s, found.drift_ppm) == (5.0, 0.0)
        assert "clocks not aligned" in found.notes[0]
        np.testing.assert_allclose(found.video_time_s(log_s), log_s)


def test_motion_that_repeats_itself_is_not_aligned():
    time_s = np.arange(0, 120, 0.01)
    wave = 1 + np.sin(2 * np.pi * time_s / 4)
    found = align(time_s, wave, time_s, 1 + np.sin(2 * np.pi * (time_s - 1.3) / 4))
    assert not found.trusted
    assert "repeats itself" in found.notes[0]


def test_clocks_without_motion_or_length_are_taken_as_given():
    time_s = np.arange(0, 30, 0.05)
    moving = speed(time_s, 0)
    still = align(time_s, moving, 1.7e9 + time_s, np.ones(len(time_s)))
    assert "nothing moves in the log" in still.notes[0]
    assert (still.offset_s, still.trusted) == (0.0, False)
    short = align(time_s[:40], moving[:40], time_s, moving)
    assert "only 1.9 s of motion in the video" in short.notes[0]
    with pytest.raises(InputError, match="without rows"):
        align(time_s, moving, np.zeros(0), np.zeros(0))


def test_an_hour_is_followed_over_a_drift_that_moves_it_by_half_a_second():
    video_s, elapsed_s = np.arange(0, 3600, FRAME_S), np.arange(0, 3600, 0.02)
    noise = np.random.default_rng(0).normal(0, 0.2, len(video_s))
    logged = speed(elapsed_s * (1 - 150e-6) + 95.7, 4)
    found = align(video_s, 3 * speed(video_s, 4) + 1 + noise, elapsed_s, logged)
    assert worst_error_s(found, 3600.0, 95.7, -150e-6, 0.0) < FRAME_S / 3


def test_a_lamp_and_the_exposure_are_no_motion(tmp_path):
    random = np.random.default_rng(0)
    pattern = random.integers(40, 120, (6, 6, 1)).repeat(16, axis=0).repeat(16, axis=1)
    pattern = pattern.repeat(3, axis=2)
    square = pattern.copy()
    square[40:60, 40:60] = 200
    frames = [pattern, pattern * 1.5 + 10, pattern * 0.8, square, pattern]
    with VideoWriter(tmp_path / "lamp.mp4", (96, 96), 30.0) as writer:
        for image in frames:
            writer.write(image.clip(0, 255).astype(np.uint8))
    time_s, motion = video_motion(tmp_path / "lamp.mp4", 30.0)
    np.testing.assert_allclose(time_s, (np.arange(4) + 0.5) / 30)
    assert motion[:2].max() < 0.1 * motion[2:].min()  # what is left is the codec's


def test_the_motion_of_a_log_is_its_speed_whatever_its_unit():
    t = np.arange(0, 10, 0.01)
    place = np.stack([t**2, 0 * t, 0 * t], axis=1)
    place[300:320] = np.nan
    for scale in (1.0, 1000.0):
        channel = Channel(scale * place, "m", ChannelKind.POSE)
        motion = log_motion(Demonstration("x", 100.0, {"pose": channel}))[50:-50]
        np.testing.assert_allclose(motion / motion[-1], t[50:-50] / t[-51], atol=0.03)
    with pytest.raises(InputError, match="nothing in it moves"):
        log_motion(Demonstration("x", 100.0, {"w": Channel(place, "N", ChannelKind.WRENCH)}))


@pytest.mark.parametrize("number", [0, 1])
def test_a_recorded_demonstration_is_aligned_by_its_own_video(number):
    """Twelve seconds of a simulated arm: too short for a drift, enough for a frame at 20 Hz."""
    folder = Path(__file__).parents[2] / "demos" / "blocks" / f"episode_{number:06d}"
    shown = load_demonstration(folder)
    recorded_s = np.arange(shown.steps) / shown.rate_hz
    elapsed_s = np.arange(0, recorded_s[-1] - 0.7, 0.01)
    values = shown.values(next(n for n, c in shown.channels.items() if c.kind is ChannelKind.POSE))
    moved = np.stack(
        [np.interp(elapsed_s * (1 + DRIFT) + 0.7, recorded_s, c) for c in values.T], axis=1
    )
    log = Demonstration("log", 100.0, {"pose": Channel(moved, "m", ChannelKind.POSE)})
    found = align(*video_motion(shown.video["front"]), elapsed_s, log_motion(log))
    assert found.trusted
    assert found.offset_s == pytest.approx(0.7, abs=1 / shown.rate_hz)
