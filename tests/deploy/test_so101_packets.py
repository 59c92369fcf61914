"""Feetech's bytes against packets of its protocol manual, and what servos make of them."""

import numpy as np
import pytest

from robot_skills.deploy.drivers.so101 import registers
from robot_skills.deploy.twins.so101.bus import ServoBus
from robot_skills.deploy.twins.so101.packets import Request, RequestParser, status_packet
from robot_skills.deploy.twins.so101.servo import Servo

PING_1 = bytes.fromhex("ff ff 01 02 01 fb")
READ_POSITION_1 = bytes.fromhex("ff ff 01 04 02 38 02 be")
SYNC_READ_1_2 = bytes.fromhex("ff ff fe 06 82 38 08 01 02 36")
WRITE_ID_1 = bytes.fromhex("ff ff fe 04 03 05 01 f4")


@pytest.fixture
def servos() -> list[Servo]:
    return [Servo(servo) for servo in (1, 2, 3)]


@pytest.fixture
def bus(servos: list[Servo]) -> ServoBus:
    return ServoBus(servos, set(), lambda: None)


def answer(bus: ServoBus, packet: bytes) -> bytes:
    return b"".join(bus.answer(request) for request in RequestParser().feed(packet))


def packet(servo: int, instruction: int, *parameters: int) -> bytes:
    body = bytes([servo, len(parameters) + 2, instruction, *parameters])
    return b"\xff\xff" + body + bytes([~sum(body) & 0xFF])


@pytest.mark.parametrize(
    ("register", "value", "data"),
    [
        (registers.GOAL_POSITION, 2048, "00 08"),
        (registers.PRESENT_POSITION, -1, "01 80"),
        (registers.PRESENT_VELOCITY, -1000, "e8 83"),
        (registers.HOMING_OFFSET, -10, "0a 08"),
        (registers.PRESENT_LOAD, -500, "f4 05"),
        (registers.TORQUE_LIMIT, 1000, "e8 03"),
        (registers.PRESENT_VOLTAGE, 121, "79"),
    ],
)
def test_values_lie_little_endian_with_their_sign_in_one_bit(
    register: registers.Register, value: int, data: str
) -> None:
    assert register.encode(value) == bytes.fromhex(data)
    assert register.decode(bytes.fromhex(data)) == value


@pytest.mark.parametrize(
    ("register", "value"),
    [(registers.HOMING_OFFSET, 2048), (registers.PRESENT_LOAD, -1024), (registers.LOCK, -1)],
)
def test_a_value_that_does_not_fit_is_refused(register: registers.Register, value: int) -> None:
    with pytest.raises(ValueError, match=f"does not fit register {register.address}"):
        register.encode(value)


def test_requests_are_found_in_any_pieces_and_behind_noise() -> None:
    stream = b"\x12\xff" + PING_1 + b"\xff\xff\x00" + SYNC_READ_1_2
    parser = RequestParser()
    found = [request for byte in stream for request in parser.feed(bytes([byte]))]
    assert found == [Request(1, 1, b""), Request(0xFE, 0x82, bytes([0x38, 8, 1, 2]))]


def test_a_request_with_a_wrong_checksum_is_passed_over() -> None:
    damaged = PING_1[:-1] + b"\xfa"
    assert list(RequestParser().feed(damaged + READ_POSITION_1)) == [
        Request(1, 2, bytes([0x38, 2]))
    ]


def test_a_ping_is_answered_by_the_one_called(bus: ServoBus) -> None:
    assert answer(bus, PING_1) == bytes.fromhex("ff ff 01 02 00 fc")
    assert answer(bus, packet(9, 1)) == b""


def test_a_broadcast_ping_is_answered_by_all_in_turn(bus: ServoBus) -> None:
    assert answer(bus, packet(0xFE, 1)) == b"".join(status_packet(s, 0) for s in (1, 2, 3))


def test_a_position_is_read_as_the_manual_shows_it(bus: ServoBus, servos: list[Servo]) -> None:
    servos[0].set(registers.PRESENT_POSITION, 0x0518)
    assert answer(bus, READ_POSITION_1) == bytes.fromhex("ff ff 01 04 00 18 05 dd")


def test_a_group_read_leaves_out_whom_it_does_not_reach(servos: list[Servo]) -> None:
    bus = ServoBus(servos, {1}, lambda: None)
    reply = answer(bus, packet(0xFE, 0x82, 56, 2, 1, 2, 3))
    assert reply == status_packet(1, 0, b"\0\0") + status_packet(3, 0, b"\0\0")


def test_a_group_write_reaches_each_and_is_not_answered(bus: ServoBus, servos: list[Servo]) -> None:
    assert answer(bus, packet(0xFE, 0x83, 42, 2, 1, 0x00, 0x08, 3, 0x01, 0x80)) == b""
    assert [s.get(registers.GOAL_POSITION) for s in servos] == [2048, 0, -1]


def test_a_registered_write_waits_for_the_action(bus: ServoBus, servos: list[Servo]) -> None:
    assert answer(bus, packet(2, 4, 42, 0x10, 0x02)) == status_packet(2, 0)
    assert servos[1].get(registers.GOAL_POSITION) == 0
    assert answer(bus, packet(0xFE, 5)) == b""
    assert servos[1].get(registers.GOAL_POSITION) == 0x210


def test_a_status_goes_with_every_answer(bus: ServoBus, servos: list[Servo]) -> None:
    servos[0].set(registers.STATUS, registers.OVERLOAD_BIT)
    assert answer(bus, PING_1)[4] == 32


def test_a_servo_answers_under_the_id_it_was_called_by(bus: ServoBus, servos: list[Servo]) -> None:
    assert answer(bus, packet(3, 3, 5, 7)) == status_packet(3, 0)
    assert servos[2].servo == 7


def test_what_is_read_only_stays(bus: ServoBus, servos: list[Servo]) -> None:
    answer(bus, packet(1, 3, 3, 0, 0))
    assert servos[0].get(registers.MODEL) == 777


def test_only_what_was_unlocked_outlives_a_power_cut() -> None:
    servo = Servo(1)
    servo.write(registers.POSITION_MIN.address, registers.POSITION_MIN.encode(100))
    servo.power_up()
    assert servo.get(registers.POSITION_MIN) == 0
    servo.write(registers.LOCK.address, b"\0")
    servo.write(registers.POSITION_MIN.address, registers.POSITION_MIN.encode(100))
    servo.power_up()
    assert servo.get(registers.POSITION_MIN) == 100
    assert servo.get(registers.LOCK) == 1


def test_128_makes_the_present_position_the_middle() -> None:
    servo = Servo(1)
    servo.set(registers.PRESENT_POSITION, 2300)
    servo.write(registers.TORQUE_ENABLE.address, b"\x80")
    assert servo.get(registers.HOMING_OFFSET) == 2300 - 2048
    assert servo.get(registers.TORQUE_ENABLE) == 0


def test_replies_are_lost_and_damaged_as_often_as_asked_for(bus: ServoBus) -> None:
    bus.drop, bus.corrupt = 0.2, 0.3
    replies = [answer(bus, PING_1) for _ in range(1000)]
    good = status_packet(1, 0)
    assert np.mean([not reply for reply in replies]) == pytest.approx(0.2, abs=0.05)
    assert np.mean([bool(r) and r != good for r in replies]) == pytest.approx(0.24, abs=0.05)
