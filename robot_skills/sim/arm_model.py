"""An arm with its gripper as a MuJoCo spec: somebody's links, our servo and gripper couplings."""

import mujoco
import numpy as np
from numpy.typing import NDArray

from robot_skills.core.arm import ArmProfile
from robot_skills.core.arm_source import FileModel, RobosuiteModel
from robot_skills.core.errors import InputError
from robot_skills.sim.arm_file import file_digest, file_spec
from robot_skills.sim.arm_names import EE_SITE, GRIPPER_PREFIX, JOINT_PREFIX
from robot_skills.sim.decimate import decimate_visual_meshes
from robot_skills.sim.robosuite_arm import robosuite_arm_xml

Floats = NDArray[np.float64]

GRIPPER_ACTUATOR = "gripper"
GRIPPER_BANDWIDTH = 60.0  # rad/s; fast against a 20 Hz control step, slow against 2 ms physics
GRIPPER_YIELD_M = 0.005  # width error at which the full force is reached
ARM_ARMATURE = 0.1  # kg m^2, reflected rotor inertia of a geared joint of this size
ARM_BIT = 2  # contact bit of arm geoms: they meet the environment, never each other
HIDDEN_GROUP = 4  # not drawn by default


def arm_spec(arm: ArmProfile, visual: bool = True) -> mujoco.MjSpec:
    """Spec of the arm with position servos; `visual=False` drops everything only a camera sees.

    All that is above relies on the names of arm_names, here and in the compiled model: bodies,
    arm joints and assets begin with JOINT_PREFIX, gripper joints and pads with GRIPPER_PREFIX, the
    end-effector is the site EE_SITE. An MJCF file of one's own is renamed so; it has to have
    - one root body, the base, with all others in it; angles in radians;
    - the joints of the profile by their names, with their range, armature, damping and
      frictionloss (the servos come from the profile; actuators, sensors, tendons, keys and cameras
      of the file are left out);
    - masses and inertias of its own for every moving body (a geom that touches nothing weighs
      nothing here);
    - what touches with contype or conaffinity, what is only seen with neither (meshes, too);
    - a site `grip_site` where a small thing is grasped: z along the approach, x along the axis on
      which the jaws close; at the arm's home z points down, x along the world's x;
    - the gripper's `driver` joint with a range, over which the width only rises or only falls, and
      the joints that `couplings` let follow it;
    - two pads, boxes whose y axis is the closing axis where the jaws are parallel: the width is
      the distance of their faces along x of the site.
    Raises InputError naming what is missing.
    """
    spec = _source_spec(arm)
    for part in [*spec.actuators, *spec.tendons, *spec.sensors, *spec.keys, *spec.cameras]:
        spec.delete(part)
    for body in spec.bodies:
        body.gravcomp = 1.0
    _set_geoms(spec, visual)
    if visual:
        decimate_visual_meshes(spec, arm.reach_m)
    else:
        _drop_unused_meshes(spec)
    for site in spec.sites:
        site.group = HIDDEN_GROUP
    _add_servos(spec, arm)
    _couple_gripper(spec, arm)
    return spec


def _source_spec(arm: ArmProfile) -> mujoco.MjSpec:
    if isinstance(arm.model, FileModel):
        return file_spec(arm, arm.model)
    return mujoco.MjSpec.from_string(robosuite_arm_xml(arm.model.robot, arm.model.gripper))


def model_digest(arm: ArmProfile) -> bytes:
    """What an arm's model is made from: its profile but for [deploy], and its MJCF file."""
    profile = arm.file.read_bytes().split(b"\n[deploy]")[0]
    return (
        profile if isinstance(arm.model, RobosuiteModel) else profile + file_digest(arm, arm.model)
    )


def _set_geoms(spec: mujoco.MjSpec, visual: bool) -> None:
    for geom in list(spec.geoms):
        if geom.contype == 0 and geom.conaffinity == 0:
            geom.mass = 0.0  # so that leaving it out changes nothing, to the bit
            if not visual:
                spec.delete(geom)
            continue
        geom.contype, geom.conaffinity = ARM_BIT, 0
        geom.group = HIDDEN_GROUP


def _drop_unused_meshes(spec: mujoco.MjSpec) -> None:
    used = {geom.meshname for geom in spec.geoms}
    for mesh in list(spec.meshes):
        if mesh.name not in used:
            spec.delete(mesh)


def _add_servos(spec: mujoco.MjSpec, arm: ArmProfile) -> None:
    for index, name in enumerate(arm.joints):
        joint = spec.joint(JOINT_PREFIX + name)
        if joint is None:
            known = [j.name.removeprefix(JOINT_PREFIX) for j in spec.joints]
            raise InputError(f"{arm.name}: the model has no joint {name!r} (it has {known})")
        if isinstance(arm.model, RobosuiteModel):
            joint.armature = ARM_ARMATURE
        joint.range = [arm.position_min[index], arm.position_max[index]]
        servo = spec.add_actuator(name=name, target=joint.name)
        servo.trntype = mujoco.mjtTrn.mjTRN_JOINT
        servo.dyntype = mujoco.mjtDyn.mjDYN_FILTEREXACT
        servo.dynprm[0] = arm.servo_lag_s
        servo.gainprm[0] = arm.servo_stiffness[index]
        servo.biastype = mujoco.mjtBias.mjBIAS_AFFINE
        servo.biasprm[1] = -arm.servo_stiffness[index]
        servo.biasprm[2] = -arm.servo_damping[index]
        servo.forcerange = [-arm.servo_force_max[index], arm.servo_force_max[index]]
        servo.ctrlrange = [arm.position_min[index], arm.position_max[index]]


def _couple_gripper(spec: mujoco.MjSpec, arm: ArmProfile) -> None:
    gripper = arm.gripper
    driver = spec.joint(GRIPPER_PREFIX + gripper.driver)
    if gripper.driver_range_rad is not None:
        driver.range = gripper.driver_range_rad
    for follower, ratio in gripper.couplings.items():
        joint = spec.joint(GRIPPER_PREFIX + follower)
        joint.damping[:] = 0.0
        joint.armature = 1e-4
        joint.limited = mujoco.mjtLimited.mjLIMITED_FALSE
        equality = spec.add_equality(type=mujoco.mjtEq.mjEQ_JOINT)
        equality.objtype = mujoco.mjtObj.mjOBJ_JOINT
        equality.name1, equality.name2 = joint.name, driver.name
        equality.data[:5] = [0.0, ratio, 0.0, 0.0, 0.0]
        equality.solref[:] = [0.004, 1.0]
    actuator = spec.add_actuator(name=GRIPPER_ACTUATOR, target=driver.name)
    actuator.trntype = mujoco.mjtTrn.mjTRN_JOINT
    actuator.ctrlrange = driver.range


def tune_gripper(model: mujoco.MjModel, arm: ArmProfile, width_per_rad: float) -> None:
    """Set the driver's servo in a compiled model so that the pads press with the profile's force.

    By virtual work, a driver torque t presses with t / (d width / d joint).
    """
    force, slope = arm.gripper.force_n, abs(width_per_rad)
    stiffness = force * slope**2 / GRIPPER_YIELD_M
    armature = stiffness / GRIPPER_BANDWIDTH**2
    actuator = model.actuator(GRIPPER_ACTUATOR).id
    model.actuator_gainprm[actuator, 0] = stiffness
    model.actuator_biastype[actuator] = mujoco.mjtBias.mjBIAS_AFFINE
    damping = 2 * armature * GRIPPER_BANDWIDTH
    model.actuator_biasprm[actuator, :3] = [0.0, -stiffness, -damping]
    model.actuator_forcelimited[actuator] = 1
    model.actuator_forcerange[actuator] = [-force * slope, force * slope]
    model.dof_armature[model.joint(GRIPPER_PREFIX + arm.gripper.driver).dofadr[0]] = armature


def width_table(model: mujoco.MjModel, arm: ArmProfile) -> tuple[Floats, Floats]:
    """Gripper width (K,) m, rising, at driver joint values (K,), from the pads' distance."""
    data = mujoco.MjData(model)
    gripper = arm.gripper
    driver = model.joint(GRIPPER_PREFIX + gripper.driver)
    values = np.linspace(driver.range[0], driver.range[1], 60)
    widths = np.array([_width_at(model, data, arm, float(value)) for value in values])
    order = np.argsort(widths)
    return widths[order], values[order]


def _width_at(
    model: mujoco.MjModel, data: mujoco.MjData, arm: ArmProfile, driver_value: float
) -> float:
    gripper = arm.gripper
    data.qpos[model.joint(GRIPPER_PREFIX + gripper.driver).qposadr[0]] = driver_value
    for follower, ratio in gripper.couplings.items():
        data.qpos[model.joint(GRIPPER_PREFIX + follower).qposadr[0]] = ratio * driver_value
    mujoco.mj_kinematics(model, data)
    pads = [model.geom(GRIPPER_PREFIX + name).id for name in gripper.pads]
    between = data.geom_xpos[pads[0]] - data.geom_xpos[pads[1]]
    closing_axis = data.site(EE_SITE).xmat.reshape(3, 3)[:, 0]
    thickness = float(model.geom_size[pads[0], 1] + model.geom_size[pads[1], 1])
    return abs(float(between @ closing_axis)) - thickness
