"""One of our arms for LeRobot, over stdin and stdout of this process.

    python -m robot_skills.deploy.lerobot.serve --arm ur5e --address 192.168.0.10 --env blocks

prints {"ready": {"features", "rate_hz"}}, then answers JSON lines: {"read"} with {"values"},
{"send": {...}} with {"sent"}, {"clear"}; or {"error"}. Between two sends the arm holds its last
target. It is stopped when stdin ends.
"""

import argparse
import json
import os
import selectors
import sys
from collections.abc import Iterator
from dataclasses import fields, replace
from typing import Any

from robot_skills import paths
from robot_skills.core.arm import ArmProfile, driven_by, load_arm
from robot_skills.core.errors import InputError, RobotFault, unknown_name
from robot_skills.core.robot import Command, Robot
from robot_skills.core.task_file import load_task
from robot_skills.deploy.connect import arm_address, connected_robot
from robot_skills.deploy.driver_robot import DriverRobot
from robot_skills.deploy.lerobot.key_map import KeyMap
from robot_skills.deploy.safety.settings import SafetySettings, safety_settings

LINE_MAX = 1 << 16


class LeRobotService:
    """Answers LeRobot's questions with one robot."""

    def __init__(self, robot: Robot, keys: KeyMap) -> None:
        self._robot = robot
        self._keys = keys
        self._held: Command | None = None

    def answer(self, order: dict[str, Any]) -> dict[str, Any]:
        """Carry out one message; raises RobotFault when the arm may not move."""
        if "send" in order:
            return {"sent": self._send(order["send"])}
        if "clear" in order and isinstance(self._robot, DriverRobot):
            self._held = None
            self._robot.clear_fault()
        seen = self._robot.observe()
        return {"values": self._keys.values(seen.joint_position, seen.gripper_width_m)}

    def hold(self) -> None:
        """Keep the last target for a control step, so that a pause of LeRobot's is no fault."""
        if self._held is not None:
            held, self._held = (
                self._held,
                None,
            )  # a fault ends holding, and is told at the next call
            self._robot.act(held.joint_position, held.gripper_width_m)
            self._held = held

    def _send(self, values: dict[str, float]) -> dict[str, float]:
        seen = self._robot.observe()
        known = {**self._keys.values(seen.joint_position, seen.gripper_width_m), **values}
        if extra := sorted(set(known) - set(self._keys.keys)):
            raise InputError(f"the arm has no {extra}; it has {list(self._keys.keys)}")
        self._held = None
        sent = self._robot.act(self._keys.joints(known), self._keys.width_m(known))
        self._held = sent
        return self._keys.values(sent.joint_position, sent.gripper_width_m)


def serve(service: LeRobotService, rate_hz: float) -> None:
    """Answer until stdin ends."""
    for line in _lines(1.0 / rate_hz):
        try:
            if line is None:
                service.hold()
            else:
                _say(service.answer(json.loads(line)))
        except (RobotFault, InputError) as error:
            if line is not None:
                _say({"error": str(error)})


def _lines(pause_s: float) -> Iterator[bytes | None]:
    """Lines of stdin as they come, None whenever none has come for a while."""
    buffer = b""
    with selectors.DefaultSelector() as selector:
        selector.register(0, selectors.EVENT_READ)
        while True:
            if not selector.select(pause_s):
                yield None
                continue
            if not (data := os.read(0, LINE_MAX)):
                return
            *lines, buffer = (buffer + data).split(b"\n")
            yield from lines


def _say(message: dict[str, Any]) -> None:
    print(json.dumps(message), flush=True)  # noqa: T201


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--address", default="", help="of the arm")
    parser.add_argument("--arm", default="ur5e", help="its profile")
    parser.add_argument("--env", default="blocks", help="environment to keep to")
    parser.add_argument("--driver", default="", help="the profile's own, or ros2")
    parser.add_argument("--safety", default="{}", help="JSON: differences from the settings")
    parser.add_argument("--features", action="store_true", help="only tell the features")
    return parser.parse_args()


def _safety(arm: ArmProfile, changes: dict[str, float]) -> SafetySettings:
    known = [f.name for f in fields(SafetySettings)]
    for name in changes:
        if name not in known:
            raise unknown_name("safety setting", name, known)
    return safety_settings(arm, **changes)


def main() -> None:
    """Serve as the command line says."""
    given = _arguments()
    try:
        folder = paths.find("assets/arms", given.arm)
        arm = driven_by(load_arm(folder), given.driver)
        keys = KeyMap(arm)
        if given.features:
            _say({"features": list(keys.keys)})
            return
        task = load_task(paths.find("envs", given.env))
        address = arm_address(given.address, folder, task)
        if given.driver:
            address = replace(address, driver=given.driver)
        safety = _safety(arm, json.loads(given.safety))
        with connected_robot(address, task, safety=safety, perception_host=None) as robot:
            _say({"ready": {"features": list(keys.keys), "rate_hz": robot.rate_hz}})
            serve(LeRobotService(robot, keys), robot.rate_hz)
    except (InputError, RobotFault) as error:
        _say({"error": str(error)})
        sys.exit(1)


if __name__ == "__main__":
    main()
