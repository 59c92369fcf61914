"""The processes that hold libfranka's link to the Franka Hand.

    python -m robot_skills.deploy.drivers.franka.hand HOST FD PARENT SPEED_M_S FORCE_N STROKE_M

libfranka's calls to the hand last as long as its fingers move. So the process divides after it has
connected: one half gives orders (TCP), the other reads widths (UDP). A wish that comes while the
fingers move waits until they are done.
"""

import os
import sys
import time
from typing import Any

from robot_skills.deploy.drivers.franka import memory

HAND_RECORDS = (memory.HAND, memory.WISH, memory.HAND)
PERIOD_S = 0.005
DEAD_BAND_M = 0.002  # wishes that differ by less are one


class Hand:
    """The half that gives orders: it moves, and grasps what it meets on the way in."""

    def __init__(
        self, hand: Any, refusal: type[Exception], speed_m_s: float, force_n: float
    ) -> None:
        self._hand = hand
        self._refusal = refusal
        self._speed_m_s = speed_m_s
        self._force_n = force_n

    def go(self, width_m: float, from_m: float, stroke_m: float) -> None:
        """Go to a width; where something keeps the closing fingers from it, hold that with force.

        A grasp alone would not do: an empty hand closes in it, whatever the width.
        """
        if not self._moved(width_m) and width_m < from_m:
            self._hand.grasp(width_m, self._speed_m_s, self._force_n, stroke_m, stroke_m)

    def _moved(self, width_m: float) -> bool:
        try:
            return bool(self._hand.move(width_m, self._speed_m_s))
        except self._refusal:
            return False


def _give_orders(hand: Hand, records: list[memory.Record], stroke_m: float, parent: int) -> None:
    seen, wish, _ = records
    last_m: float | None = None
    while os.getppid() == parent:
        wanted = wish.read()
        width_m = min(max(float(wanted["width_m"]), 0.0), stroke_m)
        moved = last_m is None or abs(width_m - last_m) > DEAD_BAND_M
        if wanted["number"] and moved:
            hand.go(width_m, float(seen.read()["width_m"]), stroke_m)
            last_m = width_m
        else:
            time.sleep(PERIOD_S)


def _read_widths(hand: Any, seen: memory.Record, parent: int) -> None:
    while os.getppid() == parent:
        state = hand.read_once()
        seen.draft["width_m"], seen.draft["width_max_m"] = state.width, state.max_width
        seen.draft["count"] += 1
        seen.publish()


def _tell(record: memory.Record, error: BaseException) -> None:
    record.draft["error"] = str(error).encode()[:400] or b"the link to the hand ended"
    record.publish()


def main() -> None:
    """Connect, divide, and serve until the process that started this one ends."""
    host, file_descriptor, parent, speed, force, stroke = sys.argv[1:]
    records = memory.attach(int(file_descriptor), HAND_RECORDS)
    seen, _, orders = records
    try:
        import pylibfranka

        library_hand = pylibfranka.Gripper(host)
    except Exception as error:  # libfranka's have no common base
        _tell(orders, error)
        sys.exit(1)
    orders_half = os.getpid()
    if os.fork() == 0:
        try:
            _read_widths(library_hand, seen, orders_half)
        except Exception as error:
            _tell(seen, error)
        os._exit(0)  # the link is the other half's to close
    try:
        refusal = pylibfranka.CommandException
        hand = Hand(library_hand, refusal, float(speed), float(force))
        _give_orders(hand, records, float(stroke), int(parent))
    except Exception as error:
        _tell(orders, error)


if __name__ == "__main__":
    main()
