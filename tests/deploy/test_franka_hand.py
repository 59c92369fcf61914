import struct

import numpy as np
import pytest

from robot_skills.deploy.drivers.franka.hand import Hand
from robot_skills.deploy.twins.franka import gripper
from robot_skills.deploy.twins.franka.arm import FrankaArm
from robot_skills.deploy.twins.franka.gripper import Answer, GripperService, Request
from robot_skills.deploy.twins.franka.wire import TICK_S
from robot_skills.deploy.twins.physics import LagJoints

BLOCK_M = 0.04
STROKE_M = 0.08


class AroundBlock(LagJoints):
    """Fingers that meet a block."""

    def step(self, joint_reference: np.ndarray, gripper_width_m: float) -> None:
        super().step(joint_reference, max(gripper_width_m, BLOCK_M))


class Wire:
    """What a connection would have sent."""

    peer_host = "127.0.0.1"

    def __init__(self) -> None:
        self.sent: list[bytes] = []

    def send(self, data: bytes) -> None:
        self.sent.append(data)


class TwinHand:
    """The twin's hand behind its own packets, with the calls that the vendor's client has."""

    def __init__(self) -> None:
        physics = AroundBlock(np.zeros(7), 0.02, STROKE_M, 0.1, TICK_S)
        self.arm = FrankaArm(physics, np.full(7, 2.0), 0, lambda *_: None)
        self.wire = Wire()
        self._service = GripperService("127.0.0.1", self.arm, physics, STROKE_M)
        self._receive = self._service.greet(self.wire)  # type: ignore[arg-type]
        self._tick = 0
        self.width_m = lambda: physics.gripper_width_m

    def move(self, width_m: float, speed_m_s: float) -> bool:
        return self._ask(Request.MOVE, gripper.MOVE.pack(width_m, speed_m_s))

    def grasp(self, width_m: float, speed_m_s: float, force_n: float, *within_m: float) -> bool:
        return self._ask(Request.GRASP, gripper.GRASP.pack(width_m, *within_m, speed_m_s, force_n))

    def _ask(self, request: Request, body: bytes) -> bool:
        self.wire.sent.clear()
        self._receive(gripper.HEADER.pack(request, 1, gripper.HEADER.size + len(body)) + body)
        while not self.wire.sent:
            self._tick += 1
            self.arm.tick(None, False)
            self._service.tick(self._tick, True)
        (status,) = struct.unpack("<H", self.wire.sent[0][gripper.HEADER.size :])
        if status not in (Answer.SUCCESS, Answer.UNSUCCESSFUL):
            raise RuntimeError(f"status {status}")
        return status == Answer.SUCCESS


@pytest.fixture
def hand() -> TwinHand:
    return TwinHand()


def test_a_move_arrives_or_says_that_something_is_in_between(hand: TwinHand) -> None:
    assert hand.move(0.06, 0.1)
    assert hand.width_m() == pytest.approx(0.06, abs=0.001)
    assert not hand.move(0.01, 0.1)
    assert hand.width_m() == pytest.approx(BLOCK_M)


def test_a_grasp_succeeds_within_its_tolerance_only(hand: TwinHand) -> None:
    assert hand.grasp(0.01, 0.1, 40.0, 0.005, 0.05)
    assert not hand.grasp(0.01, 0.1, 40.0, 0.005, 0.005)


def test_a_width_that_the_hand_does_not_have_is_refused(hand: TwinHand) -> None:
    with pytest.raises(RuntimeError, match="status 1"):
        hand.move(0.2, 0.1)


def test_what_the_closing_fingers_meet_is_held_with_force(hand: TwinHand) -> None:
    asked: list[str] = []
    grasp = hand.grasp

    def seen(*numbers: float) -> bool:
        asked.append("grasp")
        return grasp(*numbers)

    hand.grasp = seen  # type: ignore[method-assign]
    driver = Hand(hand, RuntimeError, 0.1, 40.0)
    driver.go(0.06, STROKE_M, STROKE_M)
    assert asked == []
    driver.go(0.0, 0.06, STROKE_M)
    assert asked == ["grasp"]
    assert hand.width_m() == pytest.approx(BLOCK_M)
