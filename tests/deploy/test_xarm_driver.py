"""The xArm driver with the vendor's real client against the twin's own process."""

import contextlib
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from twin_robots import free_address

from robot_skills import paths
from robot_skills.core import poses
from robot_skills.core.arm import load_arm
from robot_skills.core.errors import InputError, RobotFault
from robot_skills.deploy.driver import ArmState, Fault, FaultKind, StopKind
from robot_skills.deploy.settings import ControlSettings
from robot_skills.deploy.twins.process import TwinProcess
from robot_skills.deploy.twins.settings import TwinSettings
from robot_skills.sim.kinematics import MujocoKinematics

if find_spec("xarm") is None:
    pytest.skip("xarm-python-sdk is not installed", allow_module_level=True)

from robot_skills.deploy.drivers.xarm.client import open_client, open_report
from robot_skills.deploy.drivers.xarm.driver import XArmDriver, halt
from robot_skills.deploy.drivers.xarm.faults import fault_of
from robot_skills.deploy.drivers.xarm.reports import (
    REALTIME,
    REALTIME_NEEDED,
    REALTIME_PORT,
    RICH,
    RICH_NEEDED,
    RICH_PORT,
)

# The client warns with a deprecated method of its logger, at every servo target.
pytestmark = [
    pytest.mark.filterwarnings("ignore:The 'warn' method is deprecated"),
    pytest.mark.real_time,
]

Floats = NDArray[np.float64]

ARM = load_arm(paths.find("assets/arms", "xarm6"))
PERIOD_S = 0.008
PATIENCE_S = 20.0  # of wall time, on a busy machine


@pytest.fixture
def twin() -> Iterator[TwinProcess]:
    with contextlib.ExitStack() as running:
        try:
            settings = TwinSettings(host=free_address(), arm="xarm6", gap=0.0)
            started = running.enter_context(TwinProcess(settings))
        except InputError as error:
            if "port 502" not in str(error):
                raise
            pytest.skip(str(error))
        yield started


@pytest.fixture
def driver(twin: TwinProcess) -> Iterator[XArmDriver]:
    connected = XArmDriver(twin.address, ARM, ControlSettings())
    connected.connect(5.0)
    yield connected
    connected.close()


def read_new(driver: XArmDriver) -> ArmState:
    before = driver.read().robot_time_s
    deadline_s = time.monotonic() + PATIENCE_S
    while (state := driver.read()).robot_time_s <= before:
        assert time.monotonic() < deadline_s, "the robot's clock stands still"
        time.sleep(PERIOD_S / 2)
    return state


def follow(driver: XArmDriver, joint: int, by_rad: float, duration_s: float) -> ArmState:
    """Move one joint at a steady pace in robot time, then hold it there for a while."""
    state = driver.read()
    first, start_s = state.joint_position_rad.copy(), state.robot_time_s
    while (elapsed_s := state.robot_time_s - start_s) < duration_s + 0.5:
        target = first.copy()
        target[joint] += by_rad * min(elapsed_s / duration_s, 1.0)
        driver.command(target, None)
        state = read_new(driver)
    return state


def told_fault(driver: XArmDriver) -> Fault:
    deadline_s = time.monotonic() + PATIENCE_S
    while (fault := driver.read().fault) is None:
        assert time.monotonic() < deadline_s, "no fault is told"
        time.sleep(PERIOD_S)
    return fault


def test_connecting_tells_who_the_arm_is(driver: XArmDriver) -> None:
    state = driver.read()
    assert driver.info.serial == "XI1300TWIN01"
    assert driver.info.firmware == "2.5.0"
    assert driver.info.rate_hz == 125.0
    assert driver.info.paces
    assert not driver.info.robot_watchdog
    assert state.joint_position_rad == pytest.approx(ARM.home, abs=1e-5)
    assert state.gripper_width_m == pytest.approx(0.084)
    assert state.temperature_c is not None and state.temperature_c.tolist() == [30.0] * 6
    assert state.voltage_v is not None and state.voltage_v.tolist() == [48.0] * 6
    assert state.load is not None and state.load.max() < 0.01
    assert (state.mode, state.fault) == ("stopped", None)


def test_targets_are_followed_in_robot_time(driver: XArmDriver, twin: TwinProcess) -> None:
    driver.start()
    state = follow(driver, 0, 0.3, 1.0)
    assert state.joint_position_rad[0] == pytest.approx(ARM.home[0] + 0.3, abs=0.005)
    stats = twin.stats()
    assert stats["largest_joint_excursion_rad"][0] == pytest.approx(0.3, abs=0.01)
    assert max(stats["largest_joint_excursion_rad"][1:]) < 1e-3
    assert stats["protective_stops"] == 0


def test_a_jump_is_latched_as_the_controllers_error_until_cleared(
    driver: XArmDriver, twin: TwinProcess
) -> None:
    driver.start()
    jump = driver.read().joint_position_rad.copy()
    jump[1] += 0.5
    driver.command(jump, None)
    fault = told_fault(driver)
    assert fault.kind is FaultKind.PROTECTIVE_STOP
    assert "C24" in fault.detail
    driver.stop(StopKind.SMOOTH)
    assert "C24" in told_fault(driver).detail
    with pytest.raises(RobotFault, match="C24"):
        driver.start()
    with pytest.raises(RobotFault, match="not started"):
        driver.command(driver.read().joint_position_rad, None)
    assert max(twin.stats()["largest_joint_excursion_rad"]) < 1e-3
    driver.clear_fault()
    assert driver.read().fault is None
    driver.start()
    state = follow(driver, 1, 0.1, 0.5)
    assert state.joint_position_rad[1] == pytest.approx(ARM.home[1] + 0.1, abs=0.005)


@pytest.mark.parametrize(
    ("order", "kind"),
    [("pstop", "protective_stop"), ("collision", "collision"), ("estop", "emergency_stop")],
)
def test_what_stops_the_arm_is_told_apart(
    driver: XArmDriver, twin: TwinProcess, order: str, kind: str
) -> None:
    driver.start()
    driver.command(driver.read().joint_position_rad, None)
    twin.tell(fault=order)
    assert told_fault(driver).kind == kind


def test_on_a_frozen_link_no_call_waits_and_the_stop_gets_through_later(
    driver: XArmDriver, twin: TwinProcess
) -> None:
    driver.start()
    joints = driver.read().joint_position_rad
    twin.tell(fault="freeze")
    deadline_s = time.monotonic() + PATIENCE_S
    while True:  # until what was under way has come in
        before_s = driver.read().robot_time_s
        time.sleep(0.1)
        if driver.read().robot_time_s == before_s:
            break
        assert time.monotonic() < deadline_s
    fastest_s = min(timed(lambda: driver.command(joints, 0.02)) for _ in range(20))
    assert fastest_s < PERIOD_S
    assert min(timed(driver.read) for _ in range(20)) < PERIOD_S
    assert driver.read().robot_time_s == before_s
    while driver.read().link_errors == 0:
        assert time.monotonic() < deadline_s
        time.sleep(PERIOD_S)
    with pytest.raises(RobotFault, match="did not confirm the stop"):
        driver.stop(StopKind.SMOOTH)
    twin.tell(fault="thaw")
    while driver.read().mode != "stopped":
        assert time.monotonic() < deadline_s, "the stop never got through"
        time.sleep(PERIOD_S)


def timed(call: Any) -> float:
    began_s = time.monotonic()
    call()
    return time.monotonic() - began_s


def test_another_process_halts_the_arm(driver: XArmDriver, twin: TwinProcess) -> None:
    driver.start()
    driver.command(driver.read().joint_position_rad, None)
    code = (
        "import sys\n"
        "from robot_skills import paths\n"
        "from robot_skills.core.arm import load_arm\n"
        "from robot_skills.deploy import drivers\n"
        "drivers.halt('xarm', sys.argv[1], load_arm(paths.find('assets/arms', 'xarm6')))\n"
        "assert 'xarm' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code, twin.address], check=True, timeout=60)
    assert told_fault(driver).kind is FaultKind.PROGRAM_STOPPED
    assert driver.read().mode == "stopped"


def test_halting_where_nothing_answers_is_an_error() -> None:
    with pytest.raises(RobotFault, match="could not be stopped"):
        halt(free_address(), ARM)


def test_power_off_takes_the_motors_off(driver: XArmDriver, twin: TwinProcess) -> None:
    driver.start()
    driver.stop(StopKind.POWER_OFF)
    deadline_s = time.monotonic() + PATIENCE_S
    report = open_report(twin.address, RICH_PORT, RICH, RICH_NEEDED, 5.0)
    while (frame := report.wait(1.0)) is None or int(frame["enabled"]):
        assert time.monotonic() < deadline_s
    report.close()


def test_the_client_reads_the_pose_that_the_model_has(twin: TwinProcess) -> None:
    client = open_client(twin.address)
    code, pose = client.get_position(is_radian=True)
    client.disconnect()
    assert code == 0
    ee = MujocoKinematics(ARM).ee_pose(ARM.home)
    flange = ee[:3] - 0.162 * poses.rotate(ee[3:], np.array([0.0, 0.0, 1.0]))
    assert np.array(pose[:3]) / 1000 == pytest.approx(flange, abs=1e-4)
    assert np.abs(pose[3:]) == pytest.approx([np.pi, 0.0, np.pi / 2], abs=1e-3)


@pytest.mark.parametrize(
    ("port", "layout", "needed"),
    [(REALTIME_PORT, REALTIME, REALTIME_NEEDED), (RICH_PORT, RICH, RICH_NEEDED)],
)
def test_the_vendors_own_structure_reads_the_reports_as_we_do(
    twin: TwinProcess, port: int, layout: np.dtype[np.void], needed: int
) -> None:
    from xarm.x3.report import ReportDataStructure

    report = open_report(twin.address, port, layout, needed, 5.0)
    frame = report.newest()
    report.close()
    assert frame is not None
    vendors = ReportDataStructure.create(port)
    vendors.update(frame.tobytes())
    assert vendors.data_size == layout.itemsize == len(vendors)
    assert vendors.actual_joint_angle == pytest.approx(frame["position_rad"].tolist())
    assert (vendors.state, vendors.mode) == (4, 0)
    if port == REALTIME_PORT:
        assert vendors.timestamp == int(frame["time_us"]) > 0
        assert vendors.estimated_joint_torque == frame["torque_nm"].tolist()
    else:
        assert vendors.error_code == int(frame["error"])
        assert vendors.temperatures == frame["temperature_c"].tolist()
        assert vendors.joint_voltages == frame["voltage_cv"].tolist()
        assert vendors.version.startswith("6,6,XI1300TWIN01")


def test_looking_on_stops_nobody_elses_motion(driver: XArmDriver, twin: TwinProcess) -> None:
    driver.start()
    onlooker = XArmDriver(twin.address, ARM, ControlSettings())
    onlooker.connect(5.0)
    onlooker.close()
    assert follow(driver, 0, 0.05, 0.2).fault is None


def test_another_model_is_named(twin: TwinProcess) -> None:
    seven = load_arm(paths.find("assets/arms", "fr3"))
    with pytest.raises(InputError, match="is a xArm 6; the profile fr3 has 7 joints"):
        XArmDriver(twin.address, seven, ControlSettings()).connect(5.0)


def test_an_error_code_that_nobody_listed_is_still_a_fault() -> None:
    assert fault_of(77).kind is FaultKind.PROTECTIVE_STOP
    assert "C77" in fault_of(77).detail
    assert fault_of(2).kind is FaultKind.EMERGENCY_STOP
    assert fault_of(31).kind is FaultKind.COLLISION
