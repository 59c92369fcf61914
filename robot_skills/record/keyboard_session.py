"""Recording by a person at the keyboard: episode after episode until enough are kept."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

import numpy as np

from robot_skills import __version__
from robot_skills.core.arm import load_arm
from robot_skills.core.control import EndEffectorController, Workspace
from robot_skills.core.facts import format_facts
from robot_skills.core.observation import Observation
from robot_skills.core.task_file import load_task
from robot_skills.paths import find
from robot_skills.record.keyboard import KEY_MAP, Ending, KeyboardOperator
from robot_skills.record.recorder import Recorder
from robot_skills.record.session import NOISE, Recorded, SessionConfig
from robot_skills.record.terminal import HOME, HOME_AND_CLEAR, as_text
from robot_skills.sim.kinematics import Floats, MujocoKinematics
from robot_skills.sim.render import Cameras
from robot_skills.sim.scene import build_scene
from robot_skills.sim.sim_arm import SimArm
from robot_skills.sim.start import Situation, reset, sample_situation
from robot_skills.sim.viewer import Viewer, has_display
from robot_skills.storage.episodes import EpisodeWriter, next_number

Show = Callable[[str], None]
Screen = Callable[[SimArm], AbstractContextManager[Show]]

DRAW_EVERY = 2  # control steps a picture in the terminal: ten a second are enough to steer by
SCREEN_CAMERA = "front"
SCREEN_SIZE = (120, 160)
SCREEN_COLUMNS = 100


def record_by_keyboard(
    config: SessionConfig, folder: Path, pressed: Callable[[], str], screen: Screen
) -> list[Recorded]:
    """Record until `config.episodes` more are kept or the operator quits; returns those kept.

    `pressed` gives the keys struck since it was last asked; `screen` shows an arm and a line of
    text, once a control step. A goal is suggested; what is kept is the operator's choice.
    """
    kept: list[Recorded] = []
    discarded = 0
    while len(kept) < config.episodes:
        number = next_number(folder)
        ending, steps = _record_one(config, folder, (number, discarded), pressed, screen)
        if ending is Ending.QUIT:
            break
        if ending is Ending.KEPT:
            kept.append(Recorded(number, steps, discarded))
        discarded = 0 if ending is Ending.KEPT else discarded + 1
    return kept


def _record_one(
    config: SessionConfig,
    folder: Path,
    take: tuple[int, int],
    pressed: Callable[[], str],
    screen: Screen,
) -> tuple[Ending | None, int]:
    rng = np.random.default_rng([config.seed, *take])
    task, arm = load_task(find("envs", config.env)), load_arm(find("assets/arms", config.arm))
    seen = config.goals or tuple(goal.name for goal in task.goals.values() if goal.seen)
    situation = sample_situation(task, task.goal(seen[take[0] % len(seen)]), rng)
    robot = SimArm(build_scene(task, arm, situation.objects), int(rng.integers(2**31)), NOISE)
    kinematics, workspace = MujocoKinematics(arm), Workspace(*task.workspace_m)
    reset(robot, kinematics, situation.goal, rng)

    def look() -> tuple[Observation, Floats]:
        observation = robot.observe()
        return observation, kinematics.ee_pose(observation.joint_position)

    width_max_m = arm.gripper.width_max_m
    operator = KeyboardOperator(pressed, look, task.rate_hz, workspace, width_max_m)
    controller = EndEffectorController(kinematics, arm, task.rate_hz, workspace)
    recorder = Recorder(robot, kinematics, controller)
    sizes = dict.fromkeys(config.cameras, config.image)
    with ExitStack() as stack:
        writer = stack.enter_context(EpisodeWriter(folder, take[0], sizes, robot.rate_hz))
        eyes = _eyes(config, robot, stack)
        show = stack.enter_context(screen(robot))
        for wish in operator.wishes():
            recorder.run([wish], eyes, writer)
            show(_line(situation, operator))
        if operator.ending is Ending.KEPT:
            writer.finish(recorder.demonstration(_provenance(config, robot)))
    return operator.ending, recorder.steps


def _eyes(config: SessionConfig, robot: SimArm, stack: ExitStack) -> Cameras | None:
    if not config.cameras:
        return None
    return stack.enter_context(Cameras(robot.scene, *config.image, config.cameras))


def _line(situation: Situation, operator: KeyboardOperator) -> str:
    return f"try {format_facts(situation.goal.facts)} | {operator.status}"


def _provenance(config: SessionConfig, robot: SimArm) -> dict[str, str]:
    return {
        "env": config.env,
        "arm": config.arm,
        "model": robot.scene.fingerprint,
        "operator": "keyboard",
        "recorded_with": f"robot-skills {__version__}",
    }


def terminal_screen(write: Callable[[str], object]) -> Screen:
    """A screen that writes to a terminal: MuJoCo's window where there is one, else the picture."""

    @contextmanager
    def screen(robot: SimArm) -> Iterator[Show]:
        write(f"{HOME_AND_CLEAR}{KEY_MAP}\n")
        if has_display():
            with Viewer(robot) as viewer:
                yield lambda line: _show_in_window(viewer, line, write)
        else:
            with Cameras(robot.scene, *SCREEN_SIZE, [SCREEN_CAMERA]) as cameras:
                yield _Picture(robot, cameras, write).show

    return screen


def _show_in_window(viewer: Viewer, line: str, write: Callable[[str], object]) -> None:
    viewer.show()
    write(f"\r\x1b[K{line}")


class _Picture:
    """Draws what the front camera sees into the terminal, with a line and the keys below."""

    def __init__(self, robot: SimArm, cameras: Cameras, write: Callable[[str], object]) -> None:
        self._robot = robot
        self._cameras = cameras
        self._write = write
        self._calls = 0

    def show(self, line: str) -> None:
        """Draw on every second call."""
        self._calls += 1
        if self._calls % DRAW_EVERY == 1:
            image = self._cameras.image(self._robot.data, SCREEN_CAMERA)
            picture = as_text(image, SCREEN_COLUMNS)
            self._write(f"{HOME}{picture}\n\x1b[K{line}\n{KEY_MAP}\n")
