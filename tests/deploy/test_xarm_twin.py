"""The xArm controller's twin without a client: frames, states, and what it stops for."""

import struct

import numpy as np
import pytest

from robot_skills import paths
from robot_skills.core.arm import load_arm
from robot_skills.deploy.twins.physics import LagJoints
from robot_skills.deploy.twins.xarm.box import (
    CHANGED,
    COLLISION,
    EMERGENCY_BUTTON,
    MOVING,
    RANGE,
    READY,
    SERVO_MODE,
    SPEED,
    STOPPED,
    TICK_S,
    ControlBox,
    limits_of,
)
from robot_skills.deploy.twins.xarm.commands import (
    HAS_ERROR,
    INVALID,
    NOT_READY,
    Commands,
    Number,
)
from robot_skills.deploy.twins.xarm.frames import Request, answer, floats, frame_receiver
from robot_skills.deploy.twins.xarm.tool import ToolBus

ARM = load_arm(paths.find("assets/arms", "xarm6"))
STROKE_M = 0.084


class Stand:
    """A control box before bare joints, with its commands."""

    def __init__(self) -> None:
        self.events: list[tuple[str, str]] = []
        self.physics = LagJoints(ARM.home, 0.05, STROKE_M, 0.1, TICK_S)
        self.box = ControlBox(
            self.physics, limits_of(ARM), lambda *event: self.events.append(event)
        )
        self.tool = ToolBus(self.box, self.physics, STROKE_M)
        self.commands = Commands(self.box, self.tool, self.physics)

    def ask(self, number: int, data: bytes = b"") -> tuple[int, bytes]:
        return self.commands.carry_out(Request(1, 2, number, data))

    def make_ready(self) -> None:
        self.ask(Number.ENABLE, bytes([8, 1]))
        self.ask(Number.SET_MODE, bytes([SERVO_MODE]))
        self.ask(Number.SET_STATE, bytes([0]))

    def servo(self, joint: int, by_rad: float) -> int:
        goal = [*ARM.home, 0.0]
        goal[joint] += by_rad
        return self.ask(Number.SERVO_JOINT, floats([*goal, 0.3, 8.7, 0.0]))[0]

    def run(self, duration_s: float) -> None:
        for _ in range(round(duration_s / TICK_S)):
            self.box.tick()


@pytest.fixture
def stand() -> Stand:
    return Stand()


def test_requests_are_cut_out_of_any_stream_and_heartbeats_swallowed() -> None:
    seen: list[Request] = []
    receive = frame_receiver(seen.append)
    heartbeat = bytes([0, 0, 0, 1, 0, 2, 0, 0])
    order = struct.pack(">HHHBB", 7, 2, 2, Number.SET_STATE, 4)
    for byte in order + heartbeat + order:
        receive(bytes([byte]))
    assert seen == [Request(7, 2, Number.SET_STATE, b"\x04")] * 2
    assert answer(seen[0], 0x10, b"ab") == struct.pack(">HHHBB", 7, 2, 4, 12, 0x10) + b"ab"


def test_nothing_moves_before_motors_mode_and_state_are_set(stand: Stand) -> None:
    assert stand.servo(0, 0.001) == NOT_READY
    stand.ask(Number.ENABLE, bytes([8, 1]))
    assert stand.ask(Number.SET_MODE, bytes([SERVO_MODE]))[0] == NOT_READY
    assert stand.box.state == CHANGED
    assert stand.servo(0, 0.001) == NOT_READY
    assert stand.ask(Number.SET_STATE, bytes([0]))[0] == 0
    assert stand.box.state == READY
    stand.run(0.1)
    assert stand.physics.joint_position == pytest.approx(ARM.home)


def test_a_stream_of_targets_at_half_the_rated_speed_never_trips(stand: Stand) -> None:
    stand.make_ready()
    rng = np.random.default_rng(0)
    asked = 0.0
    for _ in range(300):
        late = 10 if rng.random() < 0.03 else 1  # a target that waited, and the next at its heels
        for _ in range(late):
            stand.run(2 * TICK_S)
            asked += 1.5 * 2 * TICK_S
        assert stand.servo(0, asked) == 0
        assert stand.servo(0, asked + 0.01) == 0
    assert stand.box.state == MOVING
    assert stand.events == []


def test_a_jump_is_error_24_and_stays_until_it_is_cleaned(stand: Stand) -> None:
    stand.make_ready()
    stand.run(0.2)
    assert stand.servo(1, 0.5) & HAS_ERROR
    assert stand.box.error == SPEED
    assert stand.events[0][0] == "protective_stop"
    assert stand.ask(Number.SET_STATE, bytes([0]))[0] == HAS_ERROR | NOT_READY
    assert stand.box.state == STOPPED
    stand.run(0.5)
    assert stand.physics.joint_position == pytest.approx(ARM.home)
    stand.ask(Number.CLEAN_ERROR)
    stand.make_ready()
    assert stand.servo(1, 0.01) == 0
    stand.run(0.5)
    assert stand.physics.joint_position[1] == pytest.approx(ARM.home[1] + 0.01, abs=1e-4)


def test_a_joint_range_a_collision_and_the_button_are_errors_of_their_own(stand: Stand) -> None:
    stand.make_ready()
    stand.servo(2, 2.0)
    assert stand.box.error == RANGE
    stand.ask(Number.CLEAN_ERROR)
    stand.physics.push(1, 60.0)
    stand.run(0.2)
    assert stand.box.error == COLLISION
    stand.physics.release()
    stand.ask(Number.CLEAN_ERROR)
    stand.box.fail(EMERGENCY_BUTTON, "button")
    assert not stand.box.enabled
    assert stand.events[-1][0] == "emergency_stop"


def test_an_unknown_function_and_a_short_order_are_invalid(stand: Stand) -> None:
    assert stand.ask(99) == (INVALID, b"")
    assert stand.ask(Number.SERVO_JOINT, b"\0") == (INVALID, b"")


def test_the_gripper_moves_by_its_registers(stand: Stand) -> None:
    target = struct.pack(">BBBHHBi", 9, 8, 0x10, 0x0700, 2, 4, 425)
    assert stand.tool.relay(target) == struct.pack(">BBBHH", 9, 8, 0x10, 0x0700, 2)
    stand.run(1.0)
    assert stand.physics.gripper_width_m == pytest.approx(STROKE_M / 2)
    read = stand.tool.relay(struct.pack(">BBBHH", 9, 8, 0x03, 0x0702, 2))
    assert read == struct.pack(">BBBBi", 9, 8, 0x03, 4, 425)
