"""What parts of an arm are called in every compiled model, wherever its model comes from."""

JOINT_PREFIX = "robot0_"
GRIPPER_PREFIX = "gripper0_right_"
SITE = "grip_site"
EE_SITE = GRIPPER_PREFIX + SITE
