"""Serves object poses as a camera system would: JSON lines at 30 Hz, late and noisy (TCP 50010).

The protocol is this project's own; `robot_skills.deploy.perception` describes and reads it.
"""

import json

from robot_skills.deploy.perception import FORMAT
from robot_skills.deploy.twins.gap import SENSOR_RATE_HZ, Gap, NoisyPoses
from robot_skills.deploy.twins.hub import Connection, DelayLine, Receive
from robot_skills.deploy.twins.physics import TwinPhysics


class PoseServer:
    """Sends every client the newest frame of poses that the delay lets through."""

    def __init__(self, physics: TwinPhysics, gap: Gap, seed: int, tick_s: float) -> None:
        self._physics = physics
        self._tick_s = tick_s
        self._ticks_per_frame = round(1.0 / (SENSOR_RATE_HZ * tick_s))
        self._noise = NoisyPoses(gap, seed)
        self._frames: DelayLine[bytes] = DelayLine(gap.delay_out_s)
        self._clients: list[Connection] = []

    def greet(self, connection: Connection) -> Receive:
        """Take up a client; what it sends is ignored."""
        self._clients.append(connection)
        return lambda _data: None

    def tick(self, tick: int) -> None:
        """Take a frame when it is time for one, and send what is due."""
        time_s = tick * self._tick_s
        if tick % self._ticks_per_frame == 0:
            self._frames.push(time_s, self._frame(time_s))
        for frame in self._frames.due(time_s):
            self._clients = [client for client in self._clients if client.open]
            for client in self._clients:
                client.send(frame)

    def _frame(self, time_s: float) -> bytes:
        seen = {n: self._noise.see(p).tolist() for n, p in self._physics.object_poses().items()}
        message = {"format": FORMAT, "time_s": round(time_s, 4), "poses": seen}
        return json.dumps(message).encode() + b"\n"
