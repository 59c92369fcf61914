"""Control steps a second beside robosuite: one core, one process, rounds in turn.

Ours is the whole `env.step` of robot_skills/Blocks-v0 (inverse kinematics, physics, observation,
facts, reward) with five blocks and no camera; theirs is UR5e Stack with OSC_POSE, also at 20 Hz
with 2 ms physics, without renderer and camera. Writes docs/results/sim.json.
"""

import argparse
import contextlib
import io
import logging
import multiprocessing
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from results import Figure, write_results

if TYPE_CHECKING:
    import numpy as np

Step = Callable[["np.ndarray[Any, Any]"], object]

RATE_HZ = 20
GOAL = "on(red, blue)"  # given as text, it has all five blocks on the table
ACTION_RANGE = 0.5
CONFIDENCE_PERCENT = (2.5, 97.5)


def our_environment(seed: int) -> tuple[Step, int]:
    """`step` of the registered environment after a reset, and the size of its action."""
    import gymnasium

    from robot_skills.sim.registration import register_environments

    register_environments()
    environment = gymnasium.make("robot_skills/Blocks-v0", goal=GOAL, max_episode_steps=10**9)
    environment.reset(seed=seed)
    return environment.step, environment.action_space.shape[0]


def their_environment(_: int) -> tuple[Step, int]:
    """`step` of robosuite's UR5e Stack after a reset, and the size of its action; takes no seed."""
    logging.disable(logging.WARNING)
    with contextlib.redirect_stdout(io.StringIO()):
        import robosuite
        from robosuite.controllers import load_composite_controller_config

        controller = load_composite_controller_config(controller="BASIC", robot="UR5e")
        assert controller["body_parts"]["right"]["type"] == "OSC_POSE"
        environment = robosuite.make(
            "Stack",
            robots="UR5e",
            controller_configs=controller,
            has_renderer=False,
            has_offscreen_renderer=False,
            use_camera_obs=False,
            control_freq=RATE_HZ,
            ignore_done=True,
        )
        environment.reset()
    return environment.step, environment.action_dim


ENVIRONMENTS = {"robot_skills": our_environment, "robosuite": their_environment}


def steps_per_s(step: Step, actions: "np.ndarray[Any, Any]") -> float:
    """Control steps a second over `actions` (T, A)."""
    start = time.perf_counter()
    for action in actions:
        step(action)
    return len(actions) / (time.perf_counter() - start)


def measure_speed(rounds: int, steps: int, seed: int) -> dict[str, "np.ndarray[Any, Any]"]:
    """Control steps a second in each round, by environment; the rounds take turns."""
    import numpy as np

    rng = np.random.default_rng(seed)
    made = {name: make(seed) for name, make in ENVIRONMENTS.items()}
    speeds: dict[str, list[float]] = {name: [] for name in made}
    for number in range(rounds + 1):
        for name, (step, size) in made.items():
            actions = rng.uniform(-ACTION_RANGE, ACTION_RANGE, (steps, size)).astype(np.float32)
            speed = steps_per_s(step, actions)
            speeds[name].append(speed)
        print(f"round {number}: " + ", ".join(f"{n} {v[-1]:.0f}/s" for n, v in speeds.items()))
    return {name: np.array(found[1:]) for name, found in speeds.items()}  # the first warms up


def peak_memory_mb(name: str) -> float:
    """Peak resident memory in MB of this process once it has made one environment and stepped."""
    import numpy as np

    step, size = ENVIRONMENTS[name](0)
    steps_per_s(step, np.zeros((20, size), np.float32))
    # Not getrusage's figure: that one counts what the parent used before it started this process.
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return float(status["VmHWM"].split()[0]) / 1024


def median_with_interval(values: "np.ndarray[Any, Any]", seed: int) -> tuple[float, float, float]:
    """Median of values (N,) and its 95 % bootstrap interval."""
    import numpy as np

    drawn = np.random.default_rng(seed).choice(values, (2000, len(values)))
    low, high = np.percentile(np.median(drawn, axis=1), CONFIDENCE_PERCENT)
    return float(np.median(values)), float(low), float(high)


def figures(rounds: int, steps: int, seed: int) -> dict[str, Figure]:
    """Everything this benchmark measures, by name."""
    speeds = measure_speed(rounds, steps, seed)
    with multiprocessing.get_context("spawn").Pool(1, maxtasksperchild=1) as pool:
        memory = {name: pool.apply(peak_memory_mb, [name]) for name in ENVIRONMENTS}

    def figure(values: "np.ndarray[Any, Any]", unit: str, note: str) -> Figure:
        value, low, high = median_with_interval(values, seed)
        return Figure(value, unit, low, high, rounds, note)

    ours, theirs = speeds["robot_skills"], speeds["robosuite"]
    note = f"median of rounds of {steps} steps on one core"
    return {
        "control_steps_per_s": figure(ours, "1/s", f"{note}; Blocks-v0, five blocks"),
        "robosuite_control_steps_per_s": figure(theirs, "1/s", f"{note}; UR5e Stack, OSC_POSE"),
        "ratio_to_robosuite": figure(ours / theirs, "", "round by round"),
        "memory_mb": Figure(
            memory["robot_skills"], "MB", note="peak of a process with one of ours"
        ),
        "robosuite_memory_mb": Figure(
            memory["robosuite"], "MB", note="the same with one of theirs"
        ),
    }


def main() -> None:
    """Measure, print and write docs/results/sim.json."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--steps", type=int, default=200, help="control steps a round")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(cores)})
    found = figures(given.rounds, given.steps, given.seed)
    os.sched_setaffinity(0, cores)  # so that the machine is described with all of them
    for name, figure in found.items():
        interval = "" if figure.low is None else f" [{figure.low:.2f}, {figure.high:.2f}]"
        print(f"{name:<32}{figure.value:9.2f}{interval} {figure.unit}")
    print(f"written: {write_results('sim', found, [given.seed])}")


if __name__ == "__main__":
    main()
