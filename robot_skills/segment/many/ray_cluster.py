"""Work on the nodes of a Ray cluster, which must have this package and see the same files."""

import os
import socket
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from robot_skills import __version__
from robot_skills.core.errors import InputError
from robot_skills.segment.many.crew import Numbered, Outcome, attempt

AHEAD = 2  # items handed out a processor of the cluster
ANSWER_S = 5.0  # a machine that does not take a connection by then is not there
JOIN_S = 45.0  # and a port that takes it but does not let us join is no Ray
JOIN = "import sys, ray; ray.init(address=sys.argv[1], logging_level='ERROR', log_to_driver=False)"


class RayCluster:
    """A crew of tasks on the cluster at `address`: "host:port", "auto", or "local" for one here."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._ours = False

    def __enter__(self) -> Self:
        ray = _ray()
        if not ray.is_initialized():
            check_answers(self._address)
            here = {"include_dashboard": False} if self._address == "local" else {}
            os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
            ray.init(self._address, logging_level="ERROR", log_to_driver=False, **here)
            self._ours = True
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._ours:
            _ray().shutdown()

    def as_done(self, work: Callable[[Any], Any], items: Sequence[Any]) -> Numbered:
        """Outcomes as they come; InputError when not all nodes see the files of an item."""
        ray = _ray()
        _check_nodes(_files(items))
        task = ray.remote(num_cpus=1, max_retries=1)(attempt)
        handed = ray.put(work)
        most = AHEAD * max(1, int(ray.cluster_resources().get("CPU", 1)))
        waiting = list(reversed(range(len(items))))
        running: dict[Any, int] = {}
        try:
            while waiting or running:
                while waiting and len(running) < most:
                    number = waiting.pop()
                    running[task.remote(handed, items[number])] = number
                done, _ = ray.wait(list(running), num_returns=1)
                yield running.pop(done[0]), _outcome(done[0])
        finally:
            for reference in running:
                ray.cancel(reference, force=True)


def _ray() -> Any:
    try:
        import ray
    except ImportError:
        raise InputError("Ray is not installed: pip install 'robot-skills[ray]'") from None
    return ray


def _outcome(reference: Any) -> Outcome[Any]:
    ray = _ray()
    try:
        outcome: Outcome[Any] = ray.get(reference)
    except ray.exceptions.RayError as error:
        return Outcome(None, f"lost on the cluster: {str(error).splitlines()[0]}")
    return outcome


def check_answers(address: str) -> None:
    """Raise InputError when no Ray can be joined at the address; Ray itself waits for minutes."""
    if address == "local":
        return
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if port.isdigit():
        try:
            socket.create_connection((host, int(port)), ANSWER_S).close()
        except OSError as error:
            raise InputError(f"no Ray cluster answers at {address}: {error}") from None
    try:
        command = [sys.executable, "-c", JOIN, address]
        subprocess.run(command, check=True, capture_output=True, timeout=JOIN_S)
    except subprocess.TimeoutExpired:
        raise InputError(
            f"no Ray cluster at {address}: it let nobody join in {JOIN_S:g} s"
        ) from None
    except subprocess.CalledProcessError as error:
        last = error.stderr.decode(errors="replace").strip().splitlines()[-1:]
        raise InputError(
            f"the Ray cluster at {address} cannot be joined: {' '.join(last) or 'no reason given'}"
        ) from None


def _files(items: Sequence[Any]) -> list[Path]:
    """The files of the first item, which stand for those of all."""
    return list(items[0].files) if items and hasattr(items[0], "files") else []


def _check_nodes(files: Sequence[Path]) -> None:
    """Raise InputError when a node has another version of this package or lacks a file."""
    ray = _ray()
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    look = ray.remote(num_cpus=0)(seen_from_here)
    for node in (node for node in ray.nodes() if node["Alive"]):
        there = NodeAffinitySchedulingStrategy(node["NodeID"], soft=False)
        name = node["NodeManagerHostname"]
        try:
            version, missing = ray.get(look.options(scheduling_strategy=there).remote(files))
        except ray.exceptions.RayError as error:
            reason = str(error).strip().splitlines()[-1]
            raise InputError(f"robot-skills cannot be run on node {name}: {reason}") from None
        if version != __version__:
            raise InputError(f"node {name} has robot-skills {version}; wanted {__version__}")
        if missing:
            raise InputError(
                f"node {name} does not see {missing[0]}; recordings and --out must lie on a file "
                "system that all nodes share"
            )


def seen_from_here(files: Sequence[Path]) -> tuple[str, list[str]]:
    """Version of this package, and which of the files are not to be seen."""
    return __version__, [str(file) for file in files if not file.exists()]
