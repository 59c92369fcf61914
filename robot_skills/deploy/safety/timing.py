"""What the safety layer costs a control period on this computer."""

import time

import numpy as np

from robot_skills.core.arm import ArmProfile
from robot_skills.core.task import Task
from robot_skills.deploy.driver import ArmState
from robot_skills.deploy.safety.layer import SafetyLayer
from robot_skills.deploy.safety.settings import safety_settings
from robot_skills.deploy.safety.verdict import Cycle

RATE_HZ = 125.0  # of an arm whose profile tells none
TARGET_S = 0.05  # between two targets of a policy
SWING_RAD = 0.1
LAG_S = 0.05
WARM_UP = 200


def safety_cost_us(
    arm: ArmProfile, task: Task | None = None, periods: int = 5000
) -> dict[str, float]:
    """Time in us of one `check` and one `advance` together: p50, p99 and max over moving periods.

    All joints of an arm that follows with a lag swing about home, each at its own rate.
    """
    period_s = 1.0 / (arm.deploy.rate_hz if arm.deploy is not None else RATE_HZ)
    layer = SafetyLayer(arm, task, safety_settings(arm), period_s, True)
    share = 1.0 - np.exp(-period_s / LAG_S)
    measured, load = arm.home, np.zeros(arm.dof)
    goal, due_s = measured, 0.0
    costs_us = np.empty(periods)
    for count in range(periods):
        time_s = count * period_s
        if time_s >= due_s:
            due_s += TARGET_S
            goal = arm.home + SWING_RAD * np.sin(due_s * np.arange(1, arm.dof + 1))
        state = ArmState(time_s, measured, np.zeros(arm.dof), "running", None, load=load)
        cycle = Cycle(time_s, heartbeat_age_s=0.0)
        start_ns = time.perf_counter_ns()
        layer.check(state, cycle, goal)
        sent = layer.advance(goal, due_s - time_s, state, period_s)
        costs_us[count] = (time.perf_counter_ns() - start_ns) / 1000
        measured = measured + (sent - measured) * share
    kept = costs_us[min(WARM_UP, periods // 2) :]
    return {
        "p50": float(np.median(kept)),
        "p99": float(np.quantile(kept, 0.99)),
        "max": float(kept.max()),
    }
