"""Lives in LeRobot's environment: its robots served to robot-skills, and ours offered to it."""

from .arm import RobotSkillsArm, RobotSkillsArmConfig

__all__ = ["RobotSkillsArm", "RobotSkillsArmConfig"]
