"""SO-100 and SO-101 follower arms: five joints and a jaw on Feetech STS3215 servos."""

from robot_skills.deploy.drivers.so101.driver import So101Driver
from robot_skills.deploy.drivers.so101.halting import halt

__all__ = ["So101Driver", "halt"]
