import numpy as np
import pytest

from robot_skills.deploy.twins.franka import gripper, wire
from robot_skills.deploy.twins.franka.arm import LOST_IN_A_ROW_MAX, FrankaArm
from robot_skills.deploy.twins.franka.limits import speed_limits
from robot_skills.deploy.twins.franka.motion import DesiredPath
from robot_skills.deploy.twins.franka.urdf import robot_model
from robot_skills.deploy.twins.franka.wire import TICK_S, Error, MoveAnswer, RobotMode
from robot_skills.deploy.twins.physics import LagJoints

HOME = np.array([0.0, -0.1, 0.0, -2.4, 0.0, 2.3, 0.8])


class Bench:
    """An arm on bare joints with a motion's answers and the events that it notes."""

    def __init__(self) -> None:
        self.physics = LagJoints(HOME, 0.02, 0.08, 0.1, TICK_S)
        self.answers: list[MoveAnswer] = []
        self.notes: list[str] = []
        self.arm = FrankaArm(self.physics, np.full(7, 2.0), 0, self._note)

    def _note(self, kind: str, detail: str) -> None:
        self.notes.append(f"{kind} {detail}")

    def start(self) -> bool:
        return self.arm.start(self.answers.append)


def test_every_packet_has_the_size_that_the_client_asks_for() -> None:
    assert wire.STATE.itemsize == 1377
    assert wire.COMMAND.size == 371
    assert wire.MOVE.size == 113
    assert wire.COLLISION.size == 416
    assert (gripper.STATE.size, gripper.GRASP.size, gripper.MOVE.size) == (23, 40, 16)


def test_a_state_carries_joints_and_mode_where_the_layout_says() -> None:
    state = np.frombuffer(Bench().arm.state(7), wire.STATE)[0]
    assert state["message_id"] == 7
    assert state["q"] == pytest.approx(HOME)
    assert state["robot_mode"] == RobotMode.IDLE
    assert state["F_T_EE"].reshape(4, 4) == pytest.approx(np.eye(4))


def test_packets_are_cut_from_a_stream_however_it_comes() -> None:
    seen: list[tuple[int, int, bytes]] = []
    receive = wire.packet_receiver(wire.HEADER, lambda *packet: seen.append(packet))
    for byte in wire.HEADER.pack(1, 5, 14) + b"ab" + wire.HEADER.pack(2, 6, 12):
        receive(bytes([byte]))
    assert seen == [(1, 5, b"ab"), (2, 6, b"")]


@pytest.mark.parametrize(
    ("step_rad", "error"),
    [
        (2e-5, Error.VELOCITY_DISCONTINUITY),
        (6e-6, Error.ACCELERATION_DISCONTINUITY),
        (3.0, Error.POSITION_LIMITS),
        (4e-6, None),
    ],
)
def test_a_command_that_jumps_is_told_by_what_it_breaks(
    step_rad: float, error: Error | None
) -> None:
    path = DesiredPath(HOME)
    assert path.follow(HOME + step_rad * np.eye(7)[0]) is error


def test_speed_is_limited_the_more_the_nearer_the_end_of_the_range() -> None:
    at_home = speed_limits(HOME)[1]
    near_end = speed_limits(HOME + np.array([2.7, 0, 0, 0, 0, 0, 0]))[1]
    assert at_home[0] == pytest.approx(2.62)
    assert near_end[0] == pytest.approx(-0.3 + np.sqrt(12.0 * 0.0501))
    assert near_end[1:] == pytest.approx(at_home[1:])


def test_missing_commands_are_bridged_and_twenty_in_a_row_end_the_motion() -> None:
    bench = Bench()
    assert bench.start()
    for lost in (LOST_IN_A_ROW_MAX - 1, LOST_IN_A_ROW_MAX):
        bench.arm.tick(HOME, False)
        for _ in range(lost):
            assert bench.arm.mode is RobotMode.MOVE
            bench.arm.tick(None, False)
    assert bench.arm.mode is RobotMode.REFLEX
    assert bench.answers == [MoveAnswer.REFLEX]
    assert bench.notes[0].startswith("protective_stop communication")


def test_only_recovery_leaves_a_reflex_and_not_while_the_user_stops() -> None:
    bench = Bench()
    bench.arm.reflex(Error.JOINT_REFLEX, "test")
    assert not bench.start()
    bench.arm.user_stop()
    assert not bench.arm.recover()
    bench.arm.enable()
    assert bench.arm.mode is RobotMode.REFLEX
    assert bench.arm.recover() and bench.start()


def test_a_push_beyond_the_collision_threshold_is_a_reflex() -> None:
    bench = Bench()
    bench.arm.set_collision(np.full(7, 30.0))
    bench.physics.push(2, 25.0)
    for _ in range(100):
        bench.arm.tick(None, False)
    assert bench.arm.mode is RobotMode.IDLE
    bench.physics.push(2, 35.0)
    for _ in range(100):
        bench.arm.tick(None, False)
    assert bench.arm.mode is RobotMode.REFLEX
    assert "at joint 3" in bench.notes[0]


def test_a_finished_motion_succeeds_and_leaves_the_arm_idle() -> None:
    bench = Bench()
    bench.start()
    bench.arm.tick(HOME, True)
    assert bench.answers == [MoveAnswer.SUCCESS]
    assert bench.arm.mode is RobotMode.IDLE


def test_the_model_names_seven_joints_and_how_their_speed_is_limited() -> None:
    model = robot_model()
    assert all(f'"fr3_joint{number}" type="revolute"' in model for number in range(1, 8))
    assert 'velocity="2.62"' in model and 'deceleration_limit="6.0"' in model
