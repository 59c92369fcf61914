import struct

import numpy as np
import pytest

from robot_skills.deploy.twins.hub import DelayLine, line_receiver
from robot_skills.deploy.twins.physics import LagJoints
from robot_skills.deploy.twins.reference import JointReference
from robot_skills.deploy.twins.ur.cabinet import SAFETY_PROTECTIVE, UrCabinet
from robot_skills.deploy.twins.ur.dashboard import UrDashboard
from robot_skills.deploy.twins.ur.gripper import GripperServer
from robot_skills.deploy.twins.ur.program import DONE, READY, ControlProgram, Number
from robot_skills.deploy.twins.ur.rtde import TICK_S, Recipe, RtdeServer

SCRIPT = b"def rtde_control():\n  sync()\nend\n"


class Wire:
    """What a connection would have sent."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self.open = True

    def send(self, data: bytes) -> None:
        self.sent.append(data)


def controller(joints: int = 6) -> UrCabinet:
    physics = LagJoints(np.zeros(joints), 0.02, 0.085, 0.15, TICK_S)
    return UrCabinet(physics, np.full(joints, np.pi), lambda *_: None)


def registers(command: int, *values: float) -> dict[str, float]:
    doubles = {f"input_double_register_{i}": value for i, value in enumerate(values)}
    return {"input_int_register_0": command, **doubles}


def test_a_recipe_reads_back_what_it_packs() -> None:
    recipe = Recipe(("timestamp", "actual_q", "input_int_register_3", "safety_status_bits"))
    assert recipe.types == ("DOUBLE", "VECTOR6D", "INT32", "UINT32")
    data = recipe.encoder().pack(1.5, 1, 2, 3, 4, 5, 6, -7, 4)
    assert recipe.decode(data) == {
        "timestamp": 1.5,
        "actual_q": (1, 2, 3, 4, 5, 6),
        "input_int_register_3": -7,
        "safety_status_bits": 4,
    }


def packet(kind: str, payload: bytes) -> bytes:
    return struct.pack(">HB", len(payload) + 3, ord(kind)) + payload


def test_the_handshake_answers_and_then_sends_state_late_by_the_delay() -> None:
    wire = Wire()
    server = RtdeServer(lambda _: None, delay_out_s=0.02)
    receive = server.greet(wire)  # type: ignore[arg-type]
    request = packet("V", b"\x00\x02") + packet("O", struct.pack(">d", 125.0) + b"timestamp,")
    for byte in request + packet("S", b""):  # however the stream is cut
        receive(bytes([byte]))
    assert wire.sent == [packet("V", b"\x01"), packet("O", b"\x01DOUBLE"), packet("S", b"\x01")]
    wire.sent.clear()
    for tick in range(1, 21):
        server.deliver(tick * TICK_S)
        server.publish(tick, {"timestamp": tick * TICK_S})
    times = [struct.unpack(">d", data[4:])[0] for data in wire.sent]
    assert times == pytest.approx([4 * TICK_S, 8 * TICK_S])  # every 4th tick, 10 ticks ago


def test_a_command_is_ready_then_done_then_ready_again() -> None:
    arm = controller()
    arm.program.load(SCRIPT)
    assert arm.program.status == READY
    arm.program.receive(registers(Number.MOVE_J, 0.2, 0, 0, 0, 0, 0, 1.0, 2.0))
    assert arm.program.status == 0
    for _ in range(500):
        arm.tick()
    assert arm.program.status == DONE
    assert arm.reference.position[0] == pytest.approx(0.2, abs=1e-6)
    arm.program.receive(registers(0))
    assert arm.program.status == READY


def test_the_watchdog_ends_the_program_after_silence() -> None:
    program = ControlProgram(
        JointReference(np.zeros(6), np.full(6, 3.0), TICK_S), print, lambda *_: None, TICK_S
    )
    program.load(SCRIPT)
    program.receive(registers(Number.SET_WATCHDOG, 10.0))
    for _ in range(49):
        program.tick()
    assert program.running
    program.tick()
    program.tick()
    assert not program.running


def test_a_servo_goal_far_off_trips_a_protective_stop_and_ends_the_program() -> None:
    arm = controller()
    arm.program.load(SCRIPT)
    arm.program.receive(registers(Number.SERVO_J, 1.0, 0, 0, 0, 0, 0, 0, 0, 0.008))
    assert arm.safety_mode == SAFETY_PROTECTIVE
    assert not arm.program.running
    assert arm.variables(0.0)["safety_status_bits"] == 1 << 2
    assert UrDashboard(arm).answer("unlock protective stop") == "Protective stop releasing"
    assert arm.variables(0.0)["safety_mode"] == 1


def test_a_servo_goal_is_reached_in_the_time_it_was_given() -> None:
    reference = JointReference(np.zeros(1), np.full(1, 3.0), TICK_S)
    reference.servo(np.array([0.008]), 0.008)
    path = [float(reference.advance()[0]) for _ in range(5)]
    assert path == pytest.approx([0.002, 0.004, 0.006, 0.008, 0.008])


def test_a_stop_brakes_at_its_deceleration() -> None:
    reference = JointReference(np.zeros(1), np.full(1, 3.0), TICK_S)
    reference.servo(np.array([1.0]), 1.0)
    for _ in range(100):
        reference.advance()
    start = float(reference.position[0])
    reference.stop(10.0)
    while not reference.at_rest:
        reference.advance()
    assert float(reference.position[0]) - start == pytest.approx(1.0 / 20.0, abs=0.003)


def test_the_gripper_answers_as_the_urcap_does() -> None:
    physics = LagJoints(np.zeros(6), 0.02, 0.085, 0.15, TICK_S)
    arm = UrCabinet(physics, np.full(6, np.pi), lambda *_: None)
    gripper = GripperServer(arm, physics, 0.085)
    assert gripper.answer("GET STA") == "STA 0"
    assert gripper.answer("SET ACT 1 GTO 1") == "ack"
    assert gripper.answer("GET STA") == "STA 3"
    assert gripper.answer("SET POS 255") == "ack"
    assert gripper.answer("GET OBJ") == "OBJ 0"
    for _ in range(400):
        arm.tick()
    assert gripper.answer("GET POS") == "POS 255"
    assert gripper.answer("GET OBJ") == "OBJ 3"
    assert gripper.answer("SET POS 256") == gripper.answer("SET XYZ 1") == "?"


def test_lines_come_whole_however_they_are_cut() -> None:
    lines: list[str] = []
    receive = line_receiver(lines.append)
    for part in (b"GET P", b"OS\nGET STA\n", b"\nSET"):
        receive(part)
    assert lines == ["GET POS", "GET STA"]


def test_a_delay_line_keeps_order_and_time() -> None:
    line: DelayLine[str] = DelayLine(0.02)
    line.push(0.0, "a")
    line.push(0.01, "b")
    assert line.due(0.019) == []
    assert line.due(0.031) == ["a", "b"]
