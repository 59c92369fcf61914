import multiprocessing
import time
from pathlib import Path

import numpy as np
import pytest

from robot_skills.core.errors import InputError, RobotFault
from robot_skills.deploy.control.chunk import ChunkFollower, JointChunk, write_chunk
from robot_skills.deploy.control.memory import CHUNK_MAX, ArmMemory

JOINTS = 6


def write_for(descriptor: int, seconds: float) -> None:
    """Write chunks in which every number of one is the same."""
    memory = ArmMemory.attach(descriptor, JOINTS)
    record, value = memory.chunk.record, 0.0
    end_s = time.monotonic() + seconds
    while time.monotonic() < end_s:
        value += 1.0
        record["robot_time_s"] = value
        record["joint_position_rad"] = value
        record["gripper_width_m"] = value
        memory.chunk.write()


def test_no_read_is_torn_while_another_process_writes() -> None:
    memory = ArmMemory.create(JOINTS)
    writer = multiprocessing.get_context("fork").Process(
        target=write_for, args=(memory.descriptor, 1.0)
    )
    writer.start()
    seen = []
    while writer.is_alive():
        if memory.chunk.fetch():
            record = memory.chunk.record
            values = {
                *record["robot_time_s"],
                *record["joint_position_rad"].ravel(),
                *record["gripper_width_m"],
            }
            assert len(values) == 1
            seen.append(values.pop())
    writer.join()
    assert len(seen) > 50
    assert np.all(np.diff(seen) > 0)
    memory.close()


def test_a_record_whose_writer_died_halfway_is_never_read() -> None:
    memory = ArmMemory.create(JOINTS)
    reader = ArmMemory.attach(memory.descriptor, JOINTS)
    memory.reading.record["robot_time_s"] = 1.0
    memory.reading.write()
    assert reader.reading.fetch()
    memory.reading._sequence[0] += 1  # as a writer leaves it that is killed in the middle
    memory.reading._shared[:8] = b"\xff" * 8
    assert not reader.reading.fetch()
    assert reader.reading.record["robot_time_s"] == 1.0
    memory.close()


def test_a_record_that_is_not_what_was_written_is_never_read() -> None:
    memory = ArmMemory.create(JOINTS)
    reader = ArmMemory.attach(memory.descriptor, JOINTS)
    memory.reading.write()
    memory.reading._shared[:8] = b"\xff" * 8
    assert not reader.reading.fetch()
    memory.close()


def test_memory_of_another_layout_is_refused() -> None:
    memory = ArmMemory.create(JOINTS)
    with pytest.raises(RobotFault, match=r"format and joints \(1, 6\); expected \(1, 7\)"):
        ArmMemory.attach(memory.descriptor, 7)
    memory.close()


def test_memory_has_no_name_that_could_be_left_behind() -> None:
    memory = ArmMemory.create(JOINTS)
    assert "(deleted)" in str(Path(f"/proc/self/fd/{memory.descriptor}").readlink())
    memory.close()


def chunk_of(times: list[float], joints: int = 2) -> JointChunk:
    values = np.arange(len(times), dtype=float)
    return JointChunk(np.array(times), np.tile(values[:, None], joints), values / 100)


@pytest.fixture
def follower() -> tuple[ArmMemory, ChunkFollower]:
    memory = ArmMemory.create(2)
    return memory, ChunkFollower(ArmMemory.attach(memory.descriptor, 2).chunk)


def test_each_target_is_due_in_its_turn(follower: tuple[ArmMemory, ChunkFollower]) -> None:
    memory, chunks = follower
    assert chunks.due(0.0) is None
    write_chunk(memory.chunk, chunk_of([1.0, 1.1, 1.2]), 5.0)
    first, second, last = chunks.due(0.9), chunks.due(1.05), chunks.due(1.5)
    assert first is not None and second is not None and last is not None
    assert (first.joint_position[0], second.joint_position[0]) == (0.0, 1.0)
    assert (first.left_s, second.left_s) == pytest.approx((0.1, 0.05))
    assert (first.age_s, last.age_s) == pytest.approx((0.0, 0.3))
    assert last.joint_position.tolist() == [2.0, 2.0]
    assert (last.left_s, last.gripper_width_m) == (0.0, 0.02)


def test_chunks_that_were_never_seen_and_those_that_came_too_late_are_counted(
    follower: tuple[ArmMemory, ChunkFollower],
) -> None:
    memory, chunks = follower
    for _ in range(3):
        write_chunk(memory.chunk, chunk_of([1.0, 1.1]), 5.0)
    chunks.due(0.9)
    assert (chunks.dropped, chunks.aged) == (2, 0)
    write_chunk(memory.chunk, chunk_of([2.0, 2.1, 2.2]), 5.0)
    kept = chunks.due(3.0)
    assert (chunks.dropped, chunks.aged) == (2, 1)
    assert kept is not None
    assert kept.joint_position[0] == 1.0
    assert kept.age_s == pytest.approx(1.9)


@pytest.mark.parametrize(
    ("times", "words"),
    [([], "1 to 64"), (list(range(CHUNK_MAX + 1)), "1 to 64"), ([1.0, 1.0], "must rise")],
)
def test_a_chunk_that_cannot_be_followed_is_refused(times: list[float], words: str) -> None:
    with pytest.raises(InputError, match=words):
        chunk_of(times)
