"""Logs as robots write them: what becomes of their clocks, their columns and their mistakes."""

import builtins
import gzip

import numpy as np
import pytest

from robot_skills.core.demonstration import ChannelKind
from robot_skills.core.errors import InputError
from robot_skills.segment.config import SegmentConfig
from robot_skills.segment.signals import read_signals
from robot_skills.storage.log_columns import meanings
from robot_skills.storage.logs import is_log, load_log, log_stem

POSE = "x,y,z,qw,qx,qy,qz"


def write(path, header, *columns):
    rows = zip(*columns, strict=True)
    lines = [",".join(str(value) for value in row) for row in rows]
    path.write_text("\n".join([header, *lines]) + "\n")
    return path


def seconds(steps=100, rate_hz=50.0):
    return np.arange(steps) / rate_hz


def test_a_pose_and_a_gripper_become_channels(tmp_path):
    t = seconds()
    turned = np.stack([np.cos(t / 2), 0 * t, 0 * t, np.sin(t / 2)], axis=1)
    header = "t,x,y,z,qx,qy,qz,qw,gripper_width_mm"
    columns = [t, t, 2 * t, 3 * t, *turned[:, [1, 2, 3, 0]].T, 1000 * t]
    log = load_log(write(tmp_path / "pick.csv", header, *columns))
    demonstration = log.demonstration
    assert (demonstration.name, demonstration.rate_hz, demonstration.steps) == ("pick", 50, 100)
    pose = demonstration.channels["pose"]
    assert (pose.kind, pose.unit) == (ChannelKind.POSE, "m")
    wanted = np.column_stack([t, 2 * t, 3 * t, turned])
    np.testing.assert_allclose(pose.values, wanted, atol=1e-12)
    gripper = demonstration.channels["gripper"]
    assert (gripper.kind, gripper.unit) == (ChannelKind.GRIPPER, "m")
    np.testing.assert_allclose(gripper.values[:, 0], t)
    np.testing.assert_allclose(log.time_s, t)
    assert log.notes == ()


def kinds(names):
    return {n: (m.prefix, m.part.channel, m.axis, m.unit) for n, m in meanings(names).items()}


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("x", ("", "pose", "x", "m")),
        ("left_ee_pos_y", ("left_ee", "pose", "y", "m")),
        ("field.pose.position.z", ("field_pose", "pose", "z", "m")),
        ("pose/orientation/w", ("pose", "pose", "w", "1")),
        ("right_quat_x", ("right", "pose", "x", "1")),
        ("qw", ("", "pose", "w", "1")),
        ("ee_vx", ("ee", "velocity", "x", "m/s")),
        ("twist.angular.z", ("", "turning", "z", "rad/s")),
        ("wrist_fx", ("wrist", "wrench", "x", "N")),
        ("torque_y", ("", "wrench", "y", "Nm")),
        ("panda_joint3", ("", "joint_position", "", "rad")),
        ("left_q0 [deg]", ("left", "joint_position", "", "rad")),
        ("position_4", ("", "joint_position", "", "rad")),
        ("observation.state_2", ("", "joint_position", "", "rad")),
        ("dq3", ("", "joint_velocity", "", "rad/s")),
        ("elbow_joint.vel", ("", "joint_velocity", "", "rad/s")),
        ("joint_torques_1", ("", "effort", "", "Nm")),
        ("left_gripper.pos", ("left", "gripper", "", "1")),
        ("action_3", ("", "action", "", "1")),
        ("target_x", ("", "action", "", "1")),
    ],
)
def test_names_tell_what_a_column_is(name, wanted):
    assert kinds([name]) == {name: wanted}


@pytest.mark.parametrize("name", ["temperature", "accel_x", "rpy_y", "battery", "a"])
def test_names_that_say_nothing_are_not_guessed(name):
    assert kinds([name]) == {}


def test_tx_is_a_torque_beside_forces_and_a_translation_without():
    assert kinds(["tx", "fx"])["tx"][1] == "wrench"
    assert kinds(["tx", "qw"])["tx"][1] == "pose"


@pytest.mark.parametrize(
    ("name", "factor", "start", "note"),
    [
        ("time", 1, 0, None),
        ("Time [ms]", 1e3, 0, None),
        ("timestamp_us", 1e6, 5e6, None),
        ("t_nsec", 1e9, 0, None),
        ("%time", 1e9, 1.7e18, "time: taken as ns"),
        ("stamp", 1e3, 1.7e12, "stamp: taken as ms"),
        ("header.stamp", 1, 1.7e9, None),
    ],
)
def test_times_come_in_every_unit(name, factor, start, note, tmp_path):
    stamps = start + seconds() * factor
    log = load_log(write(tmp_path / "log.csv", f"{name},q0,q1", stamps, seconds(), seconds()))
    assert log.demonstration.rate_hz == pytest.approx(50, rel=1e-6)
    assert log.time_s[0] == pytest.approx(start / factor)
    assert log.time_s[-1] - log.time_s[0] == pytest.approx(99 / 50, abs=1e-6)
    assert (note is None and log.notes == ()) or log.notes[0].startswith(note)


def test_iso_dates_are_times(tmp_path):
    stamps = [f"2025-03-01T12:00:{10 + k / 50:09.6f}Z" for k in range(100)]
    log = load_log(write(tmp_path / "log.csv", "datetime,q0", stamps, seconds()))
    assert log.demonstration.rate_hz == pytest.approx(50)
    assert log.time_s[0] == 1740830410.0


def test_irregular_rows_are_interpolated_at_the_median_rate(tmp_path):
    random = np.random.default_rng(0)
    t = seconds(400) + random.uniform(-0.006, 0.006, 400)
    log = load_log(write(tmp_path / "log.csv", "t,q0", t, 3 * t))
    assert log.demonstration.rate_hz == pytest.approx(50, rel=0.02)
    np.testing.assert_allclose(log.demonstration.values("joint_position")[:, 0], 3 * log.time_s)


def test_a_gap_is_noted_and_unknown(tmp_path):
    t = np.concatenate([seconds(100), 4 + seconds(100)])
    log = load_log(write(tmp_path / "log.csv", "t,q0", t, t))
    values = log.demonstration.values("joint_position")[:, 0]
    unknown = np.isnan(values)
    np.testing.assert_allclose(values[~unknown], log.time_s[~unknown])
    np.testing.assert_allclose(log.time_s[unknown][[0, -1]], [2.0, 3.98], atol=0.011)
    assert log.notes == ("1 gaps, the longest 2.02 s at 2.0 s; unknown there",)


def test_a_few_bad_times_are_left_out_and_many_refused(tmp_path):
    t = seconds(200)
    t[50], t[90] = t[49], 0.1
    t[120] = 1e6
    t[150] = np.nan
    log = load_log(write(tmp_path / "log.csv", "t,q0", t, seconds(200)))
    np.testing.assert_allclose(log.demonstration.values("joint_position")[:, 0], log.time_s)
    assert log.demonstration.steps == 200
    assert "1 rows without a time were left out" in log.notes
    assert "3 rows whose time stands still or goes back were left out" in log.notes
    twice = np.concatenate([seconds(50), seconds(50)])
    file = write(tmp_path / "twice.csv", "t,q0", twice, twice)
    with pytest.raises(InputError, match=r"no clock: of 100 rows 50 .* first at row 51"):
        load_log(file)


def test_a_clock_that_jumps_a_day_is_refused(tmp_path):
    t = seconds(100) + 86400.0 * (np.arange(100) > 60)
    file = write(tmp_path / "log.csv", "t,q0", t, t)
    with pytest.raises(InputError, match=r"covers 86402 s, but 100 rows .* at row 61"):
        load_log(file)


def test_empty_cells_stay_unknown_and_constant_columns_stay(tmp_path):
    q = [*map(str, seconds(100))]
    q[10], q[11] = "", "nan"
    log = load_log(write(tmp_path / "log.csv", "t,q0,q1", seconds(), q, [1] * 100))
    values = log.demonstration.values("joint_position")
    assert np.flatnonzero(np.isnan(values[:, 0])).tolist() == [10, 11]
    assert np.all(values[:, 1] == 1)


def test_what_names_do_not_tell_is_noted(tmp_path):
    t = seconds()
    header = "t,seq,label,x,y,temperature,qx"
    file = write(tmp_path / "log.csv", header, t, range(100), ["a"] * 100, t, t, t, t)
    log = load_log(file)
    np.testing.assert_allclose(log.demonstration.values("pose"), np.stack([t, t, 0 * t], axis=1))
    assert log.demonstration.channels["other/temperature"].kind is ChannelKind.FIXTURE
    assert log.notes == (
        "pose: qx lack qw, qy, qz: no rotation",
        "pose: no z; taken as 0",
        "taken as the state of things, since their names say nothing: temperature, qx; "
        "log.toml beside the log can tell",
        "left out: seq",
        "columns of text left out: label",
    )


def test_a_log_of_unknown_columns_alone_can_be_cut(tmp_path):
    t = seconds(200)
    log = load_log(write(tmp_path / "log.csv", "t,ch1,ch2", t, np.sin(t), np.cos(t)))
    assert read_signals(log.demonstration, SegmentConfig()).path.shape == (80, 2)
    assert any("taken as positions of joints" in note for note in log.notes)


def test_a_quaternion_that_changes_sign_is_interpolated_the_short_way(tmp_path):
    t = np.sort(np.random.default_rng(1).uniform(0, 4, 200))
    turned = np.stack([np.cos(t / 2), 0 * t, 0 * t, np.sin(t / 2)])
    turned *= np.where(np.arange(200) % 2, 1, -1)
    log = load_log(write(tmp_path / "log.csv", f"t,{POSE}", t, t, t, t, *turned))
    q = log.demonstration.values("pose")[:, 3:]
    known = np.isfinite(q[:, 0])
    np.testing.assert_allclose(np.linalg.norm(q[known], axis=1), 1)
    truth = np.stack([np.cos(log.time_s / 2), np.sin(log.time_s / 2)], axis=1)
    np.testing.assert_allclose(np.abs(q[known][:, [0, 3]]), np.abs(truth[known]), atol=1e-3)


SIDECAR = """format = 1
ignore = ["c"]

[time]
column = "tick"
unit = "ms"

[channels."left/ee_pose"]
kind = "pose"
columns = ["b", "a", "d"]
unit = "m"
frame = "world"
"""


def test_a_file_beside_the_log_names_what_its_columns_are(tmp_path):
    t = seconds()
    file = write(tmp_path / "log.csv", "tick,a,b,c,d", 1000 * t, t, 2 * t, 3 * t, 4 * t)
    (tmp_path / "log.toml").write_text(SIDECAR)
    demonstration = load_log(file).demonstration
    assert [*demonstration.channels] == ["left/ee_pose"]
    pose = demonstration.channels["left/ee_pose"]
    assert (pose.kind, pose.unit, pose.frame) == (ChannelKind.POSE, "m", "world")
    np.testing.assert_allclose(pose.values, np.stack([2 * t, t, 4 * t], axis=1))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("ignore =", "ignored =", r"log\.toml:2: no key 'ignored'; did you mean 'ignore'\?"),
        ('kind = "pose"', 'kind = "poses"', r"log\.toml:9: no kind 'poses'; did you mean 'pose'"),
        ('"a", "d"', '"a", "e"', r"log\.toml:10: no column 'e'"),
        ('"a", "d"', '"a"', r"log\.toml:10: a pose has 3 or 7 columns .* found 2"),
        ('"ms"', '"min"', r"log\.toml:6: no unit of time 'min'"),
        ('"tick"', '"tock"', r"log\.toml:5: no column 'tock'; did you mean 'tick'"),
        ("format = 1", "format = 2", r"format must be 1; found 2"),
    ],
)
def test_mistakes_in_the_file_beside_the_log_are_named(old, new, message, tmp_path):
    t = seconds()
    file = write(tmp_path / "log.csv", "tick,a,b,c,d", 1000 * t, t, t, t, t)
    (tmp_path / "log.toml").write_text(SIDECAR.replace(old, new))
    with pytest.raises(InputError, match=message):
        load_log(file)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty; wanted a header"),
        ("t,q0\n", "holds no rows below its header"),
        ("0.0,1.0\n0.1,2.0\n", "first line must name the columns; found 0.0, 1.0"),
        ("t,q0,q0\n0,1,1\n", "columns are named twice: q0"),
        ("a,b\n0,1\n1,2\n", "no time column; wanted one called time, .* found a, b"),
        ("t,q0\n0,1\n", "needs two rows with different times; found 1"),
        ("t,seq\n0,1\n0.1,2\n", "holds no column of numbers but seq"),
        ("t,q0\n0,1\n0.1\n0.2\n0.3\n", "3 of 4 rows don't have the 2 fields"),
        ("time,q0\nsoon,1\nlater,2\n", "column time holds no times"),
    ],
)
def test_files_that_are_no_log_are_refused(text, message, tmp_path):
    (tmp_path / "log.csv").write_text(text)
    with pytest.raises(InputError, match=message):
        load_log(tmp_path / "log.csv")


def test_other_dialects_of_csv_are_read(tmp_path):
    rows = "\r\n".join(f"{t};{2 * t}" for t in seconds(20))
    (tmp_path / "log.csv").write_text("\ufeff# t; q0\r\n" + rows + "\r\n0.4;")
    log = load_log(tmp_path / "log.csv")
    np.testing.assert_allclose(
        log.demonstration.values("joint_position")[:20, 0], 2 * log.time_s[:20]
    )


def test_gzipped_logs_are_read_as_far_as_they_go(tmp_path):
    plain = write(
        tmp_path / "plain.csv", "t,q0", seconds(5000), np.random.default_rng(0).random(5000)
    )
    packed = gzip.compress(plain.read_bytes())
    (tmp_path / "log.csv.gz").write_bytes(packed)
    assert load_log(tmp_path / "log.csv.gz").demonstration.steps == 5000
    (tmp_path / "cut.csv.gz").write_bytes(packed[: len(packed) // 2])
    cut = load_log(tmp_path / "cut.csv.gz")
    assert 1000 < cut.demonstration.steps < 4000
    assert any("breaks off after" in note for note in cut.notes)


def test_logs_are_known_by_their_ending(tmp_path):
    assert [is_log(tmp_path / n) for n in ("a.csv", "a.CSV.gz", "a.parquet", "a.mp4")] == [
        1,
        1,
        1,
        0,
    ]
    assert log_stem(tmp_path / "pick.csv.gz") == "pick"
    with pytest.raises(InputError, match=r"no log; its name must end in \.csv"):
        (tmp_path / "a.txt").write_text("")
        load_log(tmp_path / "a.txt")
    with pytest.raises(InputError, match="no log at"):
        load_log(tmp_path / "nowhere.csv")


def parquet(path, **columns):
    arrow = pytest.importorskip("pyarrow")
    from pyarrow.parquet import write_table

    write_table(arrow.table(columns), path)
    return path


def test_lists_in_parquet_are_spread_into_a_channel(tmp_path):
    state = np.random.default_rng(0).normal(size=(60, 6)).astype(np.float32)
    file = parquet(
        tmp_path / "episode_000000.parquet",
        **{
            "observation.state": list(state),
            "action": list(state + 1),
            "timestamp": seconds(60, 30).astype(np.float32),
            "frame_index": np.arange(60),
            "episode_index": np.zeros(60, dtype=int),
        },
    )
    log = load_log(file)
    assert log.demonstration.rate_hz == pytest.approx(30)
    joints = log.demonstration.channels["joint_position"]
    assert joints.kind is ChannelKind.JOINT_POSITION
    np.testing.assert_allclose(joints.values, state)
    np.testing.assert_allclose(log.demonstration.values("action"), state + 1)
    assert log.notes == ("left out: frame_index, episode_index",)


def test_times_of_parquet_are_times(tmp_path):
    stamps = (1.7e18 + 2e7 * np.arange(50)).astype("datetime64[ns]")
    log = load_log(
        parquet(tmp_path / "log.parquet", time=stamps, q0=np.arange(50.0), ok=[True] * 50)
    )
    assert log.demonstration.rate_hz == pytest.approx(50, rel=1e-6)
    assert log.time_s[0] == pytest.approx(1.7e9)


def test_several_recordings_in_one_table_are_refused(tmp_path):
    file = parquet(
        tmp_path / "log.parquet",
        timestamp=[0.0, 0.1, 0.0, 0.1],
        episode_index=[0, 0, 1, 1],
        q0=[1.0] * 4,
    )
    with pytest.raises(InputError, match="a log is one recording; found 2"):
        load_log(file)


def test_damaged_parquet_is_named(tmp_path):
    file = parquet(tmp_path / "log.parquet", t=[0.0, 0.1], q0=[1.0, 2.0])
    file.write_bytes(file.read_bytes()[:-20])
    with pytest.raises(InputError, match="no readable Parquet"):
        load_log(file)


def test_without_pyarrow_the_extra_is_named(tmp_path, monkeypatch):
    (tmp_path / "log.parquet").write_bytes(b"")
    plain_import = builtins.__import__

    def without_pyarrow(name, *rest):
        if name.startswith("pyarrow"):
            raise ImportError(name)
        return plain_import(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without_pyarrow)
    with pytest.raises(InputError, match=r"pip install robot-skills\[parquet\]"):
        load_log(tmp_path / "log.parquet")
