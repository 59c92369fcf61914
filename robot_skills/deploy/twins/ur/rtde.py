"""The server's side of Universal Robots' RTDE protocol, version 2 (TCP 30004).

Source: Universal Robots, "Real-Time Data Exchange (RTDE) Guide". Packets are big-endian: u16 size,
u8 type, payload. Recipes are read generically, so that any client's choice of variables is served.
"""

import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from robot_skills.deploy.twins.hub import Connection, DelayLine, Receive

PORT = 30004
RATE_HZ = 500.0
TICK_S = 1.0 / RATE_HZ
CONTROLLER_VERSION = (5, 15, 0, 0)  # from major version 4 on, clients expect 500 Hz

Value = float | int | Sequence[float] | Sequence[int]

_HEADER = struct.Struct(">HB")
_FORMATS = {
    "BOOL": "?",
    "UINT8": "B",
    "UINT32": "I",
    "UINT64": "Q",
    "INT32": "i",
    "DOUBLE": "d",
    "VECTOR3D": "3d",
    "VECTOR6D": "6d",
    "VECTOR6INT32": "6i",
    "VECTOR6UINT32": "6I",
}
_TYPES = {
    "robot_mode": "INT32",
    "safety_mode": "INT32",
    "safety_status": "INT32",
    "joint_mode": "VECTOR6INT32",
    "runtime_state": "UINT32",
    "robot_status_bits": "UINT32",
    "safety_status_bits": "UINT32",
    "speed_slider_mask": "UINT32",
    "actual_digital_input_bits": "UINT64",
    "actual_digital_output_bits": "UINT64",
    "actual_tool_accelerometer": "VECTOR3D",
    "payload_cog": "VECTOR3D",
    "elbow_position": "VECTOR3D",
    "elbow_velocity": "VECTOR3D",
    "standard_digital_output_mask": "UINT8",
    "standard_digital_output": "UINT8",
    "configurable_digital_output_mask": "UINT8",
    "configurable_digital_output": "UINT8",
    "tool_digital_output_mask": "UINT8",
    "tool_digital_output": "UINT8",
    "standard_analog_output_mask": "UINT8",
    "standard_analog_output_type": "UINT8",
    "tool_digital_output_mode": "UINT8",
    "tool_output_mode": "UINT8",
    "tool_output_voltage": "INT32",
    "tool_analog_input_types": "UINT32",
    "analog_io_types": "UINT32",
    "joint_position_deviation_ratio": "DOUBLE",
}
_VECTORS = (
    "target_q",
    "target_qd",
    "target_qdd",
    "target_current",
    "target_moment",
    "target_TCP_pose",
    "target_TCP_speed",
    "actual_q",
    "actual_qd",
    "actual_current",
    "actual_joint_voltage",
    "actual_TCP_pose",
    "actual_TCP_speed",
    "actual_TCP_force",
    "actual_current_window",
    "joint_control_output",
    "joint_temperatures",
    "payload_inertia",
    "ft_raw_wrench",
    "external_force_torque",
    "tcp_offset",
)


def variable_type(name: str) -> str:
    """RTDE type of a variable; numbers that the guide gives no other type are DOUBLE."""
    if name in _TYPES:
        return _TYPES[name]
    if name in _VECTORS:
        return "VECTOR6D"
    if "int_register" in name:
        return "INT32"
    if "bit_registers" in name:
        return "UINT32"
    if "bit_register" in name:
        return "BOOL"
    return "DOUBLE"


@dataclass(frozen=True)
class Recipe:
    """The variables of one data packet, in order."""

    names: tuple[str, ...]

    @property
    def types(self) -> tuple[str, ...]:
        """RTDE types in order."""
        return tuple(variable_type(name) for name in self.names)

    def encoder(self) -> struct.Struct:
        """The packet's layout after its recipe id."""
        return struct.Struct(">" + "".join(_FORMATS[kind] for kind in self.types))

    def decode(self, data: bytes) -> dict[str, Value]:
        """Values by name from a packet's payload without the recipe id."""
        flat = self.encoder().unpack(data)
        values: dict[str, Value] = {}
        at = 0
        for name, kind in zip(self.names, self.types, strict=True):
            width = int(_FORMATS[kind][:-1] or 1)
            values[name] = flat[at] if width == 1 else flat[at : at + width]
            at += width
        return values


def _recipe(names: bytes) -> Recipe:
    """Recipe from a comma list; clients may end it with a comma."""
    return Recipe(tuple(name for name in names.decode().split(",") if name))


@dataclass
class _Subscription:
    """What one client asked to be sent."""

    connection: Connection
    recipe: Recipe
    every: int
    layout: struct.Struct = field(init=False)
    zeros: tuple[tuple[float, ...] | None, ...] = field(init=False)
    started: bool = False

    def __post_init__(self) -> None:
        self.layout = self.recipe.encoder()
        widths = [int(_FORMATS[kind][:-1] or 1) for kind in self.recipe.types]
        self.zeros = tuple((0,) * width if width > 1 else None for width in widths)

    def packet(self, values: Mapping[str, Value]) -> bytes:
        """The data packet of one tick; what the twin does not know is zero."""
        flat: list[float] = []
        for name, zeros in zip(self.recipe.names, self.zeros, strict=True):
            value = values.get(name)
            if zeros is None:
                flat.append(0 if value is None else value)  # type: ignore[arg-type]  # one number
            else:
                flat.extend(zeros if value is None else value)  # type: ignore[arg-type]  # several
        payload = b"\x01" + self.layout.pack(*flat)
        return _HEADER.pack(len(payload) + 3, ord("U")) + payload


class RtdeServer:
    """Sends state to every subscribed client and hands their inputs on, each after a delay."""

    def __init__(
        self,
        receive_inputs: Callable[[dict[str, Value]], None],
        delay_in_s: float = 0.0,
        delay_out_s: float = 0.0,
    ) -> None:
        self._receive_inputs = receive_inputs
        self.inputs: DelayLine[dict[str, Value]] = DelayLine(delay_in_s)
        self.outputs: DelayLine[tuple[Connection, bytes]] = DelayLine(delay_out_s)
        self._subscriptions: list[_Subscription] = []
        self._time_s = 0.0
        self.drop_share = 0.0
        self._rng = np.random.default_rng(0)

    def greet(self, connection: Connection) -> Receive:
        """Take up a client."""
        return _Session(self, connection).receive

    def subscribe(self, connection: Connection, recipe: Recipe, rate_hz: float) -> _Subscription:
        """Remember what a client wants; nothing is sent before it says start."""
        every = max(1, round(RATE_HZ / rate_hz)) if rate_hz > 0 else 1
        self._subscriptions = [s for s in self._subscriptions if s.connection is not connection]
        self._subscriptions.append(_Subscription(connection, recipe, every))
        return self._subscriptions[-1]

    def accept_inputs(self, values: dict[str, Value]) -> None:
        """Hold a client's inputs back for the delay on the way in."""
        self.inputs.push(self._time_s, values)

    def deliver(self, time_s: float) -> None:
        """Hand on the inputs that are due at robot time `time_s`."""
        self._time_s = time_s
        for values in self.inputs.due(time_s):
            if self._rng.random() >= self.drop_share:
                self._receive_inputs(values)

    def publish(self, tick: int, values: Mapping[str, Value]) -> None:
        """Queue this tick's state for every client, and send what is due."""
        self._subscriptions = [s for s in self._subscriptions if s.connection.open]
        for subscription in self._subscriptions:
            if subscription.started and tick % subscription.every == 0:
                item = (subscription.connection, subscription.packet(values))
                self.outputs.push(self._time_s, item)
        for connection, packet in self.outputs.due(self._time_s):
            if self._rng.random() >= self.drop_share:
                connection.send(packet)


class _Session:
    """One client's handshake and input recipes."""

    def __init__(self, server: RtdeServer, connection: Connection) -> None:
        self._server = server
        self._connection = connection
        self._buffer = bytearray()
        self._inputs: list[Recipe] = []
        self._subscription: _Subscription | None = None
        self._answers: dict[str, Callable[[bytes], bytes]] = {
            "V": lambda payload: b"\x01" if payload == b"\x00\x02" else b"\x00",
            "v": lambda _: struct.pack(">4I", *CONTROLLER_VERSION),
            "O": self._set_up_outputs,
            "I": self._set_up_inputs,
            "S": lambda _: self._switch(True),
            "P": lambda _: self._switch(False),
        }

    def receive(self, data: bytes) -> None:
        self._buffer.extend(data)
        while len(self._buffer) >= _HEADER.size:
            size, kind = _HEADER.unpack_from(self._buffer)
            if len(self._buffer) < size:
                return
            payload = bytes(self._buffer[_HEADER.size : size])
            del self._buffer[:size]
            self._handle(chr(kind), payload)

    def _handle(self, kind: str, payload: bytes) -> None:
        if kind == "U":
            recipe = self._inputs[payload[0] - 1]
            self._server.accept_inputs(recipe.decode(payload[1:]))
        elif kind in self._answers:
            answer = self._answers[kind](payload)
            self._connection.send(_HEADER.pack(len(answer) + 3, ord(kind)) + answer)

    def _set_up_outputs(self, payload: bytes) -> bytes:
        (rate_hz,) = struct.unpack_from(">d", payload)
        recipe = _recipe(payload[8:])
        self._subscription = self._server.subscribe(self._connection, recipe, rate_hz)
        return b"\x01" + ",".join(recipe.types).encode()

    def _set_up_inputs(self, payload: bytes) -> bytes:
        recipe = _recipe(payload)
        self._inputs.append(recipe)
        return bytes([len(self._inputs)]) + ",".join(recipe.types).encode()

    def _switch(self, started: bool) -> bytes:
        if self._subscription is not None:
            self._subscription.started = started
        return b"\x01"
