"""The vendor's client, opened the way this driver needs it: quiet, over TCP, with short waits."""

import contextlib
import io
import logging
import socket
from collections.abc import Iterator
from typing import Any

import numpy as np

from robot_skills.core.errors import InputError
from robot_skills.deploy.drivers.clients import missing_client
from robot_skills.deploy.drivers.xarm.reports import ReportPort

COMMAND_PORT = 502
ANSWER_TIMEOUT_S = 0.25  # of one exchange; the client's own 2 s would outlast any stop


def open_client(address: str) -> Any:
    """A connection to the controller's command port; raises InputError where none comes about.

    The client's own report threads stay off: they poll at 1 kHz and reconnect unasked. Its Unix
    sockets stay off too: they would win over the address that was given.
    """
    try:
        with _quietly():
            from xarm.wrapper import XArmAPI

            client = XArmAPI(
                address, is_radian=True, enable_report=False, timed_comm=False, forbid_uds=True
            )
    except ImportError:
        raise missing_client("xarm") from None
    except Exception as error:  # the client raises nothing more special
        raise InputError(
            f"no xArm at {address}: port {COMMAND_PORT} does not answer ({error}); check the "
            "address on the control box and the cable"
        ) from None
    client.set_timeout(ANSWER_TIMEOUT_S)
    return client


def open_report(
    address: str, port: int, layout: np.dtype[np.void], needed: int, timeout_s: float
) -> ReportPort:
    """A report that has begun to come in; raises InputError where none does in time."""
    try:
        with _quietly():
            from xarm.core.comm import SocketPort

            report = SocketPort(address, port, forbid_uds=True)
    except ImportError:
        raise missing_client("xarm") from None
    opened = ReportPort(report, layout, needed)
    if not report.connected or opened.wait(timeout_s) is None:
        opened.close()
        raise InputError(
            f"no xArm at {address}: port {port} reports nothing; check the address on the control "
            "box and the cable; firmware 2.1.0 or later is needed"
        )
    return opened


@contextlib.contextmanager
def _quietly() -> Iterator[None]:
    """Keep the client from printing, and from giving every later socket a timeout of a second."""
    timeout_s = socket.getdefaulttimeout()
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            from xarm.core.utils.log import logger, origin_logger

            for each in (logger, origin_logger):
                each.setLevel(logging.CRITICAL + 1)
            yield
    finally:
        socket.setdefaulttimeout(timeout_s)
