"""Which twin belongs to which arm; each family's protocols are imported only when asked for."""

from robot_skills.core.arm import ArmProfile
from robot_skills.core.errors import InputError, unknown_name
from robot_skills.deploy.twins.controller import Note, TwinController
from robot_skills.deploy.twins.gap import Gap
from robot_skills.deploy.twins.physics import TwinPhysics

OWN_CLOCKS = {"franka": "sim"}
TICKS_S = {"ur": 0.002, "franka": 0.001, "xarm": 0.002, "so101": 0.002, "ros2": 0.002}


def tick_of(arm: ArmProfile) -> float:
    """One step of physics in s: the controller's own cycle where it has one."""
    return TICKS_S[_family(arm)]


def clock_of(arm: ArmProfile, asked: str) -> str:
    """The clock "wall" or "sim" that is `asked` for, the family's own where none is."""
    clock = asked or OWN_CLOCKS.get(_family(arm), "wall")
    if clock not in ("wall", "sim"):
        raise unknown_name("clock", clock, ["wall", "sim"])
    return clock


def make_controller(
    host: str, arm: ArmProfile, physics: TwinPhysics, gap: Gap, note: Note, clock: str
) -> TwinController:
    """The controller of an arm's family, before `physics`; InputError where there is none.

    `clock` is "wall", or "sim" where exchanged packets may drive the arm's time.
    """
    if _family(arm) == "ur":
        from robot_skills.deploy.twins.ur.controller import UrController

        return UrController(host, arm, physics, gap, note)
    if _family(arm) == "franka":
        from robot_skills.deploy.twins.franka.controller import FrankaController

        return FrankaController(host, arm, physics, gap, note, lockstep=clock == "sim")
    if _family(arm) == "ros2":
        from robot_skills.deploy.twins.ros2.controller import Ros2Controller

        return Ros2Controller(host, arm, physics, gap, note)
    if _family(arm) == "xarm":
        from robot_skills.deploy.twins.xarm.controller import XArmController

        return XArmController(host, arm, physics, gap, note)
    if _family(arm) == "so101":
        from robot_skills.deploy.twins.so101.controller import So101Controller

        return So101Controller(host, arm, physics, gap, note)
    raise InputError(f"there is no twin of {arm.name} yet; there are those of {sorted(TICKS_S)}")


def _family(arm: ArmProfile) -> str:
    if arm.deploy is None or arm.deploy.driver not in TICKS_S:
        raise InputError(
            f"{arm.file}: no twin for this arm; [deploy] driver must be one of {sorted(TICKS_S)}"
        )
    return arm.deploy.driver
