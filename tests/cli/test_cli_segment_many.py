"""robot-skills segment over many recordings, as a person starts and stops it."""

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from processes import children_of, is_gone, wait_until

from robot_skills.cli import main
from robot_skills.core.demonstration import Channel, ChannelKind, Demonstration
from robot_skills.storage.episodes import save_episode
from robot_skills.storage.segments import load_segments

START = (  # listens to Ctrl-C even where the tests run in the background of a shell
    "import signal, sys; from robot_skills.cli import main; "
    "signal.signal(signal.SIGINT, signal.default_int_handler); sys.exit(main())"
)


def record(folder, count, steps=160):
    for number in range(count):
        step = np.arange(steps)
        path = np.stack([0.2 * np.sin(step / (12 + number)), 0.1 * step, 0.0 * step], axis=1)
        width = np.where(step // 40 % 2 == 0, 0.08, 0.02)[:, None]
        channels = {
            "q": Channel(path, "rad", ChannelKind.JOINT_POSITION),
            "gripper_width": Channel(width, "m", ChannelKind.GRIPPER),
        }
        save_episode(folder, Demonstration("one", 20.0, channels))
    return folder


def test_interrupted_work_leaves_no_process_and_the_same_command_goes_on(tmp_path):
    demos, out = record(tmp_path / "set", 8, 1200), tmp_path / "out"
    flags = ["segment", str(demos), "--out", str(out), "--method", "kernel", "--no-page"]
    run = subprocess.Popen(
        [sys.executable, "-c", START, *flags, "--workers", "2"], stderr=subprocess.PIPE, text=True
    )
    while not list(out.glob(".kept/*")) and run.poll() is None:
        time.sleep(0.05)
    workers = children_of(run.pid)
    run.send_signal(signal.SIGINT)
    _, told = run.communicate(timeout=90)
    assert run.returncode == 130
    assert f"what was done is kept in {out}: the same command goes on" in told
    assert workers and wait_until(lambda: all(map(is_gone, workers)), 10.0)
    assert not (out / "segments.json").exists()
    kept = {file.name for file in out.glob(".kept/*")}
    assert main([*flags, "--no-pictures"]) == 0
    assert kept <= {file.name for file in out.glob(".kept/*")}
    assert len(load_segments(out / "segments.json").rate_hz) == 8


def test_the_report_names_what_was_skipped_and_mended(tmp_path, capsys):
    demos, out = record(tmp_path / "set", 3), tmp_path / "out"
    (demos / "episode_000001" / "data.h5").write_bytes(b"broken")
    film = [np.zeros((16, 16, 3), dtype=np.uint8)] * 160
    path = np.random.default_rng(0).normal(size=(160, 2)).cumsum(axis=0)
    one = Demonstration("one", 20.0, {"q": Channel(path, "rad", ChannelKind.JOINT_POSITION)})
    save_episode(demos, one, {"front": film})
    (demos / "episode_000003" / "front.mp4").write_bytes(b"no video")
    flags = ["--out", str(out), "--method", "gripper", "--no-page"]
    assert main(["segment", str(demos), *flags]) == 0
    printed = capsys.readouterr().out
    assert "3 demonstrations, 6 cuts, 9 segments, 1 skipped" in printed
    assert "skipped: episode_000001: " in printed
    assert "note: episode_000003: drawn without its video: " in printed
    assert "damaged" in load_segments(out / "segments.json").skipped["episode_000001"]
    assert main(["segment", str(demos), *flags]) == 0
    assert capsys.readouterr().out == printed


def test_nothing_is_drawn_twice_and_fresh_starts_over(tmp_path):
    demos, out = record(tmp_path / "set", 2), tmp_path / "out"
    flags = ["segment", str(demos), "--out", str(out), "--method", "gripper"]
    assert main(flags) == 0
    files = [out / f"episode_00000{number}.{end}" for number in range(2) for end in ("png", "html")]
    for file in files:
        os.utime(file, (1, 1))
    files[0].unlink()
    assert main(flags) == 0
    assert [file.stat().st_mtime == 1 for file in files] == [False, False, True, True]
    assert main([*flags, "--fresh"]) == 0
    assert all(file.stat().st_mtime > 1 for file in files)
    assert (out / "index.html").is_file()


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--workers", "0"], "workers must be 1 or more"),
        (["--ray", "127.0.0.1:9"], "no Ray cluster answers at 127.0.0.1:9"),
        (["--lerobot", "nowhere"], "no LeRobot data set in nowhere"),
    ],
)
def test_mistakes_are_told_before_the_work(tmp_path, capsys, flags, message):
    demos = record(tmp_path / "set", 1)
    assert main(["segment", str(demos), "--out", str(tmp_path / "out"), *flags]) == 1
    assert message in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_clip_that_cannot_be_read_is_named_with_its_reason(tmp_path, capsys):
    clip = tmp_path / "broken.mp4"
    clip.write_bytes(b"no video at all")
    assert main(["segment", str(clip), "--out", str(tmp_path / "out")]) == 1
    assert "nothing could be cut: broken: " in capsys.readouterr().err
