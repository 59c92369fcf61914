"""Arms whose model is an MJCF file."""

from dataclasses import replace

import mujoco
import numpy as np
import pytest

from robot_skills.core.arm import load_arm
from robot_skills.core.arm_source import Box, FileModel
from robot_skills.core.errors import InputError
from robot_skills.paths import find
from robot_skills.sim.arm_model import ARM_BIT, arm_spec, model_digest, width_table
from robot_skills.sim.arm_names import EE_SITE, GRIPPER_PREFIX, JOINT_PREFIX

PROFILE = 'name = "tiny"\n[deploy]\n'
# Two joints and two fingers that slide apart, as little as an arm's file has to have.
TINY = """
<mujoco model="tiny">
  <compiler angle="radian"/>
  <worldbody>
    <body name="base">
      <geom type="cylinder" size="0.04 0.03"/>
      <body name="upper" pos="0 0 0.1">
        <joint name="one" axis="0 0 1" range="-2 2" armature="0.01" damping="0.5"/>
        <inertial pos="0 0 0" mass="1" diaginertia="0.01 0.01 0.01"/>
        <geom type="capsule" size="0.02 0.1"/>
        <geom name="paint" type="sphere" size="0.01" contype="0" conaffinity="0"/>
        <body name="hand" pos="0.2 0 0" quat="0 1 0 0">
          <joint name="two" axis="0 1 0" range="-2 2"/>
          <inertial pos="0 0 0" mass="1" diaginertia="0.01 0.01 0.01"/>
          <site name="grip_site" pos="0 0 0.1"/>
          <body name="left">
            <joint name="slide" type="slide" axis="1 0 0" range="0 0.04"/>
            <inertial pos="0 0 0" mass="0.1" diaginertia="1e-4 1e-4 1e-4"/>
            <geom name="pad_a" type="box" size=".01 .002 .01" pos=".002 0 .1" euler="0 0 1.5708"/>
          </body>
          <body name="right">
            <joint name="slide_too" type="slide" axis="1 0 0" range="-0.04 0"/>
            <inertial pos="0 0 0" mass="0.1" diaginertia="1e-4 1e-4 1e-4"/>
            <geom name="pad_b" type="box" size=".01 .002 .01" pos="-.002 0 .1" euler="0 0 1.5708"/>
          </body>
        </body>
      </body>
    </body>
  </worldbody>
  <actuator><position joint="one"/></actuator>
  <keyframe><key qpos="0 0 0 0"/></keyframe>
</mujoco>
"""


@pytest.fixture
def tiny(tmp_path):
    """A profile with the tiny file beside it."""
    (tmp_path / "tiny.xml").write_text(TINY)
    (tmp_path / "profile.toml").write_text(PROFILE)
    known = load_arm(find("assets/arms", "ur5e"))
    two = {
        field: values[:2]
        for field, values in vars(known).items()
        if isinstance(values, np.ndarray) and values.shape == (6,)
    }
    gripper = replace(
        known.gripper, driver="slide", pads=("pad_a", "pad_b"), couplings={"slide_too": -1.0}
    )
    model, file = FileModel("tiny.xml"), tmp_path / "profile.toml"
    named = {"name": "tiny", "joints": ("one", "two"), "gripper": gripper}
    return replace(known, **named, model=model, file=file, **two)


def test_parts_get_the_names_that_all_else_relies_on(tiny):
    model = arm_spec(tiny).compile()
    assert model.njnt == 4
    for name in ("one", "two"):
        assert model.joint(JOINT_PREFIX + name).dofadr[0] >= 0
        assert model.actuator(name).trnid[0] == model.joint(JOINT_PREFIX + name).id
    for name in ("slide", "slide_too"):
        assert model.joint(GRIPPER_PREFIX + name).dofadr[0] >= 0
    assert model.site(EE_SITE).bodyid == model.body(JOINT_PREFIX + "hand").id
    assert model.neq == 1
    assert model.nkey == 0


def test_what_touches_meets_the_environment_only(tiny):
    model = arm_spec(tiny).compile()
    touching = model.geom_contype > 0
    assert touching.sum() == model.ngeom - 1
    assert set(model.geom_contype[touching]) == {ARM_BIT}
    assert not model.geom_conaffinity.any()
    assert arm_spec(tiny, visual=False).compile().ngeom == model.ngeom - 1


def test_a_files_armature_and_damping_stay_and_the_range_is_the_profiles(tiny):
    joint = arm_spec(tiny).compile().joint(JOINT_PREFIX + "one")
    assert joint.damping[0] == pytest.approx(0.5)
    model = arm_spec(tiny).compile()
    assert model.dof_armature[joint.dofadr[0]] == pytest.approx(0.01)
    np.testing.assert_allclose(joint.range, [tiny.position_min[0], tiny.position_max[0]])


def test_width_is_the_distance_of_the_pads_faces(tiny):
    widths, joints = width_table(arm_spec(tiny).compile(), tiny)
    np.testing.assert_allclose(widths, 2 * joints, atol=1e-7)


def test_boxes_are_all_that_their_body_touches_with(tiny):
    box = Box("shell", "upper", np.array([0, 0, 0, 1.0, 0, 0, 0]), np.array([0.03, 0.03, 0.1]))
    model = arm_spec(replace(tiny, model=replace(tiny.model, boxes=(box,)))).compile()
    upper = model.geom_bodyid == model.body(JOINT_PREFIX + "upper").id
    touching = np.flatnonzero(upper & (model.geom_contype > 0))
    assert [model.geom(i).name for i in touching] == [JOINT_PREFIX + "shell"]


def test_the_end_effector_may_be_said_by_the_profile(tiny):
    (tiny.file.parent / "tiny.xml").write_text(
        TINY.replace('<site name="grip_site" pos="0 0 0.1"/>', "")
    )
    with pytest.raises(InputError, match="no site 'grip_site'"):
        arm_spec(tiny)
    pose = np.array([0.01, 0, 0.09, 1.0, 0, 0, 0])
    model = arm_spec(replace(tiny, model=replace(tiny.model, ee_body="hand", ee_pose=pose)))
    np.testing.assert_allclose(model.compile().site(EE_SITE).pos, pose[:3])


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ('name="slide"', 'name="slid"', "no joint 'slide'.*slid"),
        ('name="pad_b"', 'name="pad"', "no geom 'pad_b'"),
        ('<body name="base">', '<body name="other"/><body name="base">', "one body.*found 2"),
        ("<worldbody>", "<world>", "tiny.xml: "),
        ('joint name="two"', 'joint name="three"', r"no joint 'two' \(it has \['one', 'three'"),
    ],
)
def test_what_a_file_lacks_is_named(tiny, before, after, message):
    (tiny.file.parent / "tiny.xml").write_text(TINY.replace(before, after))
    with pytest.raises(InputError, match=message):
        arm_spec(tiny)


def test_a_missing_file_and_a_missing_package_are_named(tiny):
    with pytest.raises(InputError, match=r"there is no model .*none\.xml"):
        arm_spec(replace(tiny, model=FileModel("none.xml")))
    absent = FileModel("arm.xml", package="no_such_package_of_arms", extra="so101")
    with pytest.raises(InputError, match=r"pip install \"robot-skills\[so101\]\""):
        arm_spec(replace(tiny, model=absent))


def test_the_models_hash_changes_with_the_file_and_not_with_the_driver(tiny):
    before = model_digest(tiny)
    tiny.file.write_text(PROFILE + "rate_hz = 1")
    assert model_digest(tiny) == before
    (tiny.file.parent / "tiny.xml").write_text(TINY + " ")
    assert model_digest(tiny) != before


def test_gravity_is_left_to_the_arms_controller(tiny):
    model = arm_spec(tiny).compile()
    data = mujoco.MjData(model)
    mujoco.mj_forward(model, data)
    np.testing.assert_allclose(data.qfrc_bias - data.qfrc_gravcomp, 0.0, atol=1e-12)
