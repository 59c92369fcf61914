"""Serves one of LeRobot's robots on a socket of this machine.

    lerobot-robot-skills-server --type so101_follower --socket /tmp/so101.sock \\
        --set port=/dev/ttyACM0 --set id=left

prints {"ready": {"socket", "name", "features"}}, then answers JSON lines: {"features"}, {"read"},
{"send": {...}}, {"start"}, {"stop": "hold" | "smooth" | "power_off"}, {"reconnect"}. Each carries
an "id", and so does its answer; "error" in an answer says what went wrong. When nothing has been
heard for a while after a send, the arm is held where it is. When stdin ends, so does the server.
"""

import argparse
import contextlib
import json
import os
import selectors
import signal
import socket
import sys
import time
from pathlib import Path
from typing import Any

from .motors import ServedRobot, robot_config

LINE_MAX = 1 << 16


class Client:
    """One connection and the part of a line that has come."""

    def __init__(self, link: socket.socket) -> None:
        self.link = link
        self._buffer = b""

    def lines(self) -> list[bytes] | None:
        """Whole lines that have come; None when the other side has gone."""
        try:
            data = self.link.recv(LINE_MAX)
        except OSError:
            return None
        *lines, self._buffer = (self._buffer + data).split(b"\n")
        return lines if data else None

    def answer(self, message: dict[str, Any]) -> None:
        """Send one line; a client that has gone hears nothing."""
        with contextlib.suppress(OSError):
            self.link.sendall(json.dumps(message).encode() + b"\n")


class RobotServer:
    """Answers clients one after the other, and holds the arm when they fall silent."""

    def __init__(self, robot: ServedRobot, path: str, silence_max_s: float, version: str) -> None:
        self._robot = robot
        self._silence_max_s = silence_max_s
        self._version = version
        self._moving = False
        self._heard_s = 0.0
        self._selector = selectors.DefaultSelector()
        self._listener = _listen(path)
        self._selector.register(self._listener, selectors.EVENT_READ)
        with contextlib.suppress(PermissionError):  # /dev/null: serve until told by a signal
            self._selector.register(0, selectors.EVENT_READ)

    def run(self) -> None:
        """Serve until stdin ends."""
        while True:
            for key, _ in self._selector.select(self._silence_max_s / 4):
                if key.fileobj == 0:
                    if not os.read(0, LINE_MAX):
                        return
                elif key.fileobj is self._listener:
                    self._accept()
                else:
                    self._serve(key.data)
            self._watch()

    def _accept(self) -> None:
        link, _ = self._listener.accept()
        self._selector.register(link, selectors.EVENT_READ, Client(link))

    def _serve(self, client: Client) -> None:
        lines = client.lines()
        if lines is None:
            self._selector.unregister(client.link)
            client.link.close()
            return
        for line in lines:
            order: dict[str, Any] = json.loads(line)
            try:
                answer = self._obey(order)
            except Exception as error:  # LeRobot raises whatever its motors' buses raise
                answer = {"error": f"{type(error).__name__}: {error}"}
            client.answer({"id": order.get("id", 0), **answer})

    def _obey(self, order: dict[str, Any]) -> dict[str, Any]:
        robot = self._robot
        if "read" in order:
            return robot.read()
        if "send" in order:
            self._moving, self._heard_s = True, time.monotonic()
            return {"sent": robot.send(order["send"])}
        if "stop" in order:
            self._moving = False
            robot.stop(order["stop"])
        elif "start" in order:
            robot.start()
        elif "reconnect" in order:
            self._moving = False
            robot.reconnect()
        return {"features": robot.features, "name": robot.name, "version": self._version}

    def _watch(self) -> None:
        if self._moving and time.monotonic() - self._heard_s > self._silence_max_s:
            self._moving = False
            with contextlib.suppress(Exception):  # told by the next reading
                self._robot.stop("hold")


def _listen(path: str) -> socket.socket:
    Path(path).unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX)
    old = os.umask(0o077)  # nobody else on this machine may move the arm
    try:
        listener.bind(path)
    finally:
        os.umask(old)
    listener.listen()
    return listener


def _fields(settings: list[str]) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for setting in settings:
        name, _, text = setting.partition("=")
        try:
            fields[name] = json.loads(text)
        except json.JSONDecodeError:
            fields[name] = text
    return fields


def main() -> None:
    """Serve as the command line says."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--type", required=True, help="LeRobot's robot type")
    parser.add_argument("--socket", required=True, help="path of the socket to be made")
    parser.add_argument("--set", action="append", default=[], metavar="FIELD=VALUE")
    parser.add_argument("--silence-max-s", type=float, default=0.3)
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # so that the motors are let go of
    say = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # LeRobot prints; only this protocol's lines go to stdout
    try:
        import lerobot

        robot = ServedRobot(robot_config(given.type, _fields(given.set)))
        robot.connect()
        version = str(getattr(lerobot, "__version__", ""))
        server = RobotServer(robot, given.socket, given.silence_max_s, version)
    except Exception as error:  # a person reads it, whatever it was
        say.write(json.dumps({"error": f"{type(error).__name__}: {error}"}) + "\n")
        sys.exit(1)
    ready = {"socket": given.socket, "name": robot.name, "features": robot.features}
    say.write(json.dumps({"ready": ready}) + "\n")
    try:
        server.run()
    finally:
        robot.release()
        Path(given.socket).unlink(missing_ok=True)


if __name__ == "__main__":
    main()
