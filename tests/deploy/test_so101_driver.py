"""The SO-101 driver on the vendor's SDK, against its twin in another process."""

import subprocess
import sys
import time
from collections.abc import Iterator

import numpy as np
import pytest
from twin_robots import free_address

from robot_skills import paths
from robot_skills.core.arm import ArmProfile, load_arm
from robot_skills.core.errors import InputError, RobotFault
from robot_skills.deploy.driver import FaultKind, StopKind
from robot_skills.deploy.drivers.so101 import So101Driver, registers, stops
from robot_skills.deploy.drivers.so101.bus import FeetechBus
from robot_skills.deploy.drivers.so101.calibration import RAD_PER_STEP
from robot_skills.deploy.drivers.so101.torque import holding_limits
from robot_skills.deploy.settings import ControlSettings
from robot_skills.deploy.twins.process import TwinProcess
from robot_skills.deploy.twins.settings import TwinSettings

pytestmark = pytest.mark.real_time

pytest.importorskip("scservo_sdk")

SERVOS = (1, 2, 3, 4, 5, 6)
PATIENT_HZ = 10.0  # a slow rate gives a busy machine's twin time to answer


@pytest.fixture(scope="module")
def so101() -> ArmProfile:
    return load_arm(paths.find("assets/arms", "so101"))


@pytest.fixture
def twin() -> Iterator[TwinProcess]:
    with TwinProcess(TwinSettings(host=free_address(), arm="so101", gap=0.0)) as started:
        yield started


@pytest.fixture
def driver(twin: TwinProcess, so101: ArmProfile) -> Iterator[So101Driver]:
    driver = So101Driver(twin.address, so101, ControlSettings(rate_hz=PATIENT_HZ))
    driver.connect(5.0)
    yield driver
    driver.close()


@pytest.fixture
def bus(twin: TwinProcess) -> Iterator[FeetechBus]:
    bus = FeetechBus(twin.address)
    bus.open()
    yield bus
    bus.close()


def told(bus: FeetechBus, register: registers.Register) -> list[int | None]:
    return [bus.read(servo, register, 10) for servo in SERVOS]


def until_fault(driver: So101Driver) -> str:
    for _ in range(200):
        fault = driver.read().fault
        if fault is not None:
            return str(fault)
        time.sleep(0.01)
    raise AssertionError("no fault is told")


def test_the_sdk_finds_servos_and_misses_those_that_are_not_there(bus: FeetechBus) -> None:
    assert bus.read(1, registers.MODEL, 10) == 777
    assert bus.read(7, registers.MODEL) is None
    assert bus.write(1, registers.GOAL_POSITION, -5, 10)
    assert bus.read(1, registers.GOAL_POSITION, 10) == -5


def test_starting_and_a_target_write_what_the_servos_should_hold(
    driver: So101Driver, bus: FeetechBus, so101: ArmProfile
) -> None:
    assert told(bus, registers.TORQUE_ENABLE) == [0] * 6
    driver.start()
    assert told(bus, registers.TORQUE_ENABLE) == [1] * 6
    goals = told(bus, registers.GOAL_POSITION)
    assert goals == told(bus, registers.PRESENT_POSITION)
    q = driver.read().joint_position_rad
    sent = driver.command(q + 0.1, None)
    assert sent == pytest.approx(q + 0.1, abs=RAD_PER_STEP)
    time.sleep(0.1)
    difference = np.subtract(told(bus, registers.GOAL_POSITION), goals)
    assert difference == pytest.approx([*[65] * 5, 0], abs=1)


def test_the_goal_is_reached_to_a_step_and_the_width_to_a_millimetre(driver: So101Driver) -> None:
    driver.start()
    goal = driver.read().joint_position_rad + 0.2
    goal[3] -= 0.4  # its end is near
    for _ in range(30):
        sent = driver.command(goal, 0.03)
        time.sleep(0.05)
    state = driver.read()
    assert state.joint_position_rad == pytest.approx(sent, abs=1.01 * RAD_PER_STEP)
    assert state.gripper_width_m == pytest.approx(0.03, abs=0.001)


def test_readings_say_what_the_servos_say(twin: TwinProcess, driver: So101Driver) -> None:
    driver.start()
    twin.tell(fault="push", value={"joint": 1, "nm": 1.0})
    twin.tell(fault="overheat", value={"id": 3, "c": 55})
    time.sleep(0.2)
    state = driver.read()
    assert state.load is not None and state.voltage_v is not None
    assert state.temperature_c is not None
    assert state.load[1] == pytest.approx(-1.0 / 3.35, abs=0.01)
    assert state.temperature_c[2] == 55 and state.temperature_c[0] == 30
    assert state.voltage_v == pytest.approx(12.0, abs=0.11)
    assert state.fault is None and state.mode == "torque on"


def test_a_dead_servo_stops_the_clock_and_costs_no_more_than_the_bound(
    twin: TwinProcess, so101: ArmProfile
) -> None:
    driver = So101Driver(twin.address, so101, ControlSettings(rate_hz=50.0))
    driver.connect(5.0)
    twin.tell(fault="dead", value={"id": 3})
    time.sleep(0.2)
    driver.read()
    errors, durations_s, times_s = [], [], []
    for _ in range(8):
        began_s = time.monotonic()
        state = driver.read()
        durations_s.append(time.monotonic() - began_s)
        errors.append(state.link_errors)
        times_s.append(state.robot_time_s)
    assert errors[-1] >= 8 and errors == sorted(errors)
    assert len(set(times_s)) == 1
    assert min(durations_s) < 0.02  # a period at 50 Hz
    with pytest.raises(RobotFault, match=r"elbow_flex \(servo 3\).* not heard"):
        driver.start()
    driver.close()


def test_two_percent_of_lost_replies_are_survived(twin: TwinProcess, driver: So101Driver) -> None:
    driver.start()
    twin.tell(fault="drop", value={"p": 0.02})
    time.sleep(0.1)
    q = driver.read().joint_position_rad
    errors, times_s = [], []
    for _ in range(200):
        state = driver.read()
        errors.append(state.link_errors)
        times_s.append(state.robot_time_s)
        driver.command(q, None)
        assert state.fault is None
    assert max(errors) < 3
    assert 5 < np.count_nonzero(errors) < 60  # about one cycle in nine lacks a servo
    assert times_s == sorted(times_s)


def test_damaged_replies_are_never_taken_for_readings(
    twin: TwinProcess, driver: So101Driver
) -> None:
    twin.tell(fault="corrupt", value={"p": 0.3})
    time.sleep(0.1)
    before = driver.read().joint_position_rad
    for _ in range(40):
        state = driver.read()
        assert state.joint_position_rad == pytest.approx(before, abs=1e-9)
        assert state.fault is None


def test_a_slow_line_still_answers_and_one_that_is_too_slow_is_told(
    twin: TwinProcess, driver: So101Driver
) -> None:
    before = driver.read()
    twin.tell(delay_ms=10)
    time.sleep(0.1)
    assert min(driver.read().link_errors for _ in range(5)) == 0
    twin.tell(delay_ms=80)
    time.sleep(0.1)
    state = [driver.read() for _ in range(4)][-1]
    assert state.link_errors >= 3
    assert state.joint_position_rad == pytest.approx(before.joint_position_rad, abs=1e-9)


def test_three_lost_cycles_in_a_row_are_counted(twin: TwinProcess, driver: So101Driver) -> None:
    twin.tell(fault="drop", value={"p": 1.0})
    time.sleep(0.1)
    assert [driver.read().link_errors for _ in range(4)][-1] >= 3
    twin.tell(fault="drop", value={"p": 0.0})
    time.sleep(0.1)
    assert driver.read().link_errors == 0


def test_an_overload_is_told_and_every_motor_is_released_all_the_same(
    twin: TwinProcess, driver: So101Driver, bus: FeetechBus
) -> None:
    driver.start()
    twin.tell(fault="overload", value={"id": 2})
    assert until_fault(driver).startswith("overload: shoulder_lift (servo 2): overload")
    driver.stop(StopKind.POWER_OFF)
    assert told(bus, registers.TORQUE_ENABLE) == [0] * 6


def test_a_dead_servo_never_keeps_the_others_under_torque(
    twin: TwinProcess, driver: So101Driver, bus: FeetechBus
) -> None:
    driver.start()
    twin.tell(fault="dead", value={"id": 2})
    time.sleep(0.2)
    with pytest.raises(RobotFault, match=r"shoulder_lift \(servo 2\) did not confirm the stop"):
        driver.stop(StopKind.POWER_OFF)
    assert told(bus, registers.TORQUE_ENABLE) == [0, None, 0, 0, 0, 0]
    assert "shoulder_lift (servo 2) did not confirm the stop" in until_fault(driver)


def test_a_servo_that_lost_its_supply_for_a_moment_is_told(
    twin: TwinProcess, driver: So101Driver
) -> None:
    driver.start()
    twin.tell(fault="estop")
    twin.tell(fault="power")
    fault = until_fault(driver)
    assert fault.startswith(FaultKind.NOT_READY) and "lost torque" in fault


def test_after_a_stop_nothing_moves_until_the_arm_is_started_again(
    twin: TwinProcess, driver: So101Driver
) -> None:
    driver.start()
    driver.stop(StopKind.HOLD)
    with pytest.raises(RobotFault, match="have not been started"):
        driver.command(np.zeros(5), None)


def test_a_held_stop_leaves_the_jaw_its_grip(driver: So101Driver, bus: FeetechBus) -> None:
    driver.start()
    driver.command(driver.read().joint_position_rad, 0.0)
    time.sleep(0.1)
    grip = bus.read(6, registers.GOAL_POSITION, 10)
    driver.stop(StopKind.HOLD)
    assert bus.read(6, registers.GOAL_POSITION, 10) == grip
    assert grip == bus.read(6, registers.POSITION_MIN, 10)


def test_only_what_was_given_torque_is_released_on_closing(
    twin: TwinProcess, driver: So101Driver, bus: FeetechBus, so101: ArmProfile
) -> None:
    driver.start()
    visitor = So101Driver(twin.address, so101, ControlSettings())
    visitor.connect(5.0)
    visitor.close()
    assert told(bus, registers.TORQUE_ENABLE) == [1] * 6
    driver.close()
    assert told(bus, registers.TORQUE_ENABLE) == [0] * 6


def test_another_process_halts_an_arm_whose_driver_is_gone(
    twin: TwinProcess, driver: So101Driver, bus: FeetechBus, so101: ArmProfile
) -> None:
    driver.start()
    stops.write_each(bus, 46, {1: registers.GOAL_VELOCITY.encode(100)})
    goal = driver.read().joint_position_rad + np.array([1.5, 0, 0, 0, 0])
    driver.command(goal, None)
    code = (
        "import sys; from pathlib import Path; from robot_skills.core.arm import load_arm;"
        "from robot_skills.deploy.drivers.so101 import halt;"
        "halt(sys.argv[1], load_arm(Path(sys.argv[2])))"
    )
    subprocess.run([sys.executable, "-c", code, twin.address, str(so101.file)], check=True)
    halted_s = twin.stats()["robot_time_s"]
    assert told(bus, registers.TORQUE_LIMIT)[:-1] == holding_limits(so101)
    time.sleep(0.6)
    state = driver.read()
    assert abs(state.joint_position_rad[0] - goal[0]) > 0.2
    assert twin.stats()["last_motion_s"] < halted_s + 0.3
    assert told(bus, registers.TORQUE_ENABLE) == [1] * 6


def test_another_arm_on_the_line_has_another_serial(
    twin: TwinProcess, driver: So101Driver, so101: ArmProfile
) -> None:
    again = So101Driver(twin.address, so101, ControlSettings())
    again.connect(5.0)
    assert again.info.serial == driver.info.serial != ""
    before = again.read().joint_position_rad
    again.close()
    twin.tell(fault="swap")
    time.sleep(0.2)
    other = So101Driver(twin.address, so101, ControlSettings())
    other.connect(5.0)
    assert other.info.serial != driver.info.serial
    assert other.read().joint_position_rad == pytest.approx(before, abs=1e-9)
    other.close()


def test_an_arm_that_is_not_calibrated_or_incomplete_is_refused(
    twin: TwinProcess, bus: FeetechBus, so101: ArmProfile
) -> None:
    assert bus.write(1, registers.POSITION_MAX, 4095, 10)
    with pytest.raises(InputError, match=r"ranges of shoulder_pan are not those of so101"):
        So101Driver(twin.address, so101, ControlSettings()).connect(5.0)
    assert bus.write(2, registers.PHASE, 12 + 1, 10)
    with pytest.raises(InputError, match=r"shoulder_lift \(servo 2\) turns the other way"):
        So101Driver(twin.address, so101, ControlSettings()).connect(5.0)
    assert bus.write(2, registers.PHASE, 12, 10)
    twin.tell(fault="dead", value={"id": 4})
    time.sleep(0.2)
    with pytest.raises(InputError, match=r"wrist_flex \(servo 4\) does not answer"):
        So101Driver(twin.address, so101, ControlSettings()).connect(1.0)


def test_a_twin_that_has_gone_is_told_and_never_raises(
    twin: TwinProcess, driver: So101Driver
) -> None:
    driver.start()
    twin.stop()
    assert [driver.read().link_errors for _ in range(3)][-1] >= 3
    with pytest.raises(RobotFault, match="did not confirm the stop"):
        driver.stop(StopKind.HOLD)
    driver.close()


def test_two_twins_do_not_share_a_line(twin: TwinProcess) -> None:
    second = TwinProcess(TwinSettings(host=twin.host, arm="so101", gap=0.0))
    with pytest.raises(InputError, match="another twin serves"), second:
        pass
