"""A twin: one controller, the poses of things and a truth log, clocked by wall time."""

import contextlib
import gc
import json
import os
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from robot_skills import paths
from robot_skills.core.arm import ArmProfile, driven_by, load_arm
from robot_skills.core.task_file import load_task
from robot_skills.deploy import perception
from robot_skills.deploy.twins.controller import Order
from robot_skills.deploy.twins.families import clock_of, make_controller, tick_of
from robot_skills.deploy.twins.gap import Gap, draw_gap
from robot_skills.deploy.twins.hub import Hub
from robot_skills.deploy.twins.physics import LagJoints, TwinPhysics
from robot_skills.deploy.twins.pose_server import PoseServer
from robot_skills.deploy.twins.settings import TwinSettings
from robot_skills.deploy.twins.truth import TruthLog

CATCH_UP_MAX_S = 0.1  # a process that was stopped for longer takes its clock up where it left it
LAG_S = 0.05  # of the bare joints


class Twin:
    """Serves until told to stop; everything runs in the calling thread, between two ticks."""

    def __init__(self, settings: TwinSettings) -> None:
        self._settings = settings
        folder = paths.find("assets/arms", settings.arm)
        arm = driven_by(load_arm(folder), settings.driver)
        gap = draw_gap(settings.gap, settings.seed)
        self._tick_s = tick_of(arm)
        self._physics = _physics(settings, arm, gap, self._tick_s)
        self._log = TruthLog(self._physics.joint_position, self._tick_s)
        self._tick = 0
        self._linked = True
        self._running = True
        clock = clock_of(arm, settings.clock)
        self._controller = make_controller(
            settings.host, arm, self._physics, gap, self._note, clock
        )
        self._poses = PoseServer(self._physics, gap, settings.seed, self._tick_s)
        self._hub = Hub(settings.host)
        self._orders: SimpleQueue[str] = SimpleQueue()
        self._faults = {**self._common_faults(), **self._controller.faults}

    def run(self) -> None:
        """Serve until told to stop or stdin ends; then write the log and print its summary."""
        self._controller.listen(self._hub)
        self._hub.listen(perception.PORT, self._poses.greet)
        ready = {"host": self._settings.host, "address": self._controller.address}
        say({"ready": ready | {"pid": os.getpid()}})
        threading.Thread(target=self._read_orders, daemon=True).start()
        gc.freeze()
        start_s = time.monotonic()
        while self._running:
            due_s = start_s + (self._tick + 1) * self._tick_s
            self._serve_until(due_s)
            late_s = time.monotonic() - due_s
            if late_s > CATCH_UP_MAX_S:
                start_s += late_s
            self._advance()
            while not self._orders.empty():
                self._obey(self._orders.get())
        self._finish()

    def _serve_until(self, due_s: float) -> None:
        if self._linked:
            self._hub.serve_until(due_s)
        else:
            time.sleep(max(due_s - time.monotonic(), 0.0))

    def _advance(self) -> None:
        self._tick += 1
        self._controller.tick(self._tick, self._linked)
        self._log.tick(self._tick, self._physics)
        if self._linked:
            self._poses.tick(self._tick)

    def _note(self, kind: str, detail: str) -> None:
        self._log.event(self._tick * self._tick_s, kind, detail)

    def _common_faults(self) -> Mapping[str, Order]:
        return {
            "freeze": lambda _: self._link(False),
            "thaw": lambda _: self._link(True),
            "push": lambda value: self._physics.push(int(value["joint"]), float(value["nm"])),
            "block": lambda value: self._physics.block(int(value["joint"])),
            "release": lambda _: self._physics.release(),
        }

    def _link(self, linked: bool) -> None:
        self._linked = linked
        self._note("link_thawed" if linked else "link_frozen", "asked for on stdin")

    def _read_orders(self) -> None:
        for line in sys.stdin:
            self._orders.put(line)
        self._orders.put('{"stop": true}')

    def _obey(self, line: str) -> None:
        try:
            order = json.loads(line)
            if "fault" in order:
                self._inject(order["fault"], order.get("value"))
            if "delay_ms" in order:
                self._controller.set_delay(float(order["delay_ms"]) / 1000)
        except (ValueError, KeyError, TypeError, IndexError):
            say({"error": f"not understood: {line.strip()}", "faults": sorted(self._faults)})
            return
        if "stats" in order:
            say({"stats": self._summary()})
        self._running = "stop" not in order

    def _inject(self, name: str, value: Any) -> None:
        self._note("injected", name if value is None else f"{name} {value}")
        self._faults[name](value)

    def _summary(self) -> dict[str, object]:
        return {**self._log.summary(), **self._physics.outcome()}

    def _finish(self) -> None:
        self._hub.close()
        self._controller.close()
        if self._settings.log:
            self._log.write(Path(self._settings.log), self._physics.outcome())
        with contextlib.suppress(BrokenPipeError):
            say({"stats": self._summary()})


def _physics(settings: TwinSettings, arm: ArmProfile, gap: Gap, tick_s: float) -> TwinPhysics:
    if settings.task == "none":
        stroke_m = arm.gripper.width_max_m
        return LagJoints(arm.home, LAG_S, stroke_m, arm.gripper.speed_m_s, tick_s)
    from robot_skills.deploy.twins.task_physics import TaskPhysics  # MuJoCo: only when needed

    task = load_task(paths.find("envs", settings.task))
    return TaskPhysics(task, arm, settings.goal, gap, settings.seed, tick_s)


def say(message: dict[str, object]) -> None:
    """Print one JSON line; a twin's protocol is stdout."""
    print(json.dumps(message), flush=True)  # noqa: T201
