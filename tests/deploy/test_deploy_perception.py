import numpy as np
import pytest

from robot_skills import paths
from robot_skills.core.errors import InputError, RobotFault
from robot_skills.core.task_file import load_task
from robot_skills.deploy.fixtures import FixtureJoint, fixture_joints
from robot_skills.deploy.perception import SocketPerception, read_frame
from robot_skills.deploy.twins.process import TwinProcess

pytestmark = pytest.mark.real_time

FRAME = '{"format": 1, "time_s": 2.5, "poses": {"red": [0.4, 0, 0.02, 1, 0, 0, 0]}}'


def test_a_frame_gives_poses_with_their_time() -> None:
    seen = read_frame(FRAME)["red"]
    assert seen.time_s == 2.5
    assert seen.pose == pytest.approx([0.4, 0, 0.02, 1, 0, 0, 0])
    assert seen.source == "seen"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("hello", "no frame of object poses: 'hello'"),
        ("[1, 2]", "no frame"),
        (FRAME.replace('"format": 1', '"format": 2'), "format must be 1; found 2"),
        (FRAME.replace("0.4", "NaN"), "7 finite numbers"),
        (FRAME.replace("0.4, ", ""), "7 finite numbers"),
    ],
)
def test_what_is_no_frame_is_named(line: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        read_frame(line)


def test_nobody_serving_poses_is_named(host: str) -> None:
    with pytest.raises(InputError, match=f"no object poses from {host}:50010"):
        SocketPerception(host).connect(1.0)


def test_poses_of_a_server_that_is_gone_are_not_believed(twin: TwinProcess) -> None:
    perception = SocketPerception(twin.host)
    perception.connect(2.0)
    assert perception.poses(0.0) == {}
    twin.stop()
    perception._thread.join(2.0)  # type: ignore[union-attr]
    with pytest.raises(RobotFault, match="the server closed the link"):
        perception.poses(0.0)
    perception.close()


def test_a_drawers_opening_is_read_from_the_pose_of_its_moving_part() -> None:
    joint = fixture_joints(load_task(paths.find("envs", "blocks")))["drawer"]
    assert joint.slides
    opened = joint.pose_closed.copy()
    opened[:3] += 0.12 * joint.axis + 0.001 * np.array([0.0, 0.0, 1.0])
    assert joint.position(joint.pose_closed) == 0.0
    assert joint.position(opened) == pytest.approx(0.12, abs=1e-6)


def test_a_doors_opening_is_its_angle() -> None:
    closed = np.array([0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0])
    door = FixtureJoint(closed, np.array([0.0, 0.0, 1.0]), slides=False)
    opened = np.array([0.1, 0.0, 0.0, np.cos(0.2), 0.0, 0.0, np.sin(0.2)])
    assert door.position(opened) == pytest.approx(0.4)
