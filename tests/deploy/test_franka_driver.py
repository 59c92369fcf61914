"""The driver with the vendor's client against the twin; times are the robot's own."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib.util import find_spec
from typing import Any

import numpy as np
import pytest
from twin_robots import free_address

from robot_skills import paths
from robot_skills.core.arm import load_arm
from robot_skills.core.errors import InputError, RobotFault
from robot_skills.deploy.driver import ArmState, FaultKind, StopKind
from robot_skills.deploy.drivers.franka.driver import FrankaDriver
from robot_skills.deploy.settings import ControlSettings
from robot_skills.deploy.twins.franka.wire import Error
from robot_skills.deploy.twins.process import TwinProcess
from robot_skills.deploy.twins.settings import TwinSettings

pytestmark = [
    pytest.mark.skipif(find_spec("pylibfranka") is None, reason="pylibfranka is not installed"),
    pytest.mark.real_time,
]

ARM = load_arm(paths.find("assets/arms", "fr3"))
SETTINGS = ControlSettings(rate_hz=1000.0, watchdog_hz=2.0)  # patient, for a busy machine
PATIENCE_S = 20.0  # of wall time, on a busy machine


@pytest.fixture
def twin() -> Iterator[TwinProcess]:
    with TwinProcess(TwinSettings(host=free_address(), arm="fr3", gap=0.0)) as started:
        yield started


@pytest.fixture
def driver(twin: TwinProcess) -> Iterator[FrankaDriver]:
    driver = FrankaDriver(twin.address, ARM, SETTINGS)
    driver.connect(3.0)
    yield driver
    driver.close()


def until(driver: FrankaDriver, arrived: Callable[[ArmState], bool]) -> ArmState:
    deadline_s = time.monotonic() + PATIENCE_S
    while not arrived(state := driver.read()):
        assert time.monotonic() < deadline_s, state
        time.sleep(0.002)
    return state


def swing(driver: FrankaDriver, by_rad: float, duration_s: float = 1.0) -> None:
    """Move the first joint forth and back."""
    first = driver.read()
    while (share := (driver.read().robot_time_s - first.robot_time_s) / duration_s) < 1.0:
        target = first.joint_position_rad.copy()
        target[0] += by_rad * np.sin(np.pi * share) ** 2
        driver.command(target, None)
        time.sleep(0.001)


def go(driver: FrankaDriver, by_rad: float) -> None:
    """Move the first joint there, commanding until it has arrived."""
    goal = driver.read().joint_position_rad.copy()
    goal[0] += by_rad

    def near(state: ArmState) -> bool:
        driver.command(goal, None)
        return bool(np.abs(state.joint_position_rad - goal).max() < 0.002)

    until(driver, near)


def after(twin: TwinProcess, robot_time_s: float) -> dict[str, Any]:
    """The twin's log once its time has come."""
    deadline_s = time.monotonic() + PATIENCE_S
    while (stats := twin.stats())["robot_time_s"] < robot_time_s:
        assert time.monotonic() < deadline_s
        time.sleep(0.05)
    return stats


def test_a_target_far_away_is_neared_without_a_reflex(
    twin: TwinProcess, driver: FrankaDriver
) -> None:
    driver.start()
    go(driver, 0.5)
    stats = twin.stats()
    assert stats["protective_stops"] == 0
    assert stats["largest_joint_excursion_rad"][0] == pytest.approx(0.5, abs=0.01)
    assert max(stats["largest_joint_speed_rad_s"]) < ARM.speed_max.max()


def test_a_raw_jump_is_a_reflex_that_the_driver_names_and_clears(twin: TwinProcess) -> None:
    import pylibfranka

    robot = pylibfranka.Robot(twin.address, pylibfranka.RealtimeConfig.kIgnore)
    motion = robot.start_joint_position_control(pylibfranka.ControllerMode.JointImpedance)
    state, _ = motion.readOnce()
    jump = np.array(state.q_d) + 0.1
    with pytest.raises(pylibfranka.ControlException, match="velocity_discontinuity"):
        for _ in range(5):
            motion.writeOnce(pylibfranka.JointPositions(jump.tolist()))
            motion.readOnce()
    del motion, robot
    driver = FrankaDriver(twin.address, ARM, SETTINGS)
    driver.connect(3.0)
    try:
        with pytest.raises(RobotFault, match="joint_motion_generator_velocity_discontinuity"):
            driver.start()
        driver.clear_fault()
        driver.start()
        go(driver, 0.1)
    finally:
        driver.close()


def test_every_reflex_of_the_twin_has_the_name_that_the_client_knows(
    twin: TwinProcess, driver: FrankaDriver
) -> None:
    for error in Error:
        twin.tell(fault="pstop", value=error.name)
        fault = until(driver, lambda state: state.fault is not None).fault
        assert fault is not None and fault.kind is FaultKind.PROTECTIVE_STOP
        assert all(word in fault.detail for word in error.name.lower().split("_"))
        driver.clear_fault()


def test_a_frozen_link_stops_the_clock_but_never_a_read(
    twin: TwinProcess, driver: FrankaDriver
) -> None:
    driver.start()
    twin.tell(fault="freeze")
    time.sleep(0.2)
    began_s = time.monotonic()
    first, later = driver.read(), driver.read()
    assert time.monotonic() - began_s < 0.1
    assert first.robot_time_s == later.robot_time_s
    until(driver, lambda state: state.fault is not None and state.fault.kind is FaultKind.LINK)
    twin.tell(fault="thaw")
    driver.clear_fault()
    driver.start()
    assert twin.stats()["events"][-1]["kind"] == "unlocked"


def test_only_the_activation_device_ends_a_user_stop(
    twin: TwinProcess, driver: FrankaDriver
) -> None:
    driver.start()
    twin.tell(fault="estop")
    fault = until(driver, lambda state: state.fault is not None).fault
    assert fault is not None and fault.kind is FaultKind.EMERGENCY_STOP
    with pytest.raises(RobotFault, match="activation device"):
        driver.clear_fault()
    twin.tell(fault="enable")
    until(driver, lambda state: state.mode == "idle")
    driver.clear_fault()
    driver.start()
    assert driver.read().fault is None


def test_a_push_on_a_joint_stops_the_arm(twin: TwinProcess, driver: FrankaDriver) -> None:
    driver.start()
    twin.tell(fault="push", value={"joint": 1, "nm": 60.0})
    fault = until(driver, lambda state: state.fault is not None).fault
    assert fault is not None and "joint_reflex" in fault.detail


def test_the_hand_closes_opens_and_knows_its_width(twin: TwinProcess, driver: FrankaDriver) -> None:
    driver.start()
    here = driver.read().joint_position_rad
    for width_m in (0.02, 0.07):
        deadline_s = time.monotonic() + PATIENCE_S
        while driver.read().gripper_width_m != pytest.approx(width_m, abs=0.001):
            assert time.monotonic() < deadline_s
            driver.command(here, width_m)
            time.sleep(0.005)
    assert driver.read().fault is None


def test_commands_that_cease_end_the_motion_smoothly(
    twin: TwinProcess, driver: FrankaDriver
) -> None:
    driver.start()
    swing(driver, 0.1)
    fault = until(driver, lambda state: state.fault is not None).fault
    assert fault is not None and fault.kind is FaultKind.PROGRAM_STOPPED
    until(driver, lambda state: state.mode == "idle")
    assert twin.stats()["protective_stops"] == 0
    with pytest.raises(RobotFault, match="no command came"):
        driver.command(driver.read().joint_position_rad, None)
    driver.clear_fault()
    driver.start()


def test_lost_packets_are_bridged(twin: TwinProcess, driver: FrankaDriver) -> None:
    twin.tell(fault="drop", value={"p": 0.1})
    driver.start()
    go(driver, 0.2)
    assert driver.lost > 0
    assert twin.stats()["protective_stops"] == 0


def test_a_link_slower_than_a_cycle_is_refused_by_the_arm(
    twin: TwinProcess, driver: FrankaDriver
) -> None:
    driver.start()
    twin.tell(delay_ms=3)
    fault = until(driver, lambda state: state.fault is not None).fault
    assert fault is not None and "communication_constraints_violation" in fault.detail


def test_a_link_process_that_stalls_is_stopped_by_the_arm() -> None:
    settings = TwinSettings(host=free_address(), arm="fr3", gap=0.0, clock="wall")
    with TwinProcess(settings) as twin:
        driver = FrankaDriver(twin.address, ARM, SETTINGS)
        driver.connect(3.0)
        try:
            driver.start()
            assert driver._link is not None
            os.kill(driver._link.pid, signal.SIGSTOP)
            after(twin, twin.stats()["robot_time_s"] + 0.2)
            os.kill(driver._link.pid, signal.SIGCONT)
            fault = until(driver, lambda state: state.fault is not None).fault
            assert fault is not None and "communication_constraints_violation" in fault.detail
        finally:
            driver.close()


def test_the_arm_stops_when_the_process_with_its_link_is_killed(
    twin: TwinProcess, driver: FrankaDriver
) -> None:
    driver.start()
    swing(driver, 0.2, duration_s=0.3)
    assert driver._link is not None
    os.kill(driver._link.pid, signal.SIGKILL)
    fault = until(driver, lambda state: state.fault is not None).fault
    assert fault is not None and fault.kind is FaultKind.LINK
    with pytest.raises(RobotFault, match="link has ended"):
        driver.command(driver.read().joint_position_rad, None)
    killed_s = driver.read().robot_time_s
    stats = after(twin, killed_s + 0.5)
    assert stats["protective_stops"] == 1
    assert "communication" in stats["events"][0]["detail"]
    assert stats["last_motion_s"] < killed_s + 0.4


def test_the_arm_brakes_when_the_control_process_is_killed(twin: TwinProcess) -> None:
    program = (
        "import numpy as np, time\n"
        "from pathlib import Path\n"
        "from robot_skills.core.arm import load_arm\n"
        "from robot_skills.deploy.drivers.franka.driver import FrankaDriver\n"
        "from robot_skills.deploy.settings import ControlSettings\n"
        f"arm = load_arm(Path({str(ARM.file)!r}))\n"
        f"driver = FrankaDriver({twin.address!r}, arm, ControlSettings(rate_hz=1000.0))\n"
        "driver.connect(3.0)\n"
        "driver.start()\n"
        "first = driver.read()\n"
        "while True:\n"
        "    elapsed_s = driver.read().robot_time_s - first.robot_time_s\n"
        "    target = first.joint_position_rad + 0.3 * min(elapsed_s, 5.0) * np.eye(7)[0]\n"
        "    driver.command(target, None)\n"
        "    if elapsed_s > 0.3:\n"
        "        print(driver.read().robot_time_s, flush=True)\n"
        "    time.sleep(0.001)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        told = process.stdout.readline()
        process.kill()
        told += process.stdout.read()
    killed_s = float(told.split()[-1])
    stats = after(twin, killed_s + 1.0)
    assert stats["last_motion_s"] < killed_s + 0.7
    assert stats["largest_joint_speed_rad_s"][0] > 0.2
    assert stats["protective_stops"] == 0


def test_a_stop_that_leaves_braking_to_the_arm_is_its_hardest(
    twin: TwinProcess, driver: FrankaDriver
) -> None:
    driver.start()
    swing(driver, 0.3, duration_s=0.6)
    driver.stop(StopKind.POWER_OFF)
    state = until(driver, lambda state: state.mode == "idle")
    assert state.fault is None


def test_an_arm_with_six_joints_is_refused() -> None:
    six = replace(ARM, joints=ARM.joints[:6])
    with pytest.raises(InputError, match="7 joints"):
        FrankaDriver(free_address(), six, SETTINGS).connect(1.0)
