"""The one layer between every policy and every driver; see docs/safety.md for its rows.

It is software, not a safety-rated function.
"""

from operator import sub

import numpy as np
from numpy.typing import NDArray

from robot_skills.core.arm import ArmProfile
from robot_skills.core.task import Task
from robot_skills.deploy.driver import ArmState, Fault, FaultKind
from robot_skills.deploy.safety.body import ArmBody
from robot_skills.deploy.safety.bounds import JointBounds
from robot_skills.deploy.safety.guard import Guard
from robot_skills.deploy.safety.path import JerkLimitedPath
from robot_skills.deploy.safety.settings import SafetySettings
from robot_skills.deploy.safety.verdict import Action, Cycle, Margins, Verdict
from robot_skills.deploy.safety.walls import Walls
from robot_skills.deploy.safety.watch import (
    Asked,
    Link,
    Load,
    Processes,
    Row,
    Servos,
    Tracking,
    Vendor,
    stop,
)

Floats = NDArray[np.float64]

_GO_ON = Verdict(Action.NONE)
LOOK_S = 0.04  # between two looks at where the measured arm is in space
START_ROUNDING_RAD = 1e-6


class SafetyLayer:
    """Judges every reading and turns every target into one that may be sent, once a period.

    `check` comes first, then `advance`, in every control period. A fault latches: from then on
    the path leads to rest and `check` tells the same fault, for as long as this layer lives.
    `task` gives the box and the table; None where nothing is known of either. `robot_watchdog`
    tells whether the arm itself stops when commands cease. `body` spares building one again.
    """

    def __init__(
        self,
        arm: ArmProfile,
        task: Task | None,
        settings: SafetySettings,
        period_s: float,
        robot_watchdog: bool,
        body: ArmBody | None = None,
    ) -> None:
        self._arm, self._settings, self._period_s = arm, settings, period_s
        self._robot_watchdog = robot_watchdog
        self._walls = Walls(task, settings)
        self._body = body or ArmBody(arm, self._walls.table_m, settings.distance_slow_m)
        self._bounds = JointBounds.of(arm, settings)
        self._link = Link(settings, period_s)
        self._rows: list[Row] = [
            Vendor(),
            self._link,
            Asked(),
            Load(settings, period_s),
            Servos(settings),
            Processes(settings),
        ]
        self._tracking = Tracking(settings, period_s)
        self._latched: Verdict | None = None
        self._holding = self._braking = False
        self._moved_s = 0.0
        self._cycles_to_look = 0
        self._guard: Guard | None = None

    @property
    def at_rest(self) -> bool:
        """Whether the path stands still."""
        return self._guard is None or self._guard.path.at_rest

    @property
    def late(self) -> int:
        """How many readings came later than is usual."""
        return self._link.late

    def admit(
        self,
        state: ArmState,
        first_target: Floats,
        watchdog_age_s: float = 0.0,
        calibrations: tuple[str, str] | None = None,
    ) -> Fault | None:
        """Why the arm may not start towards a first target (J,) rad, or None.

        `calibrations` are the ids that the library was made with and that was found.
        """
        if not self._robot_watchdog and watchdog_age_s > self._settings.watchdog_s:
            return Fault(
                FaultKind.WATCHDOG,
                "this arm does not stop by itself when commands cease, and no watchdog process is "
                "there; connect anew",
            )
        if calibrations is not None and calibrations[0] != calibrations[1]:
            return Fault(
                FaultKind.CALIBRATION,
                f"calibration {calibrations[0]!r} is asked for, {calibrations[1]!r} was found; "
                "calibrate this arm, or give the calibration that belongs to it",
            )
        return self._start_pose(state, first_target)

    def check(self, state: ArmState, cycle: Cycle, wanted: Floats) -> Verdict:
        """Judge one reading and what the policy wants (J,) rad; begins to brake by itself."""
        if self._latched is not None:
            return self._latched
        verdict = self._judge(state, cycle, wanted) or _GO_ON
        self._holding = verdict.action is Action.HOLD
        if verdict.fault is not None:
            self._latched = verdict
            self._braking = True
        return verdict

    def advance(self, goal: Floats, left_s: float, state: ArmState, elapsed_s: float) -> Floats:
        """The target (J,) rad to send now, on the way to `goal` (J,) rad in `left_s`.

        `elapsed_s` is the robot time since the last call; a late loop never makes it jump.
        """
        guard = self._begin(state)
        step_s = min(elapsed_s, 2 * self._period_s)
        if step_s > 0.0:
            if self._braking or self._holding:
                guard.slow(step_s)
            else:
                self._moved_s += step_s
                guard.follow(goal.tolist(), left_s, step_s, self._first_run_share())
        return self._near_measured(guard, state)

    def brake(self) -> None:
        """From now on slow to rest along the path, whatever is aimed at."""
        self._braking = True

    def margins(self, state: ArmState) -> Margins:
        """What is left, for a live view."""
        position = state.joint_position_rad
        room = np.minimum(position - self._arm.position_min, self._arm.position_max - position)
        self._body.place(position)
        near = self._body.near()
        share = self._guard.share if self._guard is not None else 1.0
        return Margins(room, near.distance_m, near.pair, share * self._first_run_share())

    def _begin(self, state: ArmState) -> Guard:
        if self._guard is None:
            measured = state.joint_position_rad
            path = JerkLimitedPath(measured, self._bounds.including(measured))
            self._guard = Guard(path, self._body, self._walls, self._settings)
        return self._guard

    def _first_run_share(self) -> float:
        settings = self._settings
        if not settings.first_run or self._moved_s >= settings.first_run_s:
            return 1.0
        first = settings.first_run_share
        return first + (1.0 - first) * self._moved_s / settings.first_run_s

    def _near_measured(self, guard: Guard, state: ArmState) -> Floats:
        lead, path = self._settings.lead_max_rad, guard.path.now.position
        measured = state.joint_position_rad
        if max(map(abs, map(sub, path, measured.tolist()))) <= lead:
            return np.array(path)
        return np.clip(path, measured - lead, measured + lead)

    def _start_pose(self, state: ArmState, first_target: Floats) -> Fault | None:
        away = float(np.abs(first_target - state.joint_position_rad).max())
        allowed = self._settings.start_pose_rad
        if away <= allowed + START_ROUNDING_RAD:
            return None
        return Fault(
            FaultKind.START_POSE,
            f"the first target is {away:.2f} rad from where the arm stands, {allowed:g} are "
            "allowed; move the arm to its start first",
        )

    def _judge(self, state: ArmState, cycle: Cycle, wanted: Floats) -> Verdict | None:
        measured: list[float] = state.joint_position_rad.tolist()
        hold = None
        for row in self._rows:
            found = row.judge(state, cycle, measured, wanted)
            if found is not None and found.fault is not None:
                return found
            hold = hold or found
        if not cycle.moving:
            return hold
        return self._judge_place(state, measured) or hold

    def _judge_place(self, state: ArmState, measured: list[float]) -> Verdict | None:
        guard = self._guard
        if guard is None:  # nothing was sent yet: a person may lead the arm
            return None
        found = guard.outside_range(measured)
        found = found or self._tracking.judge(state, measured, guard.path.now.position)
        if found is not None or guard.collision is not None:
            return found or stop(FaultKind.COLLISION, guard.collision or "")
        self._cycles_to_look -= 1
        if self._cycles_to_look > 0:
            return None
        self._cycles_to_look = round(LOOK_S / self._period_s)
        return guard.look(measured)
