"""A browser without a window, spoken to over two pipes, for tests of pages that move."""

import fcntl
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Self

NAMES = ("chromium", "google-chrome", "chromium-browser")
PROGRAM = next(filter(None, map(shutil.which, NAMES)), None)
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--window-size=1300,1200"),
    "--remote-debugging-pipe",
)
PATIENCE_S = 40.0


class Browser:
    """Chromium's DevTools protocol, as much as is needed to open a page and ask it things."""

    def __init__(self, profile: Path) -> None:
        assert PROGRAM is not None
        ours_out, ours_in = self._start(profile)
        self._write = os.fdopen(ours_out, "wb", buffering=0)
        self._read = os.fdopen(ours_in, "rb")
        self._number = 0
        target = self._call("Target.createTarget", {"url": "about:blank"})["targetId"]
        attached = self._call("Target.attachToTarget", {"targetId": target, "flatten": True})
        self._session = attached["sessionId"]

    def _start(self, profile: Path) -> tuple[int, int]:
        """Start the browser, which reads from its file 3 and writes to its file 4."""
        pairs = (os.pipe(), os.pipe())
        (read, ours_out), (ours_in, write) = pairs
        far_read, far_write = (fcntl.fcntl(end, fcntl.F_DUPFD, 20) for end in (read, write))
        become = "import os, sys; os.dup2(int(sys.argv[1]), 3); os.dup2(int(sys.argv[2]), 4); "
        become += "os.execv(sys.argv[3], sys.argv[3:])"
        pipes, program = [str(far_read), str(far_write)], [str(PROGRAM), *FLAGS]
        self._process = subprocess.Popen(
            [sys.executable, "-c", become, *pipes, *program, f"--user-data-dir={profile}"],
            pass_fds=(far_read, far_write),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for end in (read, write, far_read, far_write):
            os.close(end)
        return ours_out, ours_in

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(PATIENCE_S)
        self._write.close()
        self._read.close()

    def open(self, address: str) -> None:
        """Load a page; returns when it has been read to its end."""
        self._call("Page.navigate", {"url": address})
        self.wait_for("document.readyState === 'complete'")

    def ask(self, expression: str) -> Any:
        """The value of a JavaScript expression, awaited where it is a promise."""
        options = {"expression": expression, "returnByValue": True, "awaitPromise": True}
        answer = self._call("Runtime.evaluate", options)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def wait_for(self, expression: str) -> None:
        """Return when the expression has become true; fail after PATIENCE_S."""
        until = time.monotonic() + PATIENCE_S
        while not self.ask(expression):
            assert time.monotonic() < until, f"never true: {expression}"
            time.sleep(0.02)

    def mouse(self, kind: str, x: float, y: float) -> None:
        """Move, press or release the mouse; kind is mouseMoved, mousePressed or mouseReleased."""
        held = {"button": "none" if kind == "mouseMoved" else "left", "clickCount": 1}
        self._call("Input.dispatchMouseEvent", {"type": kind, "x": x, "y": y, **held})

    def key(self, name: str, shift: bool = False) -> None:
        """Press and release a key."""
        for kind in ("keyDown", "keyUp"):
            self._call(
                "Input.dispatchKeyEvent", {"type": kind, "key": name, "modifiers": 8 * shift}
            )

    def _call(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": params}
        if hasattr(self, "_session"):
            message["sessionId"] = self._session
        self._write.write(json.dumps(message).encode() + b"\0")
        while True:
            answer = json.loads(self._next())
            if answer.get("id") == self._number:
                assert "error" not in answer, answer["error"]
                return dict(answer["result"])

    def _next(self) -> bytes:
        """One message; messages end with a zero."""
        message = bytearray()
        while (byte := self._read.read(1)) != b"\0":
            assert byte, "the browser ended"
            message += byte
        return bytes(message)
