import subprocess
import sys

import numpy as np
import pytest

from robot_skills.core.errors import InputError
from robot_skills.sim import viewer
from robot_skills.sim.gl import choose_back_end, rendering_available
from robot_skills.sim.render import Cameras
from robot_skills.sim.scene import build_scene
from robot_skills.sim.sim_arm import SimArm

needs_gl = pytest.mark.skipif(not rendering_available(), reason="no GL back end")

DROPPED_CAMERAS = """
from robot_skills.core.arm import load_arm
from robot_skills.core.task_file import load_task
from robot_skills.paths import find
from robot_skills.sim.render import Cameras
from robot_skills.sim.scene import build_scene
from robot_skills.sim.sim_arm import SimArm

scene = build_scene(load_task(find("envs", "blocks")), load_arm(find("assets/arms", "ur5e")), ())
kept, dropped = Cameras(scene, 48, 64), Cameras(scene, 48, 64)
kept.images(SimArm(scene).data)
del dropped
"""


@pytest.fixture(scope="module")
def robot(task, arm):
    blocks = ("red", "green", "blue")
    robot = SimArm(build_scene(task, arm, blocks))
    where = {n: np.array([0.4 + 0.07 * i, 0, 0.02, 1, 0, 0, 0]) for i, n in enumerate(blocks)}
    robot.place(arm.home, 0.08, where, {})
    return robot


def share_of(image, channel):
    """Share of pixels in which one colour channel outshines both others."""
    others = np.delete(image.astype(int), channel, axis=-1).max(axis=-1)
    return float(np.mean(image[..., channel] > others + 60))


@needs_gl
def test_both_cameras_see_the_blocks_in_their_colours(robot):
    with Cameras(robot.scene, 120, 160) as cameras:
        images = cameras.images(robot.data)
    assert set(images) == {"front", "wrist"}
    for image in images.values():
        assert (image.shape, image.dtype) == ((120, 160, 3), np.uint8)
    assert all(0.0005 < share_of(images["front"], channel) < 0.02 for channel in (0, 1, 2))


@needs_gl
def test_the_table_is_below_and_the_sky_above(robot):
    with Cameras(robot.scene, 60, 80, ["front"]) as cameras:
        image = cameras.image(robot.data, "front").astype(int)
    warm = image[..., 0] - image[..., 2]
    assert warm[-10:].mean() > 15 > warm[:6, -20:].mean()


@needs_gl
def test_images_follow_the_arm_and_earlier_ones_stay_as_they_were(robot, arm):
    other = SimArm(robot.scene)
    other.set_state(robot.state)
    with Cameras(robot.scene, 60, 80, ["front"]) as cameras:
        before = cameras.image(other.data, "front")
        kept = before.copy()
        for _ in range(20):
            other.act(arm.home + [0.5, 0, 0, 0, 0, 0], 0.0)
        after = cameras.image(other.data, "front")
    np.testing.assert_array_equal(before, kept)
    assert np.abs(after.astype(int) - before).max() > 50


@needs_gl
def test_an_unknown_camera_is_named_with_the_near_one(robot):
    with pytest.raises(InputError, match="no camera 'frnt'; did you mean 'front'"):
        Cameras(robot.scene, 60, 80, ["frnt"])


@needs_gl
def test_closed_cameras_say_so_and_close_twice(robot):
    cameras = Cameras(robot.scene, 60, 80)
    cameras.close()
    cameras.close()
    with pytest.raises(InputError, match="closed"):
        cameras.image(robot.data, "front")


@needs_gl
def test_cameras_that_nobody_closed_leave_no_trace_at_exit():
    done = subprocess.run(
        [sys.executable, "-c", DROPPED_CAMERAS], capture_output=True, text=True, check=True
    )
    assert done.stderr == ""


@pytest.mark.parametrize("asked", ["egl", "osmesa", "glfw", " EGL "])
def test_the_back_end_asked_for_is_taken(asked):
    assert choose_back_end({"MUJOCO_GL": asked}) == asked.strip().lower()


@pytest.mark.filterwarnings("ignore::glfw.GLFWError")
def test_a_back_end_that_does_not_work_is_answered_with_what_to_install(robot, monkeypatch):
    monkeypatch.setenv("MUJOCO_GL", "glfw")
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    with pytest.raises(InputError, match=r"glfw does not work here .* rendering needs libegl1"):
        Cameras(robot.scene, 16, 16)


def test_a_viewer_without_a_display_says_what_would_do(robot, monkeypatch):
    monkeypatch.setattr(viewer.sys, "platform", "linux")
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    with pytest.raises(InputError, match="the viewer needs a display"), viewer.Viewer(robot):
        pass


def test_a_display_that_does_not_answer_is_named(robot, monkeypatch):
    monkeypatch.setattr(viewer.sys, "platform", "linux")
    monkeypatch.setenv("DISPLAY", ":4711")
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    with pytest.raises(InputError, match="on the display ':4711'"), viewer.Viewer(robot):
        pass
