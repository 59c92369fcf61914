import socket

import pytest
from twin_robots import free_address

from robot_skills.core.errors import InputError
from robot_skills.deploy.drivers.robotiq import RobotiqGripper, position_of, width_of

pytestmark = pytest.mark.real_time

STROKE_M = 0.085


@pytest.mark.parametrize("position", [0, 1, 128, 255])
def test_a_width_and_its_count_agree(position):
    assert position_of(width_of(position, STROKE_M), STROKE_M) == position


def test_widths_beyond_the_stroke_are_its_ends():
    assert position_of(0.2, STROKE_M) == 0
    assert position_of(-0.1, STROKE_M) == 255


def test_a_gripper_that_takes_connections_and_says_nothing_is_named():
    host = free_address()
    with socket.create_server((host, 0)) as server:
        gripper = RobotiqGripper(host, STROKE_M, port=server.getsockname()[1])
        with pytest.raises(InputError, match="does not answer as a Robotiq gripper does"):
            gripper.connect(1.0)
        client, _ = server.accept()
        with client:
            while client.recv(64):  # ends: the link was closed
                pass
