"""Joint order and signs by small moves, and the gripper once open and closed."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from robot_skills.core.arm import ArmProfile
from robot_skills.core.robot import Kinematics
from robot_skills.deploy.bringup.bench import BenchRobot
from robot_skills.deploy.bringup.directions import movement_in_words
from robot_skills.deploy.bringup.person import AGAIN, NO, YES, Person, StepFailed

Floats = NDArray[np.float64]

MOVE_RAD = 0.03
SPEED_RAD_S = 0.1
SETTLE_S = 3.0  # at most
SETTLED_RAD, SETTLED_STEPS = 0.001, 6  # at rest: so little change over so many control steps
LEAST_SHARE, MOST_SHARE = 0.5, 1.5  # of the move, as measured: small servos rest a little off
OTHERS_SHARE = 0.4  # what any other joint may be seen to move
GRIPPER_LIMIT_S = 3.0
GRIPPER_SLACK = 0.15  # share of the stroke


class SmallMoves:
    """Moves one thing at a time, slowly and by little, and lets a person say what was seen."""

    def __init__(
        self, robot: BenchRobot, arm: ArmProfile, kinematics: Kinematics, person: Person
    ) -> None:
        self._robot = robot
        self._arm = arm
        self._kinematics = kinematics
        self._person = person

    def joints(self) -> Iterator[str]:
        """Move every joint there and back; raises StepFailed where another one moves."""
        self._hold_here()
        if self._ask("Hand on the emergency stop, nobody within reach?", YES + NO) == NO:
            raise StepFailed("nobody was ready")
        for index, name in enumerate(self._arm.joints):
            yield self._one_joint(index, name)

    def gripper(self) -> Iterator[str]:
        """Open and close; raises StepFailed where the fingers do not follow."""
        self._hold_here()
        if self._ask("Nothing between the fingers?", YES + NO) == NO:
            raise StepFailed("the fingers were not free")
        stroke_m = self._arm.gripper.width_max_m
        for word, width_m in (("open", stroke_m), ("closed", 0.0), ("open", stroke_m)):
            found_m = self._fingers_to(width_m)
            if abs(found_m - width_m) > GRIPPER_SLACK * stroke_m:
                raise StepFailed(
                    f"told to be {word}, the fingers are {1000 * found_m:.0f} mm apart"
                )
            yield f"{word}: {1000 * found_m:.0f} mm between the fingers"

    def _one_joint(self, index: int, name: str) -> str:
        home, answer = self._target, AGAIN
        while answer == AGAIN:
            start = self._settled()
            move = np.zeros_like(start)
            move[index] = self._roomier_way(index, float(start[index]))
            words = self._in_words(start, start + move)
            self._person.tell(f"      {name} by {move[index]:+.2f} rad and back: {words}")
            self._go_to(home + move)
            moved = self._settled() - start
            self._go_to(home)
            self._check_moved(moved, index, float(move[index]))
            answer = self._ask("Did it? (r shows it again)", YES + NO + AGAIN)
        if answer == NO:
            raise StepFailed(f"{name} did not move as told")
        return f"{name}: measured {moved[index]:+.3f} rad, confirmed"

    def _in_words(self, before: Floats, after: Floats) -> str:
        ee_pose = self._kinematics.ee_pose
        return movement_in_words(ee_pose(before).copy(), ee_pose(after))

    def _roomier_way(self, index: int, position: float) -> float:
        above = self._arm.position_max[index] - position
        below = position - self._arm.position_min[index]
        return MOVE_RAD if above >= below else -MOVE_RAD

    def _check_moved(self, moved: Floats, index: int, told: float) -> None:
        names = self._arm.joints
        shares = moved / told
        others = np.delete(np.arange(len(moved)), index)
        worst = int(others[np.abs(shares[others]).argmax()])
        if abs(shares[worst]) > OTHERS_SHARE:
            raise StepFailed(f"{names[index]} was told to move; {names[worst]} did")
        if not LEAST_SHARE <= shares[index] <= MOST_SHARE:
            raise StepFailed(
                f"{names[index]} was told to move by {told:+.3f} rad; measured {moved[index]:+.3f}"
            )

    def _hold_here(self) -> None:
        """From now on targets start from where the arm is measured, and return there."""
        self._target = self._robot.state().joint_position_rad
        self._width_m = self._measured_width()

    def _go_to(self, end: Floats) -> None:
        """Follow a straight line in joint space."""
        start = self._target
        steps = int(np.ceil(MOVE_RAD / SPEED_RAD_S * self._robot.rate_hz))
        for step in range(1, steps + 1):
            self._target = start + (end - start) * step / steps
            self._act()

    def _settled(self) -> Floats:
        """Where the joints (J,) come to rest, as measured."""
        seen = [self._robot.state().joint_position_rad]
        for _ in range(round(SETTLE_S * self._robot.rate_hz)):
            self._act()
            seen = [*seen[-SETTLED_STEPS:], self._robot.state().joint_position_rad]
            if len(seen) > SETTLED_STEPS and float(np.ptp(seen, axis=0).max()) < SETTLED_RAD:
                break
        return seen[-1]

    def _ask(self, question: str, keys: str) -> str:
        """Ask while the arm is held where it is; the person is heard by the question alone."""
        return self._person.ask(question, keys, self._hold)

    def _act(self) -> None:
        self._person.listen()
        self._hold()

    def _hold(self) -> None:
        self._robot.act(self._target, self._width_m)

    def _fingers_to(self, width_m: float) -> float:
        """Width reached in m, once it changes no more or the time is over."""
        self._width_m = width_m
        slack_m = GRIPPER_SLACK * self._arm.gripper.width_max_m
        for _ in range(round(GRIPPER_LIMIT_S * self._robot.rate_hz)):
            self._act()
            if abs(self._measured_width() - width_m) < 0.5 * slack_m:
                break
        return self._measured_width()

    def _measured_width(self) -> float:
        width_m = self._robot.state().gripper_width_m
        if width_m is None:
            raise StepFailed("the gripper does not say how far it is open")
        return width_m
