"""The check of an arm: every step in order; at its end the arm has a calibration."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from robot_skills.core.arm import ArmProfile
from robot_skills.core.robot import Kinematics
from robot_skills.deploy.bringup import readings
from robot_skills.deploy.bringup.bench import BenchRobot
from robot_skills.deploy.bringup.person import NO, YES, Person, StepFailed
from robot_skills.deploy.bringup.small_moves import MOVE_RAD, SPEED_RAD_S, SmallMoves
from robot_skills.deploy.bringup.steps import Step
from robot_skills.deploy.bringup.stills import (
    compare_stills,
    live_still,
    recorded_still,
    save_picture,
)

REST_S = 0.05


@dataclass(frozen=True)
class Views:
    """Cameras to look through: sources by name, demonstrations to compare with, where to draw."""

    sources: Mapping[str, str] = field(default_factory=dict)
    demonstrations: Path = Path("runs/demonstrations")
    pictures: Path = Path()


def steps_without_motion(
    robot: BenchRobot, arm: ArmProfile, address: str, perception_host: str
) -> list[Step]:
    """What can be looked at while the arm rests."""
    return [
        Step(
            "connection",
            "asks the arm who it is; nothing moves",
            "Check address, cable and --arm",
            lambda: readings.identity(robot, arm, address),
        ),
        Step(
            "mode",
            "asks whether the arm is ready; nothing moves",
            "Power the arm on, release its brakes, clear its fault on the pendant",
            lambda: readings.mode(robot),
        ),
        Step(
            "readings",
            "listens to the arm's clock for a second; nothing moves",
            "Use a cable, not radio; end what else keeps this machine or the network busy",
            lambda: readings.freshness(robot),
        ),
        Step(
            "limits",
            "compares each joint with its range; compare it with the pendant; nothing moves",
            "Move the joint inwards, by hand or on the pendant, and check again",
            lambda: readings.joint_limits(robot, arm),
        ),
        Step(
            "perception",
            f"asks {perception_host} where objects are; compare with a ruler; nothing moves",
            "Check --perception",
            lambda: readings.perception(perception_host),
        ),
    ]


def step_of_views(views: Views, person: Person) -> Step:
    """Compare what the cameras see with what they saw when the demonstrations were recorded."""
    return Step(
        "cameras",
        "compares a still of each camera with the recorded one; nothing moves",
        "Put the camera back where it stood, and keep it from being moved",
        lambda: _compare(views, person),
    )


def steps_with_motion(
    robot: BenchRobot, arm: ArmProfile, kinematics: Kinematics, person: Person
) -> list[Step]:
    """Each joint by little, then the gripper."""
    moves = SmallMoves(robot, arm, kinematics, person)
    return [
        Step(
            "joints",
            f"moves one joint at a time by {MOVE_RAD} rad and back, at {SPEED_RAD_S} rad/s",
            "Check --arm, cabling and motor numbers; do not use the arm before this is right",
            moves.joints,
        ),
        Step(
            "gripper",
            "opens and closes the gripper; the arm stands still",
            "Check the gripper's power, cable and tool settings; free its fingers",
            moves.gripper,
        ),
    ]


def _rest() -> None:
    time.sleep(REST_S)


def _compare(views: Views, person: Person) -> Iterator[str]:
    for camera, source in views.sources.items():
        live = live_still(camera, source)
        found = compare_stills(camera, live, recorded_still(views.demonstrations, camera))
        file = views.pictures / f"camera_{camera}.png"
        save_picture(file, found.picture)
        yield f"{found} ({file})"
        question = f"Does {file} show the same view twice?"
        if not found.is_near and person.ask(question, YES + NO, _rest) == NO:
            raise StepFailed(f"{camera} does not see what it saw when it was recorded")
