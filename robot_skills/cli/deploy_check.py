"""robot-skills deploy --check: looks at everything about an arm in order; then its calibration."""

import contextlib
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from robot_skills.cli.arm_target import ArmTarget, Reached
from robot_skills.cli.deploy_clearance import now
from robot_skills.core.errors import InputError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from robot_skills.deploy.bringup.check import Views
    from robot_skills.deploy.bringup.person import Person
    from robot_skills.deploy.driver import ArmInfo

MOTION_STEPS = 2


@dataclass(frozen=True)
class CheckRun:
    """One check of the arm that `target` names."""

    target: ArmTarget
    yes: bool
    views: "Views"
    extrinsics: Path | None

    def run(self) -> None:
        """Look, then move by little, then write the calibration; raises CheckFailed."""
        self.target.check_reachable()
        if self.yes and self.target.host:
            raise InputError("--yes is for twins: beside a real arm a person answers")
        cameras = read_extrinsics(self.extrinsics)
        with _person(self.yes) as person, self.target.reached() as reached:
            print(f"connecting to {reached.arm.name} at {reached.address.host}; nothing moves")
            looked = self._look(reached, person)
            if not (self.yes or sys.stdin.isatty()):
                print(
                    "there is no terminal to answer at: joints and gripper were not moved, and no "
                    "calibration was written"
                )
                return
            print("making the arm ready to follow; it does not move yet")
            info = self._move(reached, person, looked)
            self._keep(reached, info, cameras)

    def _look(self, reached: Reached, person: "Person") -> int:
        from robot_skills.deploy.bringup.check import step_of_views, steps_without_motion
        from robot_skills.deploy.bringup.steps import carry_out

        with self.target.connect(reached, read_only=True, blind=True) as robot:
            steps = steps_without_motion(
                robot, reached.arm, reached.address.host, reached.perception
            )
            if self.views.sources:
                steps.append(step_of_views(self.views, person))
            carry_out(steps, person, total=len(steps) + MOTION_STEPS)
        return len(steps)

    def _move(self, reached: Reached, person: "Person", done: int) -> "ArmInfo":
        from robot_skills.deploy.bringup.check import steps_with_motion
        from robot_skills.deploy.bringup.steps import carry_out
        from robot_skills.sim.kinematics import MujocoKinematics

        kinematics = MujocoKinematics(reached.arm)
        with self.target.connect(reached, blind=True) as robot:
            steps = steps_with_motion(robot, reached.arm, kinematics, person)
            carry_out(steps, person, done, done + MOTION_STEPS)
            return robot.info

    def _keep(
        self, reached: Reached, info: "ArmInfo", cameras: "dict[str, NDArray[np.float64]]"
    ) -> None:
        from robot_skills.deploy.calibration import calibration_of, save_calibration

        if reached.twin is not None:  # one of a twin without a serial would fit a real arm's
            print("all is well; a twin needs no calibration, and none was written")
            return
        calibration = calibration_of(reached.arm, info, "a person at the terminal", now(), cameras)
        save_calibration(self.target.calibration_file, calibration)
        print(f"all is well; calibration {calibration.id} written: {self.target.calibration_file}")


def read_extrinsics(file: Path | None) -> "dict[str, NDArray[np.float64]]":
    """Poses (7,) of cameras in world from a TOML file of `name = [7 numbers]`."""
    import numpy as np

    if file is None:
        return {}
    try:
        table = tomllib.loads(file.read_text())
    except FileNotFoundError:
        raise InputError(f"no file {file} with camera poses") from None
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{file}: {error}") from None
    poses = {}
    for name, values in table.items():
        pose = np.asarray(values if isinstance(values, list) else [], dtype=object)
        if pose.shape != (7,) or not all(isinstance(v, int | float) for v in pose):
            raise InputError(
                f"{file}: {name}: expected 7 numbers, position in m and quaternion wxyz in world; "
                f"found {values!r}"
            )
        poses[name] = pose.astype(float)
    return poses


def camera_sources(given: tuple[str, ...]) -> dict[str, str]:
    """Sources by camera from NAME=SOURCE words; raises InputError at others."""
    found = {}
    for word in given:
        name, equals, source = word.partition("=")
        if not (name and equals and source):
            raise InputError(f"--camera {word!r}: write NAME=DEVICE or NAME=FILE, such as front=0")
        found[name] = source
    return found


@contextlib.contextmanager
def _person(yes: bool) -> "Iterator[Person]":
    from robot_skills.cli.person import NobodyThere, PersonAtTerminal, TwinOperator
    from robot_skills.record.terminal import TerminalKeys

    if yes:
        yield TwinOperator()
    elif sys.stdin.isatty():
        with TerminalKeys() as keys:
            print("space or q stops at any time")
            yield PersonAtTerminal(keys.pressed)
    else:
        yield NobodyThere()
