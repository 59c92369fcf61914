"""Both ways with the real LeRobot: its SO-101 class at our twin, our UR5e under its loop.

LeRobot runs in the environment of scripts/make_lerobot_environment.sh, whose Python
ROBOT_SKILLS_LEROBOT_PYTHON names; skipped without.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from twin_robots import free_address

from robot_skills import paths
from robot_skills.core.arm import ArmProfile, driven_by, load_arm
from robot_skills.core.errors import RobotFault
from robot_skills.core.task_file import load_task
from robot_skills.deploy.connect import connected_robot
from robot_skills.deploy.control.address import ArmAddress
from robot_skills.deploy.driver import ArmState, StopKind
from robot_skills.deploy.drivers.lerobot import LeRobotDriver, halt
from robot_skills.deploy.safety.settings import safety_settings
from robot_skills.deploy.settings import ControlSettings
from robot_skills.deploy.twins.process import TwinProcess
from robot_skills.deploy.twins.settings import TwinSettings

Floats = NDArray[np.float64]

PYTHON = os.environ.get("ROBOT_SKILLS_LEROBOT_PYTHON", "")
pytestmark = [
    pytest.mark.real_time,
    pytest.mark.skipif(
        not PYTHON,
        reason="ROBOT_SKILLS_LEROBOT_PYTHON names no Python; scripts/make_lerobot_environment.sh "
        "makes one",
    ),
    pytest.mark.timeout(180),
]
needs_servos = pytest.mark.skipif(
    find_spec("scservo_sdk") is None, reason="scservo_sdk is not installed"
)
RATE_HZ = 50.0
SETTLED_RAD = 0.02
PATIENCE_S = 20.0  # of wall time, on a busy machine
# A busy machine is late; what is asked here is not whether it was.
PATIENT: dict[str, Any] = {
    "overruns_max": 100,
    "stale_stop_s": 1.0,
    "watchdog_s": 5.0,
    "command_hold_s": 1.0,
    "command_stop_s": 3.0,
    "link_errors_max": 20,
}


@dataclass
class Served:
    """A twin, and LeRobot's own follower class that serves it."""

    twin: TwinProcess
    socket: str
    server: "subprocess.Popen[str]"


@pytest.fixture(scope="module")
def so101() -> ArmProfile:
    return driven_by(load_arm(paths.find("assets/arms", "so101")), "lerobot")


@pytest.fixture
def served(tmp_path: Path, so101: ArmProfile) -> Iterator[Served]:
    with TwinProcess(TwinSettings(host=free_address(), arm="so101", gap=0.0)) as twin:
        calibrate(tmp_path / "twin.json", twin.address, [*so101.joints, "gripper"])
        server = serve(tmp_path, twin.address)
        ready = json.loads(server.stdout.readline())  # type: ignore[union-attr]  # a pipe
        assert "ready" in ready, ready
        yield Served(twin, ready["ready"]["socket"], server)
        end(server)


def serve(folder: Path, port: str) -> "subprocess.Popen[str]":
    sets = {"port": port, "id": "twin", "calibration_dir": str(folder)}
    return subprocess.Popen(
        [PYTHON, "-W", "ignore", "-m", "lerobot_robot_skills.server"]
        + ["--type", "so101_follower", "--socket", str(folder / "socket")]
        + [word for name, value in sets.items() for word in ("--set", f"{name}={value}")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=foreign_environment(),
        text=True,
    )


def end(server: "subprocess.Popen[str]") -> None:
    assert server.stdin is not None
    server.stdin.close()
    server.wait(PATIENCE_S)


def foreign_environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}


def calibrate(file: Path, port: str, names: list[str]) -> None:
    """Write the file that LeRobot would have kept when it calibrated these motors."""
    table = {}
    for number, name in enumerate(names, start=1):
        offset, low, high = registers(port, number, "HOMING_OFFSET", "POSITION_MIN", "POSITION_MAX")
        table[name] = {
            "id": number,
            "drive_mode": 0,
            "homing_offset": offset,
            "range_min": low,
            "range_max": high,
        }
    file.write_text(json.dumps(table))


def registers(port: str, servo: int, *names: str) -> list[int | None]:
    from robot_skills.deploy.drivers.so101 import registers as known
    from robot_skills.deploy.drivers.so101.bus import FeetechBus

    bus = FeetechBus(port)
    bus.open()
    try:
        return [bus.read(servo, getattr(known, name), 50) for name in names]
    finally:
        bus.close()


@pytest.fixture
def driver(served: Served, so101: ArmProfile) -> Iterator[LeRobotDriver]:
    connected = LeRobotDriver(served.socket, so101, RATE_HZ)
    connected.connect(5.0)
    yield connected
    connected.close()


def follow(driver: LeRobotDriver, goal: Floats, duration_s: float, width_m: float) -> ArmState:
    state = driver.read()
    first, start_s = state.joint_position_rad, state.robot_time_s
    while (share := min((state.robot_time_s - start_s) / duration_s, 1.0)) < 1.0:
        driver.command(first + share * share * (3 - 2 * share) * (goal - first), width_m)
        time.sleep(1.0 / RATE_HZ)
        state = driver.read()
    driver.command(goal, width_m)
    return state


@needs_servos
def test_lerobots_follower_moves_the_twin_to_where_our_driver_says(
    served: Served, driver: LeRobotDriver, so101: ArmProfile
) -> None:
    state = driver.read()
    assert state.joint_position_rad == pytest.approx(so101.home, abs=0.005)
    driver.start()
    goal = state.joint_position_rad + np.array([0.2, 0.0, 0.0, 0.0, 0.0])
    follow(driver, goal, 1.5, 0.03)
    reached = follow(driver, goal, 0.7, 0.03)
    assert reached.joint_position_rad == pytest.approx(goal, abs=SETTLED_RAD)
    assert reached.gripper_width_m == pytest.approx(0.03, abs=0.002)
    assert np.abs(reached.joint_velocity_rad_s).max() < 0.02
    excursion = served.twin.stats()["largest_joint_excursion_rad"]
    assert excursion[0] == pytest.approx(0.2, abs=SETTLED_RAD)
    assert max(excursion[1:]) < SETTLED_RAD


@needs_servos
def test_the_server_holds_the_arm_when_commands_cease(
    served: Served, driver: LeRobotDriver
) -> None:
    driver.start()
    far = driver.read().joint_position_rad + np.array([1.0, 0.0, 0.0, 0.0, 0.0])
    driver.command(far, None)  # and then nothing more, as of a process that was killed
    time.sleep(2.0)
    rested = driver.read().joint_position_rad
    time.sleep(0.5)
    assert driver.read().joint_position_rad == pytest.approx(rested, abs=0.005)
    log = served.twin.stats()
    assert log["robot_time_s"] - log["last_motion_s"] > 0.4


@needs_servos
def test_another_process_halts_the_arm(served: Served, so101: ArmProfile) -> None:
    halt(served.socket, so101)
    assert max(served.twin.stats()["largest_joint_excursion_rad"]) < SETTLED_RAD


@needs_servos
@pytest.mark.parametrize("fault", ["overload", "dead"])
def test_power_off_releases_every_motor_that_answers(
    served: Served, driver: LeRobotDriver, fault: str
) -> None:
    """LeRobot's own disconnect stops at the first motor that answers with an error, or not."""
    driver.start()
    served.twin.tell(fault=fault, value={"id": 2})
    served.twin.stats()  # it has taken that in
    if fault == "dead":
        with pytest.raises(RobotFault, match="shoulder_lift"):
            driver.stop(StopKind.POWER_OFF)
    else:
        driver.stop(StopKind.POWER_OFF)
    driver.close()
    served.server.kill()  # so that it releases nothing more
    served.server.wait(PATIENCE_S)
    torques = [registers(served.twin.address, servo, "TORQUE_ENABLE")[0] for servo in range(1, 7)]
    assert torques == [0, None if fault == "dead" else 0, 0, 0, 0, 0]


@needs_servos
def test_a_frozen_bus_counts_as_failed_cycles(served: Served, driver: LeRobotDriver) -> None:
    before = driver.read().robot_time_s
    served.twin.tell(fault="freeze")
    served.twin.stats()
    time.sleep(0.1)
    states = [driver.read() for _ in range(10)]
    assert states[-1].link_errors >= 3
    assert states[-1].robot_time_s - before < 1.0
    served.twin.tell(fault="thaw")
    deadline_s = time.monotonic() + PATIENCE_S
    while driver.read().link_errors:
        assert time.monotonic() < deadline_s


@needs_servos
def test_our_robot_drives_lerobots_through_the_safety_layer(
    served: Served, so101: ArmProfile
) -> None:
    address = ArmAddress("lerobot", served.socket, paths.find("assets/arms", "so101"))
    task = load_task(paths.find("envs", "blocks_so101"))
    safety = safety_settings(so101, **PATIENT)
    control = ControlSettings(watchdog_silence_s=5.0)
    with connected_robot(address, task, control, safety, perception_host=None) as robot:
        start = robot.observe().joint_position
        for step in range(30):
            target = start.copy()
            target[0] += 0.2 * min(step / 20, 1.0)
            robot.act(target, 0.03)
        assert robot.observe().joint_position == pytest.approx(target, abs=2 * SETTLED_RAD)
        for _ in range(5):
            sent = robot.act(
                start + np.array([1.0, 0, 0, 0, 0]), 0.03
            )  # a step, as of a bad policy
        assert sent.joint_position[0] - start[0] < 0.8
    assert max(served.twin.stats()["largest_joint_speed_rad_s"]) < 1.1


def test_a_robot_that_lerobot_does_not_know_is_told(tmp_path: Path) -> None:
    done = subprocess.run(
        [PYTHON, "-W", "ignore", "-m", "lerobot_robot_skills.server"]
        + ["--type", "so999", "--socket", str(tmp_path / "socket")],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        env=foreign_environment(),
        check=False,
    )
    assert done.returncode == 1
    assert "no robot 'so999'; it has" in json.loads(done.stdout)["error"]
    assert "so101_follower" in done.stdout


LOOP = """
import draccus, json, sys, time
from lerobot.robots import RobotConfig
from lerobot.robots.utils import make_robot_from_config
from lerobot.utils.import_utils import register_third_party_plugins

register_third_party_plugins()
robot = make_robot_from_config(draccus.decode(RobotConfig, json.loads(sys.argv[1])))
told = {"features": list(robot.action_features)}
robot.connect()
start = robot.get_observation()
key = "shoulder_pan_joint.pos"
for step in range(30):
    action = {**start, key: start[key] + min(step, 20) * 0.5, "gripper.pos": 40.0}
    sent = robot.send_action(action)
time.sleep(1.0)  # a pause, as between two episodes
seen = robot.get_observation()
told["moved"] = seen[key] - start[key]
told["gripper"] = seen["gripper.pos"]
for _ in range(4):
    sent = robot.send_action({**seen, key: seen[key] + 60.0})
told["sent_of_60"] = sent[key] - seen[key]
try:
    robot.send_action({key: float("nan")})
except RuntimeError as error:
    told["refused"] = str(error)
robot.disconnect()
print(json.dumps(told))
"""

KILLED = """
import draccus, json, os, signal, sys
from lerobot.robots import RobotConfig
from lerobot.robots.utils import make_robot_from_config
from lerobot.utils.import_utils import register_third_party_plugins

register_third_party_plugins()
robot = make_robot_from_config(draccus.decode(RobotConfig, json.loads(sys.argv[1])))
robot.connect()
action = robot.get_observation()
for step in range(20):
    action["shoulder_pan_joint.pos"] += 0.5
    robot.send_action(action)
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def ur_twin() -> Iterator[TwinProcess]:
    if find_spec("rtde_control") is None:
        pytest.skip("ur-rtde is not installed")
    with TwinProcess(TwinSettings(host=free_address(), gap=0.0)) as twin:
        yield twin


def loop(program: str, twin: TwinProcess, folder: Path) -> "subprocess.CompletedProcess[str]":
    config = {
        "type": "robot_skills",
        "id": "twin",
        "address": twin.address,
        "arm": "ur5e",
        "python": sys.executable,
        "calibration_dir": str(folder),
        "safety": PATIENT,
    }
    return subprocess.run(
        [PYTHON, "-W", "ignore", "-c", program, json.dumps(config)],
        capture_output=True,
        text=True,
        env=foreign_environment(),
        check=False,
    )


def test_lerobots_loop_drives_our_arm_within_its_limits(
    ur_twin: TwinProcess, tmp_path: Path
) -> None:
    done = loop(LOOP, ur_twin, tmp_path)
    assert done.returncode == 0, done.stderr
    told, log = json.loads(done.stdout), ur_twin.stats()
    assert told["features"][-1] == "gripper.pos"
    assert told["moved"] == pytest.approx(10.0, abs=0.5)
    assert told["gripper"] == pytest.approx(40.0, abs=3.0)
    assert 0.0 < told["sent_of_60"] < 15.0
    assert "must be finite" in told["refused"]
    assert max(log["largest_joint_speed_rad_s"]) < 1.1
    assert log["protective_stops"] == 0


def test_when_lerobot_is_killed_the_arm_is_stopped(ur_twin: TwinProcess, tmp_path: Path) -> None:
    assert loop(KILLED, ur_twin, tmp_path).returncode == -9
    time.sleep(2.0)
    log = ur_twin.stats()
    assert log["robot_time_s"] - log["last_motion_s"] > 0.5
    assert log["largest_joint_excursion_rad"][0] == pytest.approx(np.deg2rad(10.0), abs=0.05)
