"""How late the control loop begins its cycles, at four rates, as an ordinary process and by FIFO.

    python scripts/bench_loop.py [--seconds 60]

Each run is a process of its own with the whole loop in it: a UR5e that MuJoCo simulates as driver,
the safety layer, the path, shared memory, and a policy in another process that writes a target 20
times a second. A cycle is late by the time from when it was due to when it began. The FIFO runs
have priority 50, one core to themselves and locked memory. Writes docs/results/loop.json.
"""

import gc
import multiprocessing
import os
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
import tyro
from results import RESULTS, Figure, write_results

from robot_skills import paths
from robot_skills.core.arm import ArmProfile, load_arm
from robot_skills.core.errors import InputError
from robot_skills.core.task_file import load_task
from robot_skills.deploy.control.channel import LineChannel
from robot_skills.deploy.control.chunk import JointChunk, write_chunk
from robot_skills.deploy.control.links import Links, Patience, WatchdogSight
from robot_skills.deploy.control.loop import ControlLoop
from robot_skills.deploy.control.memory import ArmMemory
from robot_skills.deploy.control.pace import Pace
from robot_skills.deploy.control.scheduling import pin, schedule
from robot_skills.deploy.drivers.mujoco import MujocoDriver
from robot_skills.deploy.safety.layer import SafetyLayer
from robot_skills.deploy.safety.settings import SafetySettings, safety_settings
from robot_skills.deploy.safety.timing import safety_cost_us
from robot_skills.deploy.settings import ControlSettings

ARM, ENVIRONMENT = "ur5e", "blocks"
RATES_HZ = (50, 125, 500, 1000)
POLICY_HZ = 20.0
SWING_RAD = 0.1
PRIORITY = 50
SHARES = {"p50": 0.5, "p99": 0.99, "p999": 0.999, "max": 1.0}
# Lateness is what is measured here: nothing may stop the loop for it.
NEVER = {"overruns_max": 10**9, "watchdog_s": 1e9, "stale_stop_s": 1e9}


@dataclass(frozen=True)
class Run:
    """What one run of the loop showed."""

    lateness_ms: dict[str, float]
    cycles: int
    overruns: int


@dataclass(frozen=True)
class Bench:
    """Measure the control loop's lateness and what the safety layer costs."""

    seconds: float = 30.0
    """How long each of the eight runs takes."""

    rates: tuple[int, ...] = RATES_HZ
    """Cycles a second."""

    results: Path = RESULTS
    """Folder for loop.json."""

    def figures(self) -> Iterator[tuple[str, Figure]]:
        """Every figure by name, as soon as it is known."""
        arm, task = (
            load_arm(paths.find("assets/arms", ARM)),
            load_task(paths.find("envs", "blocks")),
        )
        core = max(os.sched_getaffinity(0))
        fifo = ControlSettings(priority=PRIORITY, cores=(core,), lock_memory=True)
        for prefix, settings in (("", ControlSettings()), ("fifo/", fifo)):
            for rate_hz in self.rates:
                yield from self._rate(prefix, replace(settings, rate_hz=float(rate_hz)), arm)
        cost_us = safety_cost_us(arm, task)
        note = "one check and one advance, UR5e over the blocks task's table"
        yield "safety_us", Figure(cost_us["p50"], "us", note=f"{note}; median")
        yield "safety_p99_us", Figure(cost_us["p99"], "us", note=note)

    def _rate(
        self, prefix: str, settings: ControlSettings, arm: ArmProfile
    ) -> Iterator[tuple[str, Figure]]:
        rate_hz = round(settings.rate_hz)
        names = [f"lateness_{share}_ms" for share in SHARES]
        try:
            run = measure(settings, arm, self.seconds)
        except InputError as error:
            for name in (*names, "overruns"):
                yield f"{prefix}{name}/{rate_hz}", Figure(None, "ms", note=f"not run: {error}")
            return
        for name, share in zip(names, SHARES, strict=True):
            yield f"{prefix}{name}/{rate_hz}", Figure(run.lateness_ms[share], "ms", n=run.cycles)
        note = f"cycles that took more than their period, of {run.cycles}"
        yield f"{prefix}overruns/{rate_hz}", Figure(run.overruns, "cycles", n=run.cycles, note=note)


def measure(settings: ControlSettings, arm: ArmProfile, seconds: float) -> Run:
    """Run the loop in a process of its own, and be its policy; InputError where FIFO is refused."""
    memory = ArmMemory.create(arm.dof)
    ours, theirs = socket.socketpair()
    watchdog, peer = socket.socketpair()
    answer, told = multiprocessing.Pipe(duplex=False)
    links = (memory.descriptor, theirs.fileno(), watchdog.fileno())
    window = round(1.1 * seconds * settings.rate_hz) + 100
    process = multiprocessing.get_context("fork").Process(
        target=_loop, args=(links, settings, arm, window, told)
    )
    process.start()
    _policy(memory, arm, seconds, answer)
    LineChannel(ours).send({"close": True})
    found = answer.recv_bytes().decode() if answer.poll(10.0) else "the loop gave no answer"
    process.join()
    memory.close()
    for end in (ours, theirs, watchdog, peer):
        end.close()
    return _read(found)


def _policy(memory: ArmMemory, arm: ArmProfile, seconds: float, answer: Connection) -> None:
    """Swing every joint about home, in robot time; ends early where the loop did."""
    while not (memory.reading.fetch() or answer.poll(0.01)):
        pass  # the scene is being built
    end_s = time.monotonic() + seconds
    while time.monotonic() < end_s and not answer.poll(0):
        memory.beats.caller_s = time.monotonic()
        memory.reading.fetch()
        due_s = float(memory.reading.record["robot_time_s"]) + 1.5 / POLICY_HZ
        goal = arm.home + SWING_RAD * np.sin(due_s * (1 + np.arange(arm.dof) / 4)) * min(due_s, 1)
        write_chunk(
            memory.chunk,
            JointChunk(np.array([due_s]), goal[np.newaxis], np.array([0.05])),
            time.monotonic(),
        )
        time.sleep(1.0 / POLICY_HZ)


def _loop(
    links: tuple[int, int, int],
    settings: ControlSettings,
    arm: ArmProfile,
    window: int,
    told: Connection,
) -> None:
    """The control process: tells its quantiles, or why it may not run."""
    try:
        told.send_bytes(_run_loop(links, settings, arm, window).encode())
    except InputError as error:
        told.send_bytes(f"refused {error}".encode())


def _run_loop(
    links: tuple[int, int, int], settings: ControlSettings, arm: ArmProfile, window: int
) -> str:
    memory = ArmMemory.attach(links[0], arm.dof)
    channel, peer = (LineChannel(socket.socket(fileno=links[1])), socket.socket(fileno=links[2]))
    driver = MujocoDriver(ENVIRONMENT, arm, settings)
    driver.connect(1.0)
    period_s = 1.0 / settings.rate_hz
    limits: SafetySettings = safety_settings(arm, **NEVER)
    task = load_task(paths.find("envs", ENVIRONMENT))
    safety = SafetyLayer(arm, task, limits, period_s, robot_watchdog=True)
    pace = Pace(period_s, window)
    sight = WatchdogSight(peer, period_s)
    loop = ControlLoop(driver, safety, Links(memory, channel, sight), Patience(np.inf, 0.05), pace)
    gc.collect()
    gc.freeze()
    schedule(settings)
    driver.start()
    pin(settings)
    fault = loop.run()
    if fault is not None:
        return f"stopped {fault}"
    late_ms = 1000 * pace.lateness_s(*SHARES.values(), newest=window)
    return " ".join(map(str, ("done", pace.cycles, pace.overruns, *late_ms)))


def _read(found: str) -> Run:
    kind, _, rest = found.partition(" ")
    if kind == "refused":
        raise InputError(rest)
    if kind != "done":
        raise SystemExit(f"the loop ended early: {found}")
    cycles, overruns, *late_ms = rest.split()
    lateness_ms = dict(zip(SHARES, map(float, late_ms), strict=True))
    return Run(lateness_ms, int(cycles), int(overruns))


def main(bench: Bench) -> None:
    """Measure, print and write loop.json."""
    found = {}
    for name, figure in bench.figures():
        shown = "-" if figure.value is None else f"{figure.value:.3f}"
        print(f"{name:<32}{shown:>10} {figure.unit}  {figure.note}", flush=True)
        found[name] = figure
    print(f"written: {write_results('loop', found, folder=bench.results)}")


if __name__ == "__main__":
    main(tyro.cli(Bench, description=__doc__))
