"""A recording session: many episodes of seen tasks by the scripted operator, on several processes.

Every episode has its own seed, so the same session comes out whatever the number of processes,
and a session that was interrupted goes on where it stopped.
"""

import json
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from functools import cache, partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from robot_skills import __version__
from robot_skills.core.arm import load_arm
from robot_skills.core.control import EndEffectorController, Workspace
from robot_skills.core.errors import InputError, unknown_name
from robot_skills.core.facts import format_facts
from robot_skills.core.observation import Observation
from robot_skills.core.parallel import map_in_processes
from robot_skills.core.predicates import FactObserver
from robot_skills.core.progress import Track, quiet
from robot_skills.core.task import Goal, GoalTemplate, Task
from robot_skills.core.task_file import load_task
from robot_skills.paths import find
from robot_skills.record.paths import sample_manner
from robot_skills.record.recorder import Recorder
from robot_skills.record.scripted_operator import ScriptedOperator, Wish
from robot_skills.sim.kinematics import MujocoKinematics
from robot_skills.sim.render import Cameras, camera_names
from robot_skills.sim.robosuite_episode import succeeded
from robot_skills.sim.scene import Scene, build_scene
from robot_skills.sim.sim_arm import SensorNoise, SimArm
from robot_skills.sim.start import Situation, reset, sample_situation
from robot_skills.storage.atomic import write_text
from robot_skills.storage.episodes import EpisodeWriter, episode_name
from robot_skills.storage.truth import Behaviour, Truth, save_truth

Floats = NDArray[np.float64]

FORMAT = 1
SESSION_FILE = "session.json"
TRIES = 20
SMALLEST_IMAGE = 16  # pixels: the side of a block of H.264
NOISE = SensorNoise(joint_rad=2e-4, position_m=5e-4, rotation_rad=2e-3)


@dataclass(frozen=True)
class SessionConfig:
    """What to record: seen goals in turn, `image` (height, width) pixels of each camera."""

    env: str = "blocks"
    arm: str = "ur5e"
    episodes: int = 80
    seed: int = 0
    goals: tuple[str, ...] = ()
    cameras: tuple[str, ...] = ("front",)
    image: tuple[int, int] = (120, 160)

    def __post_init__(self) -> None:
        least = {"episodes": 1, "seed": 0, "image": SMALLEST_IMAGE}
        found = {"episodes": self.episodes, "seed": self.seed, "image": min(self.image)}
        for name, low in least.items():
            if found[name] < low:
                raise InputError(f"{name} must be at least {low}; found {found[name]}")


@dataclass(frozen=True)
class Recorded:
    """One kept episode, and how many takes failed before it."""

    number: int
    steps: int
    failed_takes: int


def record_session(
    config: SessionConfig, folder: Path, workers: int = 1, track: Track = quiet
) -> list[Recorded]:
    """Record the episodes that `folder` lacks; only takes that reach their goal are kept.

    Raises InputError when the folder holds a session of another configuration, or when a goal
    fails too often.
    """
    _check(config)
    _claim(config, folder)
    missing = [n for n in range(config.episodes) if not (folder / episode_name(n)).is_dir()]
    recorder = partial(_recorder, config, folder)
    return map_in_processes(recorder, missing, workers, track, "recording")


def _recorder(config: SessionConfig, folder: Path) -> Callable[[int], Recorded]:
    return partial(_record_one, config, folder)


def _check(config: SessionConfig) -> None:
    """Raise InputError for a goal, camera or arm that does not fit, before a folder is claimed."""
    made_for = _task(config.env).arm
    if made_for and load_arm(find("assets/arms", config.arm)).name != made_for:
        raise InputError(
            f"{config.env} is laid out for the arm {made_for}, whose reach is another than that of "
            f"{config.arm}; add --arm {made_for}"
        )
    for name in config.goals:
        _task(config.env).goal(name)
    cameras = camera_names(_scene(config.env, config.arm, (), False))
    for camera in config.cameras:
        if camera not in cameras:
            raise unknown_name("camera", camera, cameras)


def _claim(config: SessionConfig, folder: Path) -> None:
    file = folder / SESSION_FILE
    wanted = json.loads(json.dumps({"format": FORMAT, **asdict(config)}))
    if not file.exists():
        folder.mkdir(parents=True, exist_ok=True)
        write_text(file, json.dumps(wanted, indent=2) + "\n")
        return
    found = _read_session(file)
    differing = [key for key in wanted if key != "episodes" and wanted[key] != found.get(key)]
    if differing:
        changes = ", ".join(f"{k}: {found.get(k)} there, {wanted[k]} asked" for k in differing)
        raise InputError(f"{folder} holds another session ({changes}); choose another --out")


def _read_session(file: Path) -> dict[str, Any]:
    try:
        found = json.loads(file.read_text())
    except ValueError as error:
        raise InputError(f"{file}: damaged ({error}); choose another --out") from None
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise InputError(f"{file}: is no session of format {FORMAT}; choose another --out")
    return found


@cache
def _task(env: str) -> Task:
    return load_task(find("envs", env))


@cache
def _kinematics(arm: str) -> MujocoKinematics:
    return MujocoKinematics(load_arm(find("assets/arms", arm)))


@cache
def _scene(env: str, arm: str, objects: tuple[str, ...], visual: bool) -> Scene:
    return build_scene(_task(env), load_arm(find("assets/arms", arm)), objects, visual)


@cache
def _cameras(config: SessionConfig, objects: tuple[str, ...]) -> Cameras:
    height, width = config.image
    return Cameras(_scene(config.env, config.arm, objects, True), height, width, config.cameras)


def _template(config: SessionConfig, number: int) -> GoalTemplate:
    task = _task(config.env)
    names = config.goals or tuple(g.name for g in task.goals.values() if g.seen)
    return task.goal(names[number % len(names)])


def _record_one(config: SessionConfig, folder: Path, number: int) -> Recorded:
    for take in range(TRIES):
        steps = _take(config, folder, number, take)
        if steps is not None:
            return Recorded(number, steps, take)
    raise InputError(
        f"episode {number}: the operator failed {TRIES} takes of {_template(config, number).name}"
    )


def _take(config: SessionConfig, folder: Path, number: int, take: int) -> int | None:
    """Steps of a take that reached its goal, or None."""
    rng = np.random.default_rng([config.seed, number, take])
    situation = sample_situation(_task(config.env), _template(config, number), rng)
    stage = _set_stage(config, situation, rng)
    sizes = dict.fromkeys(config.cameras, config.image)
    with EpisodeWriter(folder, number, sizes, stage.robot.rate_hz) as writer:
        eyes = _cameras(config, situation.objects) if config.cameras else None
        wishes = list(_watched(stage.operator.wishes(), stage.recorder, eyes, writer))
        if not _succeeded(situation, stage):
            return None
        truth = _truth(wishes, format_facts(situation.goal.facts))
        save_truth(folder, episode_name(number), truth)
        writer.finish(stage.recorder.demonstration(_provenance(config, stage.robot.scene)))
    return stage.recorder.steps


def rehearse(env: str, arm: str, goal: Goal | str, seed: int) -> bool:
    """Whether the operator brings about a goal, or a task's goal by name, from a random start.

    With all of the task's objects where a goal is given. Nothing is kept.
    """
    config = SessionConfig(env=env, arm=arm, cameras=(), seed=seed)
    task, rng = _task(env), np.random.default_rng(seed)
    if isinstance(goal, str):
        situation = sample_situation(task, task.goal(goal), rng)
    else:
        situation = Situation(tuple(task.objects), goal)
    stage = _set_stage(config, situation, rng)
    stage.recorder.run(stage.operator.wishes(), None, None)
    return _succeeded(situation, stage)


def _succeeded(situation: Situation, stage: "_Stage") -> bool:
    goal, task = situation.goal.facts, stage.robot.scene.task
    facts = FactObserver(task, situation.objects).facts(*stage.look())
    return goal <= facts and succeeded(stage.robot, goal, facts)


@dataclass(frozen=True)
class _Stage:
    """A robot before a random start, an operator with a goal, and a recorder."""

    robot: SimArm
    operator: ScriptedOperator
    recorder: Recorder
    look: Callable[[], tuple[Observation, Floats]]


def _set_stage(config: SessionConfig, situation: Situation, rng: np.random.Generator) -> _Stage:
    task, kinematics = _task(config.env), _kinematics(config.arm)
    scene = _scene(config.env, config.arm, situation.objects, bool(config.cameras))
    robot = SimArm(scene, seed=int(rng.integers(2**31)), noise=NOISE)
    reset(robot, kinematics, situation.goal, rng)

    def look() -> tuple[Observation, Floats]:
        observation = robot.observe()
        return observation, kinematics.ee_pose(observation.joint_position)

    home = kinematics.ee_pose(scene.arm.home)
    manner = sample_manner(rng, task.scale)
    operator = ScriptedOperator(
        task, situation.goal, manner, home, look, rng, robot.scene.arm.gripper.lean_rad
    )
    workspace = Workspace(*task.workspace_m)
    controller = EndEffectorController(kinematics, scene.arm, task.rate_hz, workspace)
    return _Stage(robot, operator, Recorder(robot, kinematics, controller), look)


def _provenance(config: SessionConfig, scene: Scene) -> dict[str, str]:
    return {
        "env": config.env,
        "arm": config.arm,
        "model": scene.fingerprint,
        "recorded_with": f"robot-skills {__version__}",
    }


def _watched(
    wishes: Iterable[Wish], recorder: Recorder, eyes: Cameras | None, writer: EpisodeWriter
) -> Iterable[Wish]:
    for wish in wishes:
        recorder.run([wish], eyes, writer)
        yield wish


def _truth(wishes: list[Wish], goal: str) -> Truth:
    changes = [
        i
        for i in range(1, len(wishes))
        if (wishes[i].behaviour, wishes[i].arguments)
        != (wishes[i - 1].behaviour, wishes[i - 1].arguments)
    ]
    edges = [0, *changes, len(wishes)]
    behaviours = tuple(
        Behaviour(wishes[a].behaviour, wishes[a].arguments, a, b) for a, b in pairwise(edges)
    )
    return Truth(tuple(changes), behaviours, {"goal": goal})
