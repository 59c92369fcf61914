"""Draws docs/images/kitchen.png: the kitchen in use, from its front and its wrist camera."""

import argparse
from pathlib import Path

import numpy as np
from PIL import Image
from results import ROOT

from robot_skills.core.arm import load_arm
from robot_skills.core.task_file import load_task
from robot_skills.paths import find
from robot_skills.sim.render import Cameras
from robot_skills.sim.scene import build_scene
from robot_skills.sim.sim_arm import SimArm

HEIGHT, WIDTH = 480, 640
SETTLE_S = 0.5
THINGS = {  # position m and yaw rad
    "pan": (0.645, -0.03, 0.027, 0.0),
    "tomato": (0.645, -0.03, 0.046, 0.0),
    "cheese": (0.36, 0.02, 0.018, 0.4),
    "carrot": (0.265, 0.245, 0.019, 0.9),
}
FIXTURES = {"drawer": 0.15, "cupboard": 1.38, "knob": 1.2, "lamp": 0.0115}


def main() -> None:
    """Put everything where it shows what it is, and draw it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "images" / "kitchen.png")
    parser.add_argument("--arm", default="ur5e")
    given = parser.parse_args()
    arm = load_arm(find("assets/arms", given.arm))
    robot = SimArm(build_scene(load_task(find("envs", "kitchen")), arm))
    poses = {
        name: np.array([x, y, z, np.cos(yaw / 2), 0.0, 0.0, np.sin(yaw / 2)])
        for name, (x, y, z, yaw) in THINGS.items()
    }
    robot.place(arm.home, arm.gripper.width_max_m, poses, FIXTURES)
    robot.settle(SETTLE_S)
    with Cameras(robot.scene, HEIGHT, WIDTH, ["front", "wrist"]) as cameras:
        seen = cameras.images(robot.data)
    picture = Image.fromarray(np.hstack([seen["front"], seen["wrist"]]))
    picture.save(given.out, optimize=True)
    print(f"written: {given.out}, {given.out.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
