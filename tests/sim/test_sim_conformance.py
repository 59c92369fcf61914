from collections.abc import Iterator

import pytest
from conformance import RobotConformance

from robot_skills import paths
from robot_skills.core.arm import load_arm
from robot_skills.core.task_file import load_task
from robot_skills.sim.scene import build_scene
from robot_skills.sim.sim_arm import SimArm


class TestSimArm(RobotConformance):
    @pytest.fixture
    def robot(self) -> Iterator[SimArm]:
        arm = load_arm(paths.find("assets/arms", "ur5e"))
        scene = build_scene(load_task(paths.find("envs", "blocks")), arm, (), visual=False)
        with SimArm(scene) as robot:
            robot.place(arm.home, 0.08, {}, {})
            yield robot
