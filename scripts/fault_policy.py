"""A policy in a process of its own for bench_faults.py: it moves the arm until it is killed.

    python scripts/fault_policy.py ur5e 127.0.0.2

prints "moving" once it does.
"""

import sys

import numpy as np
from fault_rig import ENVIRONMENTS, SWAY_HZ, SWAY_RAD

from robot_skills.core.task_file import load_task
from robot_skills.deploy.connect import arm_address, connected_robot
from robot_skills.paths import find


def main(name: str, address: str) -> None:
    """Swing the first joint for ever."""
    task = load_task(find("envs", ENVIRONMENTS[name]))
    folder = find("assets/arms", name)
    with connected_robot(arm_address(address, folder), task, None, None, None) as robot:
        state = robot.state()
        steps = 0
        while True:
            target = state.joint_position_rad.copy()
            target[0] += SWAY_RAD * np.sin(2 * np.pi * SWAY_HZ * steps / task.rate_hz)
            robot.act(target, state.gripper_width_m or 0.0)
            steps += 1
            if steps == round(task.rate_hz):
                print("moving", flush=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
