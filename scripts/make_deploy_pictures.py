"""Draws docs/images/live_view.svg and camera_check.png: a run on the twin, and a pushed camera.

    make demo
    python scripts/make_deploy_pictures.py

The live view is shown twice: in the middle of a plan for a goal that nobody demonstrated, and once
the twin's link has been frozen. The camera is one of the simulation's, turned as if by a push.
"""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import mujoco
import numpy as np
import tyro
from results import ROOT
from rich.console import Console

from robot_skills.cli.arm_target import Reached
from robot_skills.cli.deploy import Deploy
from robot_skills.cli.live_view import Shown, picture
from robot_skills.core import poses
from robot_skills.core.arm import load_arm
from robot_skills.core.errors import RobotFault
from robot_skills.core.task_file import load_task
from robot_skills.deploy.bringup.stills import compare_stills, recorded_still, save_picture
from robot_skills.deploy.driver_robot import DriverRobot
from robot_skills.paths import find
from robot_skills.run.execute.watching import Moment, Watch
from robot_skills.sim.kinematics import MujocoKinematics
from robot_skills.sim.render import Cameras
from robot_skills.sim.scene import build_scene
from robot_skills.sim.sim_arm import SimArm
from robot_skills.sim.start import reset, sample_situation

GOAL = "in(red, drawer) on(blue, green)"
CAMERA, PUSH_RAD = "front", 0.05
LOOK_STEP, FREEZE_STEP = 2, 3  # of the plan
COLUMNS = 96
TEXT_ONLY = """<svg class="rich-terminal" viewBox="0 0 {width} {height}" \
xmlns="http://www.w3.org/2000/svg"><style>{styles}
.{unique_id}-matrix {{ font-family: monospace; font-size: {char_height}px; \
line-height: {line_height}px; }}
</style><defs><clipPath id="{unique_id}-clip-terminal"><rect x="0" y="0" \
width="{terminal_width}" height="{terminal_height}"/></clipPath>{lines}</defs>
<rect fill="#0c0c0c" width="100%" height="100%" rx="8"/>
<g transform="translate({terminal_x}, {terminal_y})" \
clip-path="url(#{unique_id}-clip-terminal)">{backgrounds}
<g class="{unique_id}-matrix">{matrix}</g></g></svg>
"""


@dataclass
class Views:
    """Two looks at one run; the second is after the twin's link froze."""

    shown: list[Shown] = field(default_factory=list)

    @contextmanager
    def seat(self, robot: DriverRobot, reached: Reached) -> Iterator[Watch]:
        """The operator's place: looks once, then freezes the link."""
        assert reached.twin is not None
        twin = reached.twin
        shown = Shown(f"twin of {reached.arm.name}, goal {GOAL}", reached.arm.joints)

        def watch(moment: Moment) -> None:
            nonlocal shown
            shown = replace(shown, plan=moment.plan, step=moment.step, facts=moment.facts)
            if moment.plan is None or moment.step is None:
                return
            at = moment.plan.steps.index(moment.step)
            if at >= LOOK_STEP and not self.shown:
                self.shown.append(replace(shown, status=robot.status()))
            if at >= FREEZE_STEP:
                twin.tell(fault="freeze")

        try:
            yield watch
        finally:
            self.shown.append(replace(shown, status=robot.status()))
            twin.tell(fault="thaw")


@dataclass(frozen=True)
class Pictures:
    """Run the demo's library on a twin and draw what a person sees."""

    demo: Path = ROOT / "runs" / "demo"
    """Folder that `make demo` wrote."""

    out: Path = ROOT / "docs" / "images"
    """Folder for the pictures."""

    def run(self) -> None:
        """Draw both."""
        self._live_view()
        self._pushed_camera()

    def _live_view(self) -> None:
        views = Views()
        try:
            Deploy(goal=GOAL, library=self.demo / "library", twin="ur5e").deploy(seat=views.seat)
        except RobotFault as fault:
            print(f"as it should: {fault}")
        console = Console(record=True, width=COLUMNS, file=io.StringIO(), color_system="truecolor")
        for shown in views.shown:
            console.print(picture(shown))
        file = self.out / "live_view.svg"
        console.save_svg(str(file), code_format=TEXT_ONLY, unique_id="view")
        print(f"written: {file}")

    def _pushed_camera(self) -> None:
        task, arm = load_task(find("envs", "blocks")), load_arm(find("assets/arms", "ur5e"))
        rng = np.random.default_rng(0)
        situation = sample_situation(task, task.goal(next(iter(task.goals))), rng)
        scene = build_scene(task, arm, situation.objects, visual=True)
        robot = SimArm(scene)
        reset(robot, MujocoKinematics(arm), situation.goal, rng)
        recorded = recorded_still(self.demo / "demonstrations", CAMERA)
        live = self._turned(robot, recorded.shape[0], recorded.shape[1])
        found = compare_stills(CAMERA, live, recorded)
        save_picture(self.out / "camera_check.png", found.picture)
        print(f"written: {self.out / 'camera_check.png'}: {found}")

    def _turned(self, robot: SimArm, height: int, width: int) -> np.ndarray:
        camera = mujoco.mj_name2id(robot.scene.model, mujoco.mjtObj.mjOBJ_CAMERA, CAMERA)
        push = np.array([np.cos(PUSH_RAD / 2), 0.0, np.sin(PUSH_RAD / 2), 0.0])
        turned = poses.multiply(robot.scene.model.cam_quat[camera], push)
        robot.scene.model.cam_quat[camera] = turned
        mujoco.mj_forward(robot.scene.model, robot.data)
        with Cameras(robot.scene, height, width, [CAMERA]) as cameras:
            return cameras.image(robot.data, CAMERA)


if __name__ == "__main__":
    tyro.cli(Pictures).run()
