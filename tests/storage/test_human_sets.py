import os
from pathlib import Path

import numpy as np
import pytest

from robot_skills.core.demonstration import Channel, ChannelKind, Demonstration
from robot_skills.core.errors import InputError
from robot_skills.storage.human_adroit import load_adroit_door
from robot_skills.storage.human_baxter import SKILLS, load_baxter_kitting
from robot_skills.storage.human_g1 import load_g1_clips, load_g1_pick
from robot_skills.storage.human_kuka import load_kuka_set
from robot_skills.storage.human_sets import LOADERS, load_labelled_sets
from robot_skills.storage.labelled_set import LabelledSet, runs

KNOWN = {  # demonstrations, boundaries
    "long_horizon": (6, 36),
    "peeling": (2, 76),
    "rim": (6, 13),
    "fender": (2, 16),
    "adroit_door": (25, 50),
    "g1_pick": (100, 384),
    "baxter_kitting": (1, 5),
}
POSE = ["x", "y", "z", "qi", "qj", "qk", "qw"]
WRENCH = ["fx", "fy", "fz", "tx", "ty", "tz"]


def demonstration(steps=10):
    channel = Channel(np.zeros((steps, 1)), "rad", ChannelKind.JOINT_POSITION)
    return Demonstration("one", 10.0, {"joint_position": channel})


def labelled(boundaries_s, labels=None):
    return LabelledSet("made", [demonstration()], [boundaries_s], 0.5, labels, "made")


def save_kuka(folder, columns, series, file="wiping_rim.npz"):
    path = folder / "kuka_kinesthetic" / file
    path.parent.mkdir(parents=True)
    arrays = {f"X{i}": x for i, (x, _) in enumerate(series)}
    arrays |= {f"y{i}": np.array(y) for i, (_, y) in enumerate(series)}
    np.savez(path, dt=0.01, cols=np.array(columns), **arrays)


def save_adroit(folder, observed):
    path = folder / "adroit_door" / "door_human.npz"
    path.parent.mkdir()
    np.savez(path, obs0=observed, act0=np.zeros((len(observed), 28)))


def save_g1(folder, commands):
    """Episodes whose six right fingers follow `commands`, one list each."""
    path = folder / "g1_pick" / "proprio.npz"
    path.parent.mkdir()
    action = np.zeros((sum(map(len, commands)), 26))
    action[:, 20:26] = np.concatenate(commands)[:, None]
    episode = np.repeat(np.arange(len(commands)), [len(c) for c in commands])
    np.savez(path, state=np.zeros_like(action), action=action, episode=episode)


def test_runs_of_labels_become_boundaries_and_labels():
    assert runs(list("aabbba"), rate_hz=2.0) == ([1.0, 2.5], ["a", "b", "a"])
    assert runs(["a"], 2.0) == ([], ["a"])


def test_labels_of_steps_change_at_the_boundaries():
    known = labelled([0.2, 0.7], [["a", "b", "a"]])
    assert known.step_labels() == [list("aabbbbbaaa")]
    assert known.boundaries == 2


def test_a_set_that_contradicts_itself_is_refused():
    with pytest.raises(InputError, match=r"ascend within its 1\.00 s; found \[0\.7, 0\.2\]"):
        labelled([0.7, 0.2])
    with pytest.raises(InputError, match="ascend within"):
        labelled([1.0])
    with pytest.raises(InputError, match="1 boundaries part 2 segments, but 1 have labels"):
        labelled([0.5], [["a"]])
    with pytest.raises(InputError, match="1 demonstrations, but boundaries of 2"):
        LabelledSet("made", [demonstration()], [[], []], 0.5, None, "made")
    with pytest.raises(InputError, match="boundaries, but no labels"):
        labelled([0.5]).step_labels()


def test_kuka_columns_become_channels_by_name(tmp_path):
    joints = [f"j{i}" for i in range(7)]
    columns = [*WRENCH, *POSE, *joints]
    values = np.arange(5 * 20, dtype=float).reshape(5, 20)
    save_kuka(tmp_path, columns, [(values, [1, 1, 2, 2, 3]), (values, [1, 1, 1, 1, 1])])
    known = load_kuka_set(tmp_path, "rim")
    channels = known.demonstrations[0].channels
    assert channels["ee_pose"].values[0].tolist() == list(range(6, 13))
    assert channels["wrench"].values[0].tolist() == list(range(6))
    assert channels["joint_position"].values[0].tolist() == list(range(13, 20))
    assert known.demonstrations[0].rate_hz == pytest.approx(100.0)
    assert known.boundaries_s == [pytest.approx([0.02, 0.04]), []]
    assert known.labels == [["1", "2", "3"], ["1"]]


def test_two_kuka_arms_are_two_sets_of_channels(tmp_path):
    columns = [f"{arm}_{column}" for arm in "ap" for column in POSE + WRENCH]
    save_kuka(tmp_path, columns, [(np.ones((3, 26)), [1, 1, 2])], "peeling_bimanual.npz")
    channels = load_kuka_set(tmp_path, "peeling").demonstrations[0].channels
    assert sorted(channels) == [
        f"{arm}/{name}" for arm in ("active", "passive") for name in ("ee_pose", "wrench")
    ]


def test_kuka_files_with_other_columns_are_refused(tmp_path):
    save_kuka(tmp_path, ["u", "v"], [(np.ones((3, 2)), [1, 1, 2])])
    with pytest.raises(InputError, match=r"no column x, y, z, .* found u, v"):
        load_kuka_set(tmp_path, "rim")
    save_kuka(tmp_path / "more", ["u", "v"], [(np.ones((3, 5)), [1, 1, 2])])
    with pytest.raises(InputError, match=r"2 columns have names, but data is \(3, 5\)"):
        load_kuka_set(tmp_path / "more", "rim")


def test_the_door_gives_away_neither_latch_nor_hinge_nor_handle(tmp_path):
    observed = np.zeros((30, 39))
    observed[:, 0], observed[:, 29] = 1.0, 2.0
    observed[10:, 27], observed[20:, 28], observed[10:, 32:] = 0.5, 0.5, 0.5
    save_adroit(tmp_path, observed)
    known = load_adroit_door(tmp_path)
    assert known.boundaries_s == [[0.1, 0.2]] and known.tolerance_s == 0.1
    channels = known.demonstrations[0].channels
    assert all(np.ptp(channel.values, axis=0).max() == 0 for channel in channels.values())
    assert channels["palm_position"].values[0].tolist() == [2.0, 0.0, 0.0]


def test_a_door_that_stays_shut_is_refused(tmp_path):
    save_adroit(tmp_path, np.zeros((30, 39)))
    with pytest.raises(InputError, match=r"latch or hinge never passes 0\.1 rad"):
        load_adroit_door(tmp_path)


def test_hand_crossings_are_truth_and_fingers_are_hidden(tmp_path):
    opened = [0.2] * 30 + [1.0] * 30 + [0.2] * 30
    chattering = [0.2] * 30 + [1.0] * 3 + [0.2] * 30
    save_g1(tmp_path, [opened, chattering])
    known = load_g1_pick(tmp_path)
    assert known.boundaries_s == [[1.0, 2.0], []]
    assert known.labels[0] == ["right hand closed", "right hand open", "right hand closed"]
    for channel in known.demonstrations[0].channels.values():
        assert channel.values.shape == (90, 14) and not channel.values.any()
    with pytest.raises(InputError, match="no videos"):
        load_g1_clips(tmp_path)


def test_kitting_skills_are_joined_in_task_order(tmp_path):
    (tmp_path / "baxter_kitting").mkdir()
    for number, skill in enumerate(SKILLS):
        poses = np.tile([number, 0, 0, 0.1, 0.2, 0.3, 0.9], (10 + number, 1))
        np.save(tmp_path / "baxter_kitting" / f"{skill}.npy", poses)
    known = load_baxter_kitting(tmp_path)
    assert known.boundaries_s == [pytest.approx([0.1, 0.21, 0.33, 0.46, 0.6])]
    poses = known.demonstrations[0].values("ee_pose")
    assert np.unique(poses[:, 0]).tolist() == list(range(6))
    assert poses[0, 3:].tolist() == [0.9, 0.1, 0.2, 0.3]


@pytest.mark.parametrize("name", LOADERS)
def test_missing_recordings_are_said(tmp_path, name):
    with pytest.raises(InputError, match="is missing"):
        load_labelled_sets(tmp_path, [name])


def test_an_unknown_set_is_named_with_the_nearest():
    with pytest.raises(InputError, match="no labelled set 'peelin'; did you mean 'peeling'"):
        load_labelled_sets(Path("nowhere"), ["peelin"])


def test_a_damaged_file_is_said(tmp_path):
    file = tmp_path / "g1_pick" / "proprio.npz"
    file.parent.mkdir()
    file.write_bytes(b"not an archive")
    with pytest.raises(InputError, match="damaged"):
        load_g1_pick(tmp_path)
    np.savez(file, state=np.zeros((3, 26)))
    with pytest.raises(InputError, match="action"):
        load_g1_pick(tmp_path)
    np.savez(file, state=np.zeros((3, 2)), action=np.zeros((3, 2)), episode=np.zeros(3))
    with pytest.raises(InputError, match=r"must be \(3, 26\); found \(3, 2\)"):
        load_g1_pick(tmp_path)


@pytest.mark.skipif("ROBOT_SKILLS_DATA" not in os.environ, reason="ROBOT_SKILLS_DATA is not set")
@pytest.mark.parametrize("name", KNOWN)
def test_recorded_sets_hold_what_is_known_of_them(name):
    (known,) = load_labelled_sets(Path(os.environ["ROBOT_SKILLS_DATA"]), [name])
    assert (len(known.demonstrations), known.boundaries) == KNOWN[name]
    steps = [len(labels) for labels in known.step_labels()]
    assert steps == [one.steps for one in known.demonstrations]
    for one in known.demonstrations:
        for channel in one.channels.values():
            assert np.isfinite(channel.values).all()
            if channel.kind is ChannelKind.POSE and channel.values.shape[1] == 7:
                lengths = np.linalg.norm(channel.values[:, 3:], axis=1)
                assert np.allclose(lengths, 1.0, atol=1e-5)


@pytest.mark.skipif("ROBOT_SKILLS_DATA" not in os.environ, reason="ROBOT_SKILLS_DATA is not set")
def test_recorded_clips_have_the_truth_of_their_episodes():
    clips = load_g1_clips(Path(os.environ["ROBOT_SKILLS_DATA"]))
    assert [(clip.name, len(clip.boundaries_s)) for clip in clips] == [
        ("g1_pick/1", 3),
        ("g1_pick/2", 4),
        ("g1_pick/4", 3),
        ("g1_pick/5", 3),
    ]
