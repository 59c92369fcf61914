import os
from pathlib import Path

import h5py
import numpy as np
import pytest

from robot_skills.core.demonstration import ChannelKind
from robot_skills.core.errors import InputError
from robot_skills.storage.human_events import load_human_long_horizon
from robot_skills.storage.mjcf import read_body_tree
from robot_skills.storage.robosuite_hdf5 import load_robosuite_demonstrations

MODEL = """
<mujoco><worldbody>
  <body name="base" pos="0 0 1">
    <body name="link"><joint name="j1" axis="0 0 1"/>
      <body name="hand" pos="0.5 0 0"><joint name="j2" axis="0 0 1"/>
        <body name="left_finger"><joint name="finger_left" type="slide" axis="0 1 0"/></body>
        <body name="right_finger"><joint name="finger_right" type="slide" axis="0 1 0"/></body>
      </body>
    </body>
    <body name="head"><joint name="head_pan"/></body>
  </body>
  <body name="cube" pos="1 1 1"><freejoint name="cube"/></body>
  <body name="door"><joint name="door_hinge" axis="0 0 1"/></body>
</worldbody></mujoco>
"""
NQ, NV = 5 + 7 + 1, 5 + 6 + 1


@pytest.fixture
def recording(tmp_path):
    """Writes data/demo_1 with the model above; keyword arguments replace or add datasets."""

    def write(states=None, model=MODEL, **datasets):
        steps = 30
        if states is None:
            states = np.zeros((steps, 1 + NQ + NV))
            states[:, 0] = np.arange(steps) * 0.05 + 7
            states[:, 1] = np.linspace(0, np.pi / 2, steps)
            states[:, 3], states[:, 4] = 0.03, -0.01
            states[:, 6:9], states[:, 9] = (1, 2, 3), 1
            states[:, 13] = np.linspace(0, 0.4, steps)
        folder = tmp_path / "task" / "arm"
        folder.mkdir(parents=True)
        with h5py.File(folder / "demo.hdf5", "w") as file:
            group = file.create_group("data/demo_1")
            group.attrs["model_file"] = model
            for name, values in {"states": states, **datasets}.items():
                group[name] = values
        return folder / "demo.hdf5"

    return write


def test_states_become_named_channels(recording):
    (one,) = load_robosuite_demonstrations(recording(actions=np.ones((30, 7))))
    assert one.name == "task/arm/demo_1"
    assert one.rate_hz == pytest.approx(20.0)
    kinds = {name: channel.kind for name, channel in one.channels.items()}
    assert kinds == {
        "ee_pose": ChannelKind.POSE,
        "gripper_width": ChannelKind.GRIPPER,
        "joint_position": ChannelKind.JOINT_POSITION,
        "joint_velocity": ChannelKind.JOINT_VELOCITY,
        "object_pose/cube": ChannelKind.OBJECT_POSE,
        "fixture/door_hinge": ChannelKind.FIXTURE,
        "action/ee_delta": ChannelKind.ACTION,
        "action/gripper": ChannelKind.ACTION,
    }
    assert one.channels["joint_position"].columns == ("j1", "j2")
    np.testing.assert_allclose(one.values("gripper_width"), 0.04)
    np.testing.assert_allclose(one.values("object_pose/cube")[0], [1, 2, 3, 1, 0, 0, 0])
    np.testing.assert_allclose(one.values("fixture/door_hinge")[-1], 0.4)


def test_the_hand_is_where_the_joints_put_it(recording):
    (one,) = load_robosuite_demonstrations(recording())
    pose = one.values("ee_pose")
    np.testing.assert_allclose(pose[0], [0.5, 0, 1, 1, 0, 0, 0], atol=1e-9)
    half = np.sqrt(0.5)
    np.testing.assert_allclose(pose[-1], [0, 0.5, 1, half, 0, 0, half], atol=1e-9)


def test_old_recordings_have_joint_velocity_commands(recording):
    file = recording(joint_velocities=np.ones((30, 7)), gripper_actuations=np.zeros((30, 1)))
    (one,) = load_robosuite_demonstrations(file)
    assert one.channels["action/joint_velocity"].unit == "rad/s"
    assert one.values("action/gripper").shape == (30, 1)


def test_two_arms_have_a_prefix_each(recording):
    (one,) = load_robosuite_demonstrations(recording(actions=np.ones((30, 14))))
    assert one.values("left/action/ee_delta").shape == (30, 6)
    assert one.values("right/action/gripper").shape == (30, 1)


def test_states_that_do_not_fit_the_model_are_refused(recording):
    file = recording(states=np.zeros((30, 9)))
    with pytest.raises(InputError, match=r"\(30, 9\).*nq 13 and nv 12.*\(T, 26\)"):
        load_robosuite_demonstrations(file)


def test_foreign_files_are_refused(tmp_path, recording):
    with pytest.raises(InputError, match="no file"):
        load_robosuite_demonstrations(tmp_path / "none.hdf5")
    (tmp_path / "text.hdf5").write_text("hello")
    with pytest.raises(InputError, match="is no HDF5 file"):
        load_robosuite_demonstrations(tmp_path / "text.hdf5")
    with h5py.File(tmp_path / "other.hdf5", "w") as file:
        file["weights"] = np.zeros(3)
    with pytest.raises(InputError, match=r"no data/demo_\*/states.*holds weights"):
        load_robosuite_demonstrations(tmp_path / "other.hdf5")
    with pytest.raises(InputError, match="model file is missing"):
        load_robosuite_demonstrations(recording(model="model_1.xml"))


def test_text_that_is_no_model_is_refused():
    with pytest.raises(InputError, match="no XML"):
        read_body_tree("<mujoco>")
    with pytest.raises(InputError, match="no <worldbody>"):
        read_body_tree("<mujoco/>")


def test_forward_kinematics_agrees_with_mujoco():
    mujoco = pytest.importorskip("mujoco")
    text = MODEL.replace('<body name="link">', '<body name="link" quat="0.8 0.6 0 0">')
    geom = '<geom size="0.01"/>'
    model = mujoco.MjModel.from_xml_string(text.replace("</body>", geom + "</body>"))
    data = mujoco.MjData(model)
    tree = read_body_tree(text)
    rng = np.random.default_rng(0)
    assert (tree.position_columns, tree.velocity_columns) == (model.nq, model.nv)
    for _ in range(5):
        data.qpos[:] = rng.normal(size=model.nq)
        mujoco.mj_normalizeQuat(model, data.qpos)
        mujoco.mj_kinematics(model, data)
        for name in ("hand", "left_finger", "cube", "door"):
            pose = tree.body_pose(name, data.qpos[None])[0]
            body = data.body(name)
            np.testing.assert_allclose(pose[:3], body.xpos, atol=1e-9)
            np.testing.assert_allclose(abs(pose[3:] @ body.xquat), 1.0, atol=1e-9)


@pytest.mark.skipif("ROBOT_SKILLS_DATA" not in os.environ, reason="needs ROBOT_SKILLS_DATA")
def test_human_long_horizon_recordings_have_their_known_events():
    demonstrations, boundaries = load_human_long_horizon(Path(os.environ["ROBOT_SKILLS_DATA"]))
    assert len(demonstrations) == 6
    assert sum(map(len, boundaries)) == 36
    for one, steps in zip(demonstrations, boundaries, strict=True):
        half_s = round(one.rate_hz / 2)
        kept = [c for c in one.channels.values() if c.kind is ChannelKind.OBJECT_POSE]
        height = np.stack([c.values[:, 2] for c in kept])
        for step in steps:
            after = min(step + half_s, one.steps - 1)
            assert np.abs(height[:, after] - height[:, step - half_s]).max() > 0.01


def test_missing_human_recordings_are_told(tmp_path):
    with pytest.raises(InputError, match=r"object_events\.json is missing"):
        load_human_long_horizon(tmp_path)
