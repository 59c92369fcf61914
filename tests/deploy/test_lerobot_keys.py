import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from robot_skills import paths
from robot_skills.core.arm import ArmProfile, driven_by, load_arm
from robot_skills.core.errors import InputError, RobotFault
from robot_skills.core.observation import Observation
from robot_skills.core.robot import Command
from robot_skills.deploy.driver import StopKind
from robot_skills.deploy.drivers.lerobot import LeRobotDriver, halt
from robot_skills.deploy.lerobot.key_map import KeyMap
from robot_skills.deploy.lerobot.serve import LeRobotService

Floats = NDArray[np.float64]
Message = dict[str, Any]


@pytest.fixture(scope="module")
def so101() -> ArmProfile:
    return driven_by(load_arm(paths.find("assets/arms", "so101")), "lerobot")


def with_options(arm: ArmProfile, **options: Any) -> ArmProfile:
    assert arm.deploy is not None
    return replace(arm, deploy=replace(arm.deploy, options={"lerobot": options}))


def test_keys_are_the_joints_in_the_profiles_order(so101: ArmProfile) -> None:
    keys = KeyMap(so101)
    assert keys.keys == (
        "shoulder_pan.pos",
        "shoulder_lift.pos",
        "elbow_flex.pos",
        "wrist_flex.pos",
        "wrist_roll.pos",
        "gripper.pos",
    )
    assert keys.missing({"gripper.pos": 1.0, "wrist_roll.pos": 0.0})[0] == "shoulder_pan.pos"


def test_degrees_become_rad_and_come_back(so101: ArmProfile) -> None:
    keys = KeyMap(with_options(so101))
    values = dict(zip(keys.keys, (90.0, -45.0, 0.0, 10.0, 180.0, 50.0), strict=True))
    assert keys.joints(values) == pytest.approx(np.deg2rad([90, -45, 0, 10, 180]))
    assert keys.width_m(values) == pytest.approx(so101.gripper.width_max_m / 2)
    assert keys.values(keys.joints(values), keys.width_m(values)) == pytest.approx(values)
    assert "gripper.pos" not in keys.values(np.zeros(5), None)


def test_names_signs_and_zeros_are_the_profiles(so101: ArmProfile) -> None:
    arm = with_options(
        so101,
        joints={"shoulder_pan": "joint_1"},
        inverted=["shoulder_pan"],
        zero={"shoulder_pan": 90.0},
    )
    keys = KeyMap(arm)
    values = dict.fromkeys(keys.keys, 0.0)
    assert keys.joint_keys[0] == "joint_1.pos"
    assert keys.joints(values)[0] == pytest.approx(np.pi / 2)
    assert keys.values(np.array([np.pi / 4, 0, 0, 0, 0]), None)["joint_1.pos"] == pytest.approx(45)


def test_radians_stay(so101: ArmProfile) -> None:
    keys = KeyMap(with_options(so101, units="radians"))
    assert keys.values(np.full(5, 0.3), None)["elbow_flex.pos"] == pytest.approx(0.3)


def test_the_jaw_of_the_so101_opens_by_angles_not_widths(so101: ArmProfile) -> None:
    """As its own driver has it from the model's geometry."""
    from robot_skills.deploy.drivers.so101.jaw import CLOSED_RAD, OPEN_RAD, jaw_width

    keys = KeyMap(so101)
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        width_m = jaw_width(CLOSED_RAD + share * (OPEN_RAD - CLOSED_RAD))
        assert keys.width_m({"gripper.pos": 100 * share}) == pytest.approx(width_m, abs=0.001)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"units": "percent"}, "degrees or radians; found 'percent'"),
        ({"inverted": ["elbow"]}, "no joint 'elbow'"),
        ({"gripper_widths_m": [[0.0, 0.01], [50.0, 0.03], [100.0, 0.02]]}, "all the way"),
        ({"gripper_widths_m": [[0.0, 0.01]]}, "all the way"),
        ({"port": "/dev/ttyACM0"}, "port"),
    ],
)
def test_options_that_cannot_be_meant_are_refused(
    so101: ArmProfile, options: Message, told: str
) -> None:
    with pytest.raises(InputError, match=told):
        KeyMap(with_options(so101, **options))


class Motors:
    """A server as LeRobot's environment would run, on ideal motors."""

    def __init__(self, path: Path, keys: KeyMap) -> None:
        self.values = keys.values(np.zeros(len(keys.joint_keys)), 0.03)
        self.heard: list[Message] = []
        self.answer: Callable[[Message], Message | None] = self.obey
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen()
        threading.Thread(target=self._accept, daemon=True).start()

    def obey(self, order: Message) -> Message | None:
        if "read" in order:
            return {"time_s": time.monotonic(), "values": self.values}
        if "send" in order:
            self.values = {**self.values, **order["send"]}
            return {"sent": order["send"]}
        return {"features": sorted(self.values), "name": "motors", "version": "9"}

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                link, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(link,), daemon=True).start()

    def _serve(self, link: socket.socket) -> None:
        with link, link.makefile("rw") as lines:
            for line in lines:
                order = json.loads(line)
                self.heard.append(order)
                answer = self.answer(order)
                if answer is not None:
                    lines.write(json.dumps({"id": order["id"], **answer}) + "\n")
                    lines.flush()


@pytest.fixture
def motors(tmp_path: Path, so101: ArmProfile) -> Iterator[Motors]:
    served = Motors(tmp_path / "s", KeyMap(so101))
    yield served
    served.close()


@pytest.fixture
def driver(motors: Motors, tmp_path: Path, so101: ArmProfile) -> Iterator[LeRobotDriver]:
    connected = LeRobotDriver(str(tmp_path / "s"), so101, rate_hz=10.0)
    connected.connect(2.0)
    yield connected
    connected.close()


def test_a_target_goes_out_in_degrees_and_comes_back_in_rad(
    driver: LeRobotDriver, motors: Motors
) -> None:
    driver.start()
    sent = driver.command(np.array([0.1, 0.2, 0.3, 0.4, 0.5]), 0.04)
    assert sent == pytest.approx([0.1, 0.2, 0.3, 0.4, 0.5])
    assert motors.values["shoulder_pan.pos"] == pytest.approx(np.rad2deg(0.1))
    state = driver.read()
    assert state.joint_position_rad == pytest.approx([0.1, 0.2, 0.3, 0.4, 0.5])
    assert state.gripper_width_m == pytest.approx(0.04)
    assert driver.info.firmware == "LeRobot 9"


def test_what_lerobot_has_clipped_is_what_was_sent(driver: LeRobotDriver, motors: Motors) -> None:
    driver.start()
    motors.answer = lambda order: {"sent": {"shoulder_pan.pos": 5.0}}
    assert driver.command(np.full(5, 0.3), None)[0] == pytest.approx(np.deg2rad(5.0))


def test_failed_readings_are_counted_and_the_clock_stands(
    driver: LeRobotDriver, motors: Motors
) -> None:
    before = driver.read().robot_time_s
    motors.answer = lambda order: {"error": "ConnectionError: no status packet"}
    states = [driver.read() for _ in range(3)]
    assert [state.link_errors for state in states] == [1, 2, 3]
    assert states[-1].robot_time_s == before
    assert "no status packet" in states[-1].mode
    motors.answer = motors.obey
    assert driver.read().link_errors == 0


def test_a_server_that_says_nothing_delays_a_reading_by_one_period(
    driver: LeRobotDriver, motors: Motors
) -> None:
    motors.answer = lambda order: None
    began_s = time.monotonic()
    assert driver.read().link_errors == 1
    assert time.monotonic() - began_s < 1.0


def test_a_refused_target_is_a_fault(driver: LeRobotDriver, motors: Motors) -> None:
    driver.start()
    motors.answer = lambda order: {"error": "no torque"}
    with pytest.raises(RobotFault, match="no torque"):
        driver.command(np.zeros(5), None)


def test_stopping_is_heard_once_and_nothing_is_sent_after_it(
    driver: LeRobotDriver, motors: Motors
) -> None:
    driver.start()
    driver.stop(StopKind.HOLD)
    driver.stop(StopKind.SMOOTH)
    driver.stop(StopKind.POWER_OFF)
    stops = [order["stop"] for order in motors.heard if "stop" in order]
    assert stops == ["hold", "power_off"]
    with pytest.raises(RobotFault, match="not started"):
        driver.command(np.zeros(5), None)


def test_another_process_halts(driver: LeRobotDriver, motors: Motors, so101: ArmProfile) -> None:
    halt(driver._address, so101)
    assert motors.heard[-1] == {"id": 0, "stop": "hold"}


def test_an_address_without_a_server_and_one_with_another_robot_are_named(
    motors: Motors, tmp_path: Path, so101: ArmProfile, arm: ArmProfile
) -> None:
    with pytest.raises(InputError, match=r"nobody.*lerobot-robot-skills-server"):
        LeRobotDriver(str(tmp_path / "nobody"), so101, 50.0).connect(0.5)
    ur = LeRobotDriver(str(tmp_path / "s"), driven_by(arm, "lerobot"), 50.0)
    with pytest.raises(InputError, match=r"motors at .* not \['shoulder_pan_joint.pos'"):
        ur.connect(0.5)
    ur.close()


class Ideal:
    """A robot that is where it was told, no farther than 0.1 rad from zero."""

    rate_hz = 20.0

    def __init__(self) -> None:
        self.joints: Floats = np.zeros(5)
        self.width_m = 0.05
        self.acted = 0
        self.fault = ""

    def observe(self) -> Observation:
        if self.fault:
            raise RobotFault(self.fault)
        return Observation(0.0, self.joints, np.zeros(5), self.width_m, {}, {})

    def act(self, joint_position: Floats, gripper_width_m: float) -> Command:
        if self.fault:
            raise RobotFault(self.fault)
        self.acted += 1
        self.joints = np.clip(joint_position, -0.1, 0.1)
        self.width_m = gripper_width_m
        return Command(self.joints, gripper_width_m)


def test_lerobot_is_told_what_was_sent_after_limits(so101: ArmProfile) -> None:
    robot = Ideal()
    service = LeRobotService(robot, KeyMap(so101))  # type: ignore[arg-type]
    sent = service.answer({"send": {"shoulder_pan.pos": 30.0}})["sent"]
    assert sent["shoulder_pan.pos"] == pytest.approx(np.rad2deg(0.1))
    assert service.answer({"read": True})["values"] == pytest.approx(sent)
    with pytest.raises(InputError, match=r"has no \['elbow\.pos'\]"):
        service.answer({"send": {"elbow.pos": 1.0}})


def test_between_two_actions_the_arm_holds_until_a_fault(so101: ArmProfile) -> None:
    robot = Ideal()
    service = LeRobotService(robot, KeyMap(so101))  # type: ignore[arg-type]
    service.hold()
    assert robot.acted == 0  # nobody has asked for anything yet
    service.answer({"send": {"shoulder_pan.pos": 3.0}})
    service.hold()
    assert robot.acted == 2
    assert robot.joints[0] == pytest.approx(np.deg2rad(3.0))
    robot.fault = "latched"
    with pytest.raises(RobotFault):
        service.hold()
    robot.fault = ""
    service.hold()
    assert robot.acted == 2
