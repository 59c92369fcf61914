from dataclasses import replace

import numpy as np
import pytest

from robot_skills.cli import main
from robot_skills.core.errors import InputError
from robot_skills.core.task_file import load_task
from robot_skills.paths import find
from robot_skills.record.session import NOISE, SessionConfig, record_session
from robot_skills.sim.gl import rendering_available
from robot_skills.sim.replay import play_states, recorded_objects, recorded_observations
from robot_skills.storage.episodes import load_demonstration, save_episode
from robot_skills.storage.video import count_frames


@pytest.fixture(scope="module")
def episode(tmp_path_factory):
    folder = tmp_path_factory.mktemp("recorded")
    config = SessionConfig(episodes=1, goals=("open_drawer",), cameras=(), seed=3)
    record_session(config, folder)
    return folder / "episode_000000"


@pytest.fixture
def demonstration(episode):
    return load_demonstration(episode)


def played(capsys, *arguments):
    assert main(["replay", *map(str, arguments)]) == 0
    return capsys.readouterr()


def deviations(shown):
    """Joints in rad and objects in mm, as printed."""
    return [
        float(shown.partition(f"{what} within ")[2].split()[0]) for what in ("joints", "objects")
    ]


def test_actions_alone_bring_back_every_state(episode, capsys):
    shown = played(capsys, episode, "--from", "actions").out
    assert max(deviations(shown)) < 1e-9
    assert "final facts agree" in shown


def test_states_differ_from_what_was_sensed_by_sensor_noise(episode, demonstration, capsys):
    shown = played(capsys, episode, "--from", "state").out
    joint_rad, object_mm = deviations(shown)
    assert NOISE.joint_rad < joint_rad < 6 * NOISE.joint_rad
    assert 1000 * NOISE.position_m < object_mm < 6000 * NOISE.position_m
    assert f"{demonstration.steps} steps" in shown
    assert "final facts agree" in shown


def test_a_set_is_played_episode_by_episode_both_ways(episode, capsys):
    lines = played(capsys, episode.parent).out.splitlines()
    assert [line.split()[2] for line in lines] == ["state:", "actions:"]


def test_recorded_observations_are_the_channels(demonstration):
    observations = list(recorded_observations(demonstration))
    assert len(observations) == demonstration.steps
    seen = observations[7]
    assert seen.time_s == pytest.approx(7 / 20)
    np.testing.assert_array_equal(seen.joint_position, demonstration.values("joint_position")[7])
    np.testing.assert_array_equal(
        seen.object_pose["red"].pose, demonstration.values("object_pose/red")[7]
    )
    assert seen.fixture_position == {"drawer": demonstration.values("fixture/drawer")[7, 0]}


def test_objects_that_were_not_there_are_left_out(demonstration):
    task = load_task(find("envs", "blocks"))
    there = recorded_objects(demonstration, task)
    assert 3 <= len(there) <= 5
    assert there == tuple(n for n in task.objects if n in there)


def test_a_hand_that_misses_the_handle_leaves_the_drawer_closed(demonstration, tmp_path, capsys):
    channels = dict(demonstration.channels)
    wanted = channels["action/ee_pose"]
    channels["action/ee_pose"] = replace(wanted, values=wanted.values + [0, 0, 0.06, 0, 0, 0, 0])
    folder = save_episode(tmp_path, replace(demonstration, channels=channels))
    shown = played(capsys, folder, "--from", "actions").out
    assert deviations(shown)[0] > 0.05
    assert "final facts differ in closed(drawer) open(drawer)" in shown


def test_a_recording_without_simulator_state_cannot_be_played(demonstration, tmp_path, capsys):
    folder = save_episode(tmp_path, replace(demonstration, simulator_state=None))
    assert main(["replay", str(folder)]) == 1
    assert "has no simulator state" in capsys.readouterr().err


def test_states_of_another_scene_are_refused(demonstration):
    class Elsewhere:
        state = np.zeros(12)

    with pytest.raises(InputError, match=r"states of .* numbers do not fit a scene of 12"):
        next(play_states(Elsewhere(), demonstration))


def test_a_scene_that_changed_since_is_pointed_out(demonstration, tmp_path, capsys):
    provenance = {**demonstration.provenance, "model": "0123456789abcdef"}
    folder = save_episode(tmp_path, replace(demonstration, provenance=provenance))
    assert "the scene has changed since" in played(capsys, folder, "--from", "state").err


def test_a_video_needs_one_way_of_playing(episode, tmp_path, capsys):
    assert main(["replay", str(episode), "--video", str(tmp_path / "out.mp4")]) == 1
    assert "--video needs one episode" in capsys.readouterr().err


def test_a_view_without_a_display_is_refused(episode, capsys, monkeypatch):
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    assert main(["replay", str(episode), "--view"]) == 1
    assert "the viewer needs a display" in capsys.readouterr().err


def test_a_video_has_a_frame_a_step(episode, demonstration, tmp_path, capsys):
    if not rendering_available():
        pytest.skip("nothing can draw here")
    played(capsys, episode, "--from", "state", "--video", tmp_path / "out.mp4")
    assert [path.name for path in tmp_path.iterdir()] == ["out.mp4"]
    assert count_frames(tmp_path / "out.mp4") == demonstration.steps


def test_an_unknown_camera_leaves_no_video(episode, tmp_path, capsys):
    if not rendering_available():
        pytest.skip("nothing can draw here")
    flags = ["--from", "state", "--video", str(tmp_path / "out.mp4"), "--camera", "frnt"]
    assert main(["replay", str(episode), *flags]) == 1
    assert "no camera 'frnt'; did you mean 'front'" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
