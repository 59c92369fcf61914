"""One arm at its twin for one fault: streams of targets, and what the twin's own log says."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from robot_skills.core.arm import ArmProfile, load_arm
from robot_skills.core.errors import RobotFault
from robot_skills.core.task import Task
from robot_skills.core.task_file import load_task
from robot_skills.deploy.connect import arm_address, connected_robot
from robot_skills.deploy.driver_robot import DriverRobot
from robot_skills.deploy.twins.process import TwinProcess, own_address
from robot_skills.deploy.twins.settings import TwinSettings
from robot_skills.paths import find

Floats = NDArray[np.float64]

ENVIRONMENTS = {"ur5e": "blocks", "fr3": "blocks", "xarm6": "blocks", "so101": "blocks_so101"}
GOAL = "on(red, green)"
SWAY_RAD = 0.15
SWAY_HZ = 0.4
AFTER_S = 1.0  # of robot time in which nothing may move any more
PATIENCE_S = 60.0  # of wall time


@dataclass
class Rig:
    """A robot that has been entered, its twin and its arm."""

    robot: DriverRobot
    twin: TwinProcess
    arm: ArmProfile
    task: Task
    start: Floats
    width_m: float
    latched: str = ""
    injected_s: float = 0.0

    def act(self, target: Floats) -> None:
        """One control step; the reason of a latch is kept."""
        try:
            self.robot.act(target, self.width_m)
        except RobotFault as fault:
            self.latched = self.latched or str(self.robot.fault or fault)
            raise

    def sway(self, seconds: float) -> None:
        """Swing the first joint about its start; ends early at a latched fault."""
        with suppress(RobotFault):
            for step in range(round(seconds * self.task.rate_hz)):
                turn = np.sin(2 * np.pi * SWAY_HZ * step / self.task.rate_hz)
                self.act(self.moved(0, SWAY_RAD * turn))

    def go(self, target: Floats, seconds: float) -> None:
        """Ask for one target all the time; ends early at a latched fault."""
        with suppress(RobotFault):
            for _ in range(round(seconds * self.task.rate_hz)):
                self.act(target)

    def pace(self, target: Floats, speed_rad_s: float) -> None:
        """Walk the asked joints from the start to a target, its longest joint at a speed."""
        way = target - self.start
        steps = round(float(np.abs(way).max()) / speed_rad_s * self.task.rate_hz)
        with suppress(RobotFault):
            for step in range(1, steps + 1):
                self.act(self.start + way * step / steps)

    def moved(self, joint: int, by_rad: float) -> Floats:
        """The start with one joint moved."""
        target = self.start.copy()
        target[joint] += by_rad
        return target

    def inject(self, name: str, value: Any = None) -> None:
        """A fault at the twin, whose log holds the robot time of it."""
        self.twin.tell(fault=name, value=value)
        self.injected_s = last_event_s(self.twin.stats(), "injected")

    def mark(self) -> None:
        """Note now as the time of a fault that is not the twin's."""
        self.injected_s = float(self.twin.stats()["robot_time_s"])

    def watch(self, seconds: float) -> None:
        """Look at the robot without commanding; ends early at a latched fault."""
        end_s = time.monotonic() + seconds
        while time.monotonic() < end_s and self.robot.fault is None:
            time.sleep(0.01)
        if self.robot.fault is not None:
            self.latched = str(self.robot.fault)

    def settle(self, seconds: float = AFTER_S) -> dict[str, Any]:
        """Let the twin's time pass without commands; returns its log."""
        deadline_s = time.monotonic() + PATIENCE_S
        stats = self.twin.stats()
        until_s = float(stats["robot_time_s"]) + seconds
        while stats["robot_time_s"] < until_s and time.monotonic() < deadline_s:
            time.sleep(0.05)
            stats = self.twin.stats()
        return stats


def last_event_s(stats: dict[str, Any], kind: str) -> float:
    """Robot time of the last event of a kind in a twin's log; 0 without any."""
    return max((e["robot_time_s"] for e in stats["events"] if e["kind"] == kind), default=0.0)


@contextmanager
def twin_of(arm: str, seed: int = 0) -> Iterator[TwinProcess]:
    """A running twin of an arm at its task."""
    settings = TwinSettings(
        host=own_address(), arm=arm, task=ENVIRONMENTS[arm], goal=GOAL, seed=seed, gap=0.0
    )
    with TwinProcess(settings) as twin:
        yield twin


@contextmanager
def rig_at(twin: TwinProcess, name: str, task: Path | None = None, **more: Any) -> Iterator[Rig]:
    """The robot at a twin, entered; `more` goes to `connected_robot`, `task` is a folder."""
    folder = find("assets/arms", name)
    place = load_task(task or find("envs", ENVIRONMENTS[name]))
    robot = connected_robot(arm_address(twin.address, folder), place, None, None, None, **more)
    with robot:
        state = robot.state()
        width_m = state.gripper_width_m or 0.0
        yield Rig(robot, twin, load_arm(folder), place, state.joint_position_rad, width_m)


def children(words: str) -> list[int]:
    """Processes that this one started and whose command line holds `words`."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        with suppress(OSError):
            parent = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
            if parent == os.getpid() and words in (entry / "cmdline").read_text():
                found.append(int(entry.name))
    return found


def signal_children(words: str, kind: signal.Signals) -> None:
    """Send a signal to every such process; raises RuntimeError where there is none."""
    found = children(words)
    if not found:
        raise RuntimeError(f"no process of this one has {words!r} in its command line")
    for process in found:
        os.kill(process, kind)
