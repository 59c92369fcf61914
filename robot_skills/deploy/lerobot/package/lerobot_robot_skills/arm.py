"""robot-skills' arms as a robot of LeRobot's: --robot.type=robot_skills.

Every action goes through robot-skills' control process and its safety layer, in robot-skills' own
Python, over a pipe; an action is what was sent after every limit.
"""

import contextlib
import json
import os
import subprocess
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from lerobot.cameras import CameraConfig
from lerobot.cameras.utils import make_cameras_from_configs
from lerobot.robots import Robot, RobotConfig

END_TIMEOUT_S = 10.0


@RobotConfig.register_subclass("robot_skills")
@dataclass
class RobotSkillsArmConfig(RobotConfig):  # type: ignore[misc]  # lerobot has no types
    """Which arm, where, and in which Python robot-skills is installed."""

    address: str = ""
    """Of the arm: IP address, serial line or ROS namespace."""
    arm: str = "ur5e"
    """Profile of the arm: a name that robot-skills knows, or a folder."""
    env: str = "blocks"
    """Environment whose box and table the safety layer keeps to."""
    driver: str = ""
    """The profile's own by default, or ros2."""
    safety: dict[str, float] = field(default_factory=dict)
    """Differences from robot-skills' safety settings, such as speed_max_rad_s."""
    python: str = os.environ.get("ROBOT_SKILLS_PYTHON", "")
    """Python of robot-skills; by default what ROBOT_SKILLS_PYTHON names."""
    cameras: dict[str, CameraConfig] = field(default_factory=dict)


class RobotSkillsArm(Robot):  # type: ignore[misc]  # lerobot has no types
    """get_observation and send_action with `<joint>.pos` in degrees, `gripper.pos` 0 to 100.

    A send takes one control step of the environment (20 a second for blocks): give LeRobot that
    --fps.
    """

    config_class = RobotSkillsArmConfig
    name = "robot_skills"

    def __init__(self, config: RobotSkillsArmConfig) -> None:
        super().__init__(config)
        self.config = config
        self.cameras = make_cameras_from_configs(config.cameras)
        self._process: subprocess.Popen[str] | None = None

    @cached_property
    def _keys(self) -> tuple[str, ...]:
        return tuple(self._run_once("--features")["features"])

    @property
    def action_features(self) -> dict[str, type]:
        """Joints and gripper."""
        return dict.fromkeys(self._keys, float)

    @property
    def observation_features(self) -> dict[str, Any]:
        """Joints, gripper and the pictures of the cameras."""
        shots = {name: (c.height, c.width, 3) for name, c in self.config.cameras.items()}
        return {**self.action_features, **shots}

    @property
    def is_connected(self) -> bool:
        """Whether robot-skills runs the arm."""
        return self._process is not None and self._process.poll() is None

    @property
    def is_calibrated(self) -> bool:
        """Always: an arm that is not is refused by robot-skills when it connects."""
        return True

    def calibrate(self) -> None:
        """Nothing: the arm's own calibration counts."""

    def configure(self) -> None:
        """Nothing: the arm's profile says it all."""

    def connect(self, calibrate: bool = True) -> None:
        """Start robot-skills on the arm; RuntimeError says why the arm may not move."""
        if self.is_connected:
            raise RuntimeError(f"{self} is connected already")
        self._process = subprocess.Popen(
            self._command(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        first = self._answer()
        if "ready" not in first:
            self.disconnect()
            raise RuntimeError(first.get("error", "robot-skills has ended"))
        for camera in self.cameras.values():
            camera.connect()

    def get_observation(self) -> dict[str, Any]:
        """Newest values and pictures; RuntimeError when the arm has stopped itself."""
        values = self._ask({"read": True})["values"]
        shots = {name: camera.async_read() for name, camera in self.cameras.items()}
        return {**values, **shots}

    def send_action(self, action: dict[str, Any]) -> dict[str, Any]:
        """Follow an action for one control step; returns what was sent after every limit."""
        values = {key: float(action[key]) for key in self._keys if key in action}
        return dict(self._ask({"send": values})["sent"])

    def clear_fault(self) -> None:
        """Acknowledge what stopped the arm; only because a person asked."""
        self._ask({"clear": True})

    def disconnect(self) -> None:
        """Stop the arm and end robot-skills."""
        if self._process is not None:
            with contextlib.suppress(OSError):
                self._process.stdin.close()  # type: ignore[union-attr]  # it is a pipe
            try:
                self._process.wait(END_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
            self._process = None
        for camera in self.cameras.values():
            if camera.is_connected:
                camera.disconnect()

    def _command(self, *flags: str) -> list[str]:
        config = self.config
        if not config.python:
            raise RuntimeError(
                "robot-skills' Python is not known: give --robot.python or set ROBOT_SKILLS_PYTHON"
            )
        words = ("--arm", config.arm, "--env", config.env, "--driver", config.driver)
        module = [config.python, "-m", "robot_skills.deploy.lerobot.serve"]
        safety = ("--safety", json.dumps(config.safety))
        return [*module, *words, *safety, "--address", config.address, *flags]

    def _run_once(self, flag: str) -> dict[str, Any]:
        done = subprocess.run(self._command(flag), stdout=subprocess.PIPE, text=True, check=False)
        answer = json.loads(done.stdout or '{"error": "robot-skills does not start"}')
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return dict(answer)

    def _ask(self, message: dict[str, Any]) -> dict[str, Any]:
        if self._process is None or self._process.stdin is None:
            raise RuntimeError(f"{self} is not connected")
        try:
            self._process.stdin.write(json.dumps(message) + "\n")
        except BrokenPipeError:
            raise RuntimeError("robot-skills has ended") from None
        answer = self._answer()
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return answer

    def _answer(self) -> dict[str, Any]:
        line = self._process.stdout.readline()  # type: ignore[union-attr]  # it is a pipe
        return json.loads(line) if line else {"error": "robot-skills has ended"}
