"""An arm's MJCF file as a spec whose parts have the names of arm_names."""

import hashlib
import importlib.util
from pathlib import Path
from typing import Any

import mujoco

from robot_skills.core.arm import ArmProfile
from robot_skills.core.arm_source import Box, FileModel
from robot_skills.core.errors import InputError, unknown_name
from robot_skills.sim.arm_names import EE_SITE, GRIPPER_PREFIX, JOINT_PREFIX, SITE

CONTACT = [0.004, 1.0]  # solref s, -: hard plastic that sinks in by tenths of a millimetre


def file_spec(arm: ArmProfile, source: FileModel) -> mujoco.MjSpec:
    """Spec of the arm's file; raises InputError where it is missing or lacks what it must have."""
    file = model_file(arm, source)
    try:
        own = mujoco.MjSpec.from_file(str(file))
    except ValueError as error:
        raise InputError(f"{file}: {error}") from None
    roots = own.worldbody.bodies
    if len(roots) != 1:
        raise InputError(f"{file}: an arm is one body with all others in it; found {len(roots)}")
    for key in list(own.keys):
        own.delete(key)
    _add_site(own, source, file)
    for box in source.boxes:
        _part(own.bodies, box.body, "body", file)
    for name in {box.body for box in source.boxes}:
        _touch_with(own.body(name), [box for box in source.boxes if box.body == name])
    spec = mujoco.MjSpec()
    spec.modelname = own.modelname
    spec.worldbody.add_frame().attach_body(roots[0], JOINT_PREFIX, "")
    _name_gripper(spec, arm, file)
    return spec


def model_file(arm: ArmProfile, source: FileModel) -> Path:
    """The MJCF file; InputError says what to install where its package is missing."""
    folder = arm.file.parent
    if source.package:
        found = importlib.util.find_spec(source.package)
        if found is None or not found.submodule_search_locations:
            extra = f'"robot-skills[{source.extra}]"' if source.extra else source.package
            raise InputError(
                f"the model of {arm.name} is in the package {source.package}, which is missing; "
                f"install it with: pip install {extra}"
            )
        folder = Path(found.submodule_search_locations[0])
    file = folder / source.file
    if not file.is_file():
        raise InputError(f"{arm.file}: there is no model {file}")
    return file


def file_digest(arm: ArmProfile, source: FileModel) -> bytes:
    """SHA-256 of the arm's MJCF file."""
    return hashlib.sha256(model_file(arm, source).read_bytes()).digest()


def _add_site(spec: mujoco.MjSpec, source: FileModel, file: Path) -> None:
    if source.ee_pose is not None:
        body = _part(spec.bodies, source.ee_body, "body", file)
        body.add_site(name=SITE, pos=source.ee_pose[:3], quat=source.ee_pose[3:])
    _part(spec.sites, SITE, "site", file)


def _touch_with(body: mujoco.MjsBody, boxes: list[Box]) -> None:
    """Let a body touch with boxes only; what it touched with before is drawn at most."""
    for geom in body.geoms:
        geom.contype = geom.conaffinity = 0
    for box in boxes:
        body.add_geom(
            name=box.name,
            type=mujoco.mjtGeom.mjGEOM_BOX,
            pos=box.pose[:3],
            quat=box.pose[3:],
            size=box.half_extents_m,
            contype=1,
            conaffinity=1,
            solref=CONTACT,
            condim=4,
            mass=0.0,
        )


def _name_gripper(spec: mujoco.MjSpec, arm: ArmProfile, file: Path) -> None:
    gripper = arm.gripper
    for name in (gripper.driver, *gripper.couplings):
        _rename(_part(spec.joints, JOINT_PREFIX + name, "joint", file), name)
    for name in gripper.pads:
        _rename(_part(spec.geoms, JOINT_PREFIX + name, "geom", file), name)
    spec.site(JOINT_PREFIX + SITE).name = EE_SITE


def _rename(part: mujoco.MjsJoint | mujoco.MjsGeom, name: str) -> None:
    part.name = GRIPPER_PREFIX + name


def _part(parts: list[Any], name: str, kind: str, file: Path) -> Any:
    for part in parts:
        if part.name == name:
            return part
    known = [part.name.removeprefix(JOINT_PREFIX) for part in parts if part.name]
    raise InputError(f"{file}: {unknown_name(kind, name.removeprefix(JOINT_PREFIX), known)}")
