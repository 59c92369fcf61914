"""The robot model that the controller hands to its client: kinematics, limits, rough inertias.

Joint frames: Franka Control Interface documentation, Denavit-Hartenberg parameters of the FR3.
The masses are round numbers of our own, as the vendor publishes none.
"""

import math
from xml.etree import ElementTree

from robot_skills.deploy.twins.franka import limits

_Q = math.pi / 2
_ORIGINS = (  # x, y, z of each joint in the link before, and its turn about x
    (0.0, 0.0, 0.333, 0.0),
    (0.0, 0.0, 0.0, -_Q),
    (0.0, -0.316, 0.0, _Q),
    (0.0825, 0.0, 0.0, _Q),
    (-0.0825, 0.384, 0.0, -_Q),
    (0.0, 0.0, 0.0, _Q),
    (0.088, 0.0, 0.0, _Q),
    (0.0, 0.0, 0.107, 0.0),
)
_MASSES_KG = (3.0, 3.0, 3.0, 3.0, 2.5, 2.5, 1.5, 0.5, 0.1)
_INERTIA_KG_M2 = 0.02
_TORQUES_NM = (87.0, 87.0, 87.0, 87.0, 12.0, 12.0, 12.0)


def robot_model() -> str:
    """URDF of the arm without its hand: links fr3_link0 to fr3_link8, joints fr3_joint1 to 8."""
    robot = ElementTree.Element("robot", name="fr3")
    for number, mass_kg in enumerate(_MASSES_KG):
        _add_link(robot, number, mass_kg)
    for number, origin in enumerate(_ORIGINS, start=1):
        _add_joint(robot, number, origin)
    return ElementTree.tostring(robot, encoding="unicode")


def _add_link(robot: ElementTree.Element, number: int, mass_kg: float) -> None:
    link = ElementTree.SubElement(robot, "link", name=f"fr3_link{number}")
    inertial = ElementTree.SubElement(link, "inertial")
    ElementTree.SubElement(inertial, "origin", xyz="0 0 0", rpy="0 0 0")
    ElementTree.SubElement(inertial, "mass", value=str(mass_kg))
    moments = {axis: str(_INERTIA_KG_M2) for axis in ("ixx", "iyy", "izz")}
    ElementTree.SubElement(inertial, "inertia", {**moments, "ixy": "0", "ixz": "0", "iyz": "0"})


def _add_joint(
    robot: ElementTree.Element, number: int, origin: tuple[float, float, float, float]
) -> None:
    fixed = number == len(_ORIGINS)
    kind = "fixed" if fixed else "revolute"
    joint = ElementTree.SubElement(robot, "joint", name=f"fr3_joint{number}", type=kind)
    x, y, z, roll = origin
    ElementTree.SubElement(joint, "origin", xyz=f"{x} {y} {z}", rpy=f"{roll} 0 0")
    ElementTree.SubElement(joint, "parent", link=f"fr3_link{number - 1}")
    ElementTree.SubElement(joint, "child", link=f"fr3_link{number}")
    if fixed:
        return
    ElementTree.SubElement(joint, "axis", xyz="0 0 1")
    bounds = limits.of_joint(number - 1)
    ElementTree.SubElement(joint, "limit", {**bounds.range, "effort": str(_TORQUES_NM[number - 1])})
    ElementTree.SubElement(joint, "position_based_velocity_limits", bounds.slope)
