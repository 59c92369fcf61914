"""A UR5e twin in its own process: RTDE, script upload, dashboard, gripper and poses on one address.

    python -m robot_skills.deploy.twins.ur --host 127.0.0.2 --task blocks --goal tower --seed 1

prints {"ready": ...} as a JSON line, then answers JSON lines on stdin: {"fault": "freeze"},
{"fault": "thaw"}, {"fault": "pstop"}, {"fault": "estop"}, {"delay_ms": 30}, {"stats": true},
{"stop": true}. It was never compared with a real controller.
"""

import argparse
import contextlib
import gc
import json
import os
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from queue import SimpleQueue

from robot_skills import paths
from robot_skills.core.arm import ArmProfile, load_arm
from robot_skills.core.errors import InputError
from robot_skills.core.task_file import load_task
from robot_skills.deploy import perception
from robot_skills.deploy.drivers import robotiq
from robot_skills.deploy.twins import rtde, ur_dashboard
from robot_skills.deploy.twins.gap import Gap, draw_gap
from robot_skills.deploy.twins.gripper import GripperServer
from robot_skills.deploy.twins.hub import Hub
from robot_skills.deploy.twins.physics import TICK_S, LagJoints, TwinPhysics
from robot_skills.deploy.twins.pose_server import PoseServer
from robot_skills.deploy.twins.truth import TruthLog
from robot_skills.deploy.twins.ur_controller import SCRIPT_PORTS, UrController
from robot_skills.deploy.twins.ur_dashboard import UrDashboard

CATCH_UP_MAX_S = 0.1  # a process that was stopped for longer takes its clock up where it left it
LAG_S = 0.05  # of the bare joints


@dataclass(frozen=True)
class TwinSettings:
    """What a twin is started with; task "none" is the bare arm."""

    host: str = "127.0.0.2"
    arm: str = "ur5e"
    task: str = "none"
    goal: str = ""
    seed: int = 0
    gap: float = 1.0
    log: str = ""


class UrTwin:
    """The controller, its servers and its physics, clocked by wall time at 500 Hz."""

    def __init__(self, settings: TwinSettings) -> None:
        self._settings = settings
        arm = load_arm(paths.find("assets/arms", settings.arm))
        gap = draw_gap(settings.gap, settings.seed)
        self._physics = _physics(settings, arm, gap)
        self._log = TruthLog(self._physics.joint_position)
        self._tick = 0
        self._frozen = False
        self._running = True
        self._controller = UrController(
            self._physics, arm.speed_max, self._physics.gripper_width_m, self._note
        )
        self._rtde = rtde.RtdeServer(
            self._controller.program.receive, gap.delay_in_s, gap.delay_out_s
        )
        self._poses = PoseServer(self._physics, gap, settings.seed)
        self._gripper = GripperServer(self._controller, self._physics, arm.gripper.width_max_m)
        self._hub = Hub(settings.host)
        self._orders: SimpleQueue[str] = SimpleQueue()

    def run(self) -> None:
        """Serve until told to stop or stdin ends; then write the log and print its summary."""
        self._listen()
        _say({"ready": {"host": self._settings.host, "pid": os.getpid()}})
        threading.Thread(target=self._read_orders, daemon=True).start()
        gc.freeze()
        start_s = time.monotonic()
        while self._running:
            due_s = start_s + (self._tick + 1) * TICK_S
            self._serve_until(due_s)
            late_s = time.monotonic() - due_s
            if late_s > CATCH_UP_MAX_S:
                start_s += late_s
            self._advance()
            while not self._orders.empty():
                self._obey(self._orders.get())
        self._finish()

    def _listen(self) -> None:
        self._hub.listen(rtde.PORT, self._rtde.greet)
        for port in SCRIPT_PORTS:
            self._hub.listen(port, self._controller.greet_script_client)
        self._hub.listen(ur_dashboard.PORT, UrDashboard(self._controller).greet)
        self._hub.listen(robotiq.PORT, self._gripper.greet)
        self._hub.listen(perception.PORT, self._poses.greet)

    def _serve_until(self, due_s: float) -> None:
        if self._frozen:
            time.sleep(max(due_s - time.monotonic(), 0.0))
        else:
            self._hub.serve_until(due_s)

    def _advance(self) -> None:
        self._tick += 1
        if not self._frozen:
            self._rtde.deliver(self._time_s)
        self._controller.tick()
        self._log.tick(self._tick, self._physics)
        if not self._frozen:
            self._rtde.publish(self._tick, self._controller.variables(self._time_s))
            self._poses.tick(self._tick)

    @property
    def _time_s(self) -> float:
        return self._tick * TICK_S

    def _note(self, kind: str, detail: str) -> None:
        self._log.event(self._time_s, kind, detail)

    def _read_orders(self) -> None:
        for line in sys.stdin:
            self._orders.put(line)
        self._orders.put('{"stop": true}')

    def _obey(self, line: str) -> None:
        faults: dict[str, Callable[[], None]] = {
            "freeze": lambda: self._freeze(True),
            "thaw": lambda: self._freeze(False),
            "pstop": lambda: self._controller.protective_stop("asked for on stdin"),
            "estop": self._controller.emergency_stop,
        }
        try:
            order = json.loads(line)
            if "fault" in order:
                faults[order["fault"]]()
            if "delay_ms" in order:
                delay_s = float(order["delay_ms"]) / 1000
                self._rtde.inputs.delay_s = self._rtde.outputs.delay_s = delay_s
        except (ValueError, KeyError, TypeError):
            _say({"error": f"not understood: {line.strip()}"})
            return
        if "stats" in order:
            _say({"stats": self._summary()})
        self._running = "stop" not in order

    def _freeze(self, frozen: bool) -> None:
        self._frozen = frozen
        self._note("link_frozen" if frozen else "link_thawed", "asked for on stdin")

    def _summary(self) -> dict[str, object]:
        return {**self._log.summary(), **self._physics.outcome()}

    def _finish(self) -> None:
        self._hub.close()
        if self._settings.log:
            self._log.write(Path(self._settings.log), self._physics.outcome())
        with contextlib.suppress(BrokenPipeError):
            _say({"stats": self._summary()})


def _physics(settings: TwinSettings, arm: ArmProfile, gap: Gap) -> TwinPhysics:
    if settings.task == "none":
        stroke_m = arm.gripper.width_max_m
        return LagJoints(arm.home, LAG_S, stroke_m, arm.gripper.speed_m_s)
    from robot_skills.deploy.twins.task_physics import TaskPhysics  # MuJoCo: only when needed

    task = load_task(paths.find("envs", settings.task))
    return TaskPhysics(task, arm, settings.goal, gap, settings.seed)


def _say(message: dict[str, object]) -> None:
    print(json.dumps(message), flush=True)  # noqa: T201 - its protocol is stdout


def _settings() -> TwinSettings:
    parser = argparse.ArgumentParser(description=__doc__)
    for setting in fields(TwinSettings):
        kind = type(setting.default)
        parser.add_argument(f"--{setting.name}", type=kind, default=setting.default)
    return TwinSettings(**vars(parser.parse_args()))


def main() -> None:
    """Run a twin as the command line says."""
    try:
        UrTwin(_settings()).run()
    except (InputError, OSError) as error:
        _say({"error": str(error)})
        sys.exit(1)


if __name__ == "__main__":
    main()
