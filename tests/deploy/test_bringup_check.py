from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from robot_skills import paths
from robot_skills.core.arm import ArmProfile
from robot_skills.core.robot import Command
from robot_skills.core.task_file import load_task
from robot_skills.deploy.bringup.check import Views, step_of_views, steps_with_motion
from robot_skills.deploy.bringup.directions import movement_in_words
from robot_skills.deploy.bringup.person import Stopped
from robot_skills.deploy.bringup.readings import joint_limits
from robot_skills.deploy.bringup.steps import CheckFailed, Step, StepFailed, carry_out
from robot_skills.deploy.bringup.stills import save_picture
from robot_skills.deploy.driver import ArmInfo, ArmState
from robot_skills.sim.kinematics import MujocoKinematics
from robot_skills.sim.scene import Scene, build_scene
from robot_skills.sim.sim_arm import SimArm

HERE = np.array([0.4, 0.0, 0.2, 0.0, 1.0, 0.0, 0.0])


class SimBench:
    """A simulated arm as a check sees it; `wiring` says which motor each joint's target goes to."""

    def __init__(self, scene: Scene, wiring: Sequence[int] | None = None) -> None:
        self.sim = SimArm(scene)
        self.sim.place(scene.arm.home, scene.arm.gripper.width_max_m, {}, {})
        self.rate_hz = self.sim.rate_hz
        self.wiring = list(wiring or range(scene.arm.dof))
        self.info = ArmInfo(scene.arm.name, scene.arm.joints, 125.0, True)
        self.sent: list[np.ndarray] = []

    def state(self) -> ArmState:
        seen = self.sim.observe()
        position, velocity = seen.joint_position, seen.joint_velocity
        return ArmState(seen.time_s, position, velocity, "running", None, seen.gripper_width_m)

    def act(self, joint_position: np.ndarray, gripper_width_m: float) -> Command:
        self.sent.append(joint_position)
        home = self.sim.scene.arm.home
        crossed = home.copy()
        crossed[self.wiring] += joint_position - home
        return self.sim.act(crossed, gripper_width_m)


class Technician:
    """Answers by rule, hears everything, and may strike a key after some lines."""

    def __init__(self, answer: Callable[[str], str] = lambda _: "y", patience: int = 10**6) -> None:
        self.answer, self.patience = answer, patience
        self.lines: list[str] = []
        self.asked: list[str] = []
        self.answers_heard_by = "nobody"

    def tell(self, line: str) -> None:
        self.lines.append(line)

    def ask(self, question: str, keys: str, meanwhile: Callable[[], None]) -> str:
        self.asked.append(question)
        self.answers_heard_by = "the question"
        meanwhile()
        self.answers_heard_by = "nobody"
        return self.answer(question)

    def listen(self) -> None:
        assert self.answers_heard_by == "nobody", "an answer struck now would be lost"
        self.patience -= 1
        if self.patience < 0:
            raise Stopped("a key")


@pytest.fixture(scope="module")
def scene(arm: ArmProfile) -> Scene:
    return build_scene(load_task(paths.find("envs", "blocks")), arm, ("red",), visual=False)


@pytest.fixture(scope="module")
def kinematics(arm: ArmProfile) -> MujocoKinematics:
    return MujocoKinematics(arm)


def check(bench: SimBench, kinematics: MujocoKinematics, person: Technician) -> None:
    carry_out(steps_with_motion(bench, bench.sim.scene.arm, kinematics, person), person)


def test_every_joint_and_the_gripper_move_as_told_and_come_back(
    scene: Scene, kinematics: MujocoKinematics
) -> None:
    bench, person = SimBench(scene), Technician()
    start = bench.state().joint_position_rad
    check(bench, kinematics, person)
    shown = "\n".join(person.lines)
    assert shown.count("confirmed") == 6
    assert "shoulder_pan_joint by +0.03 rad and back: the gripper goes" in shown
    assert shown.count("mm between the fingers") == 3
    np.testing.assert_allclose(bench.state().joint_position_rad, start, atol=0.01)
    steps = np.abs(np.diff(np.array(bench.sent), axis=0))
    assert steps.max() * bench.rate_hz <= 0.1 + 1e-6
    assert (np.count_nonzero(steps > 2e-3, axis=1) <= 1).all()


def test_what_a_step_does_is_told_before_it_is_done(
    scene: Scene, kinematics: MujocoKinematics
) -> None:
    bench, person = SimBench(scene), Technician(lambda _: "n")
    with pytest.raises(CheckFailed, match="joints failed: nobody was ready"):
        check(bench, kinematics, person)
    assert person.lines == [
        "[1/2] joints: moves one joint at a time by 0.03 rad and back, at 0.1 rad/s"
    ]
    assert np.ptp(np.array(bench.sent), axis=0).max() == 0.0


def test_crossed_joints_are_found_by_their_own_readings(
    scene: Scene, kinematics: MujocoKinematics
) -> None:
    bench = SimBench(scene, wiring=[0, 2, 1, 3, 4, 5])
    with pytest.raises(
        CheckFailed, match=r"shoulder_lift_joint was told to move; elbow_joint did\. Check --arm"
    ):
        check(bench, kinematics, Technician())


def test_a_joint_that_the_person_saw_go_the_wrong_way_ends_the_check(
    scene: Scene, kinematics: MujocoKinematics
) -> None:
    answers = iter("yyn")
    with pytest.raises(CheckFailed, match="shoulder_lift_joint did not move as told"):
        check(SimBench(scene), kinematics, Technician(lambda _: next(answers)))


def test_a_move_is_shown_again_when_asked_for(scene: Scene, kinematics: MujocoKinematics) -> None:
    answers = iter("yrrn")
    person = Technician(lambda _: next(answers))
    with pytest.raises(CheckFailed):
        check(SimBench(scene), kinematics, person)
    assert sum("shoulder_pan_joint by" in line for line in person.lines) == 3


def test_a_key_stops_in_the_middle_of_a_move(scene: Scene, kinematics: MujocoKinematics) -> None:
    bench = SimBench(scene)
    person = Technician(patience=15)
    with pytest.raises(Stopped):
        check(bench, kinematics, person)
    assert len(bench.sent) == 15 + len(person.asked)  # held once while each question stood


def test_a_joint_near_its_end_is_shown_and_one_outside_is_refused(
    scene: Scene, arm: ArmProfile
) -> None:
    bench = SimBench(scene)
    here = bench.state().joint_position_rad[2]

    def shown(room_rad: float) -> list[str]:
        high = arm.position_max.copy()
        high[2] = here + room_rad
        return list(joint_limits(bench, replace(arm, position_max=high)))

    assert ["NEAR" in line for line in shown(0.05)] == [False, False, True, False, False, False]
    with pytest.raises(StepFailed, match=r"outside of the range that .*: elbow_joint"):
        shown(-0.05)


def test_a_camera_that_sees_something_else_is_the_persons_to_judge(tmp_path: Path) -> None:
    blocks = paths.data_folder("demos") / "blocks"
    other = tmp_path / "black.png"
    save_picture(other, np.random.default_rng(0).integers(0, 255, (120, 160, 3), np.uint8))
    views = Views({"front": str(other)}, blocks, tmp_path)
    for answer in "yn":
        person = Technician(lambda _, said=answer: said)
        step = step_of_views(views, person)
        if answer == "n":
            with pytest.raises(CheckFailed, match="Put the camera back where it stood"):
                carry_out([step], person)
        else:
            carry_out([step], person)
        assert person.asked == [f"Does {tmp_path / 'camera_front.png'} show the same view twice?"]
    assert (tmp_path / "camera_front.png").exists()


def test_a_key_between_two_lines_stops_a_check() -> None:
    def lines() -> Iterator[str]:
        yield "one"
        yield "two"

    person = Technician(patience=1)
    with pytest.raises(Stopped):
        carry_out([Step("look", "looks", "", lines)], person)
    assert person.lines == ["[1/1] look: looks", "      one", "      two"]


@pytest.mark.parametrize(
    ("way", "words"),
    [
        ([0.01, 0.001, 0], "goes 10 mm away from the base"),
        ([0, -0.02, 0], "goes 20 mm right"),
        ([0, 0, 0.005], "goes 5 mm up"),
    ],
)
def test_a_move_is_told_by_its_larger_part(way: list[float], words: str) -> None:
    after = HERE.copy()
    after[:3] += way
    assert words in movement_in_words(HERE, after)


def test_a_turn_on_the_spot_is_told_by_its_axis() -> None:
    before = np.array([0.4, 0.0, 0.2, 1.0, 0.0, 0.0, 0.0])
    half = 0.03 / 2
    after = np.array([0.4, 0.0, 0.2, np.cos(half), 0.0, 0.0, -np.sin(half)])
    words = movement_in_words(before, after)
    assert words == "the gripper turns 1.7 degrees about the vertical, seen from above, clockwise"
