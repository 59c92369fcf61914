"""One of LeRobot's robots, with the stops that LeRobot itself does not have."""

import contextlib
import functools
import time
from collections.abc import Callable
from typing import Any

POWER_OFF = "power_off"
TRIES = 5


class ServedRobot:
    """A connected LeRobot robot; calls raise whatever LeRobot raises."""

    def __init__(self, config: Any) -> None:
        from lerobot.robots.utils import make_robot_from_config

        self._robot = make_robot_from_config(config)
        self.features = sorted(k for k in self._robot.action_features if k.endswith(".pos"))
        self.name = str(self._robot.name)

    def connect(self) -> None:
        """Connect without asking a person anything; ValueError where it is not calibrated."""
        _tried(lambda: self._robot.connect(calibrate=False), self.release)
        try:
            _tried(self._require_calibrated)
        except Exception:
            self.release()
            raise

    def reconnect(self) -> None:
        """Connect afresh, whatever state the last connection was left in."""
        self.release()
        self.connect()

    def read(self) -> dict[str, Any]:
        """Where every motor is now, and when that was seen, by the monotonic clock."""
        seen = self._robot.get_observation()
        return {
            "time_s": time.monotonic(),
            "values": {key: float(seen[key]) for key in self.features},
        }

    def send(self, values: dict[str, float]) -> dict[str, float]:
        """Send goals; what LeRobot says that it has sent."""
        sent = self._robot.send_action({key: float(value) for key, value in values.items()})
        return {key: float(value) for key, value in sent.items() if key.endswith(".pos")}

    def start(self) -> None:
        """Switch every motor's torque on with its goal where it is."""
        present = self.read()["values"]
        self.send(present)
        for bus, motor in self._motors():
            _tried(functools.partial(bus.enable_torque, motor))

    def stop(self, kind: str) -> None:
        """Hold every motor where it is, or with "power_off" switch each one's torque off.

        LeRobot's own disconnect ends at the first motor that does not answer; this tries them all.
        """
        if kind != POWER_OFF:
            self.send(self.read()["values"])
            return
        failed = []
        for bus, motor in self._motors():
            try:
                _tried(functools.partial(bus.disable_torque, motor))
            except Exception as error:  # one motor that fails must not keep the others on
                failed.append(f"{motor}: {error}")
        if failed:
            raise RuntimeError("; ".join(failed))

    def release(self) -> None:
        """Let go of the robot as far as it lets itself."""
        with contextlib.suppress(Exception):
            self.stop(POWER_OFF)
        with contextlib.suppress(Exception):
            self._robot.disconnect()
        for bus in self._buses():
            with contextlib.suppress(Exception):
                bus.disconnect(False)

    def _require_calibrated(self) -> None:
        if not self._robot.is_calibrated:
            raise ValueError("the robot is not calibrated; run lerobot-calibrate first")

    def _motors(self) -> list[tuple[Any, str]]:
        return [(bus, motor) for bus in self._buses() for motor in bus.motors]

    def _buses(self) -> list[Any]:
        found = (getattr(self._robot, name) for name in vars(self._robot))
        return [bus for bus in found if hasattr(bus, "disable_torque") and hasattr(bus, "motors")]


def _tried(act: Callable[[], object], undo: Callable[[], object] = lambda: None) -> None:
    """Act, again where it fails: LeRobot itself asks a motor once, and replies get lost."""
    for left in reversed(range(TRIES)):
        try:
            act()
            return
        except Exception:
            undo()
            if left == 0:
                raise


def robot_config(kind: str, fields: dict[str, Any]) -> Any:
    """LeRobot's configuration of a robot type; ValueError lists the types there are."""
    import draccus
    from lerobot.robots import RobotConfig
    from lerobot.utils.import_utils import register_third_party_plugins

    _import_robots(kind, RobotConfig)
    if kind not in RobotConfig.get_known_choices():
        register_third_party_plugins()
    known = RobotConfig.get_known_choices()
    if kind not in known:
        raise ValueError(f"LeRobot has no robot {kind!r}; it has {sorted(known)}")
    return draccus.decode(RobotConfig, {"type": kind, **fields})


def _import_robots(kind: str, registry: Any) -> None:
    """Import LeRobot's robots, which registers them, until `kind` is among them."""
    import importlib
    import pkgutil

    import lerobot.robots

    for module in pkgutil.iter_modules(lerobot.robots.__path__):
        if kind in registry.get_known_choices():
            return
        if module.ispkg:
            with contextlib.suppress(ImportError):  # its vendor's client is not installed
                importlib.import_module(f"lerobot.robots.{module.name}")
