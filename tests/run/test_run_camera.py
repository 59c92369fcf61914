"""A policy that sees, from recordings with two small cameras to the simulated arm."""

import time

import pytest

from robot_skills.core.demonstration import Segment
from robot_skills.core.errors import InputError
from robot_skills.core.skill import NOTHING_BARRED
from robot_skills.nets.sight.camera_sight import camera_setup, library_cameras
from robot_skills.plan import plan_without
from robot_skills.record.session import SessionConfig, record_session
from robot_skills.run.evaluate.episodes import Simulation, run_episode
from robot_skills.run.execute.config import ExecutorConfig
from robot_skills.run.execute.executor import Executor
from robot_skills.sim.gl import rendering_available
from robot_skills.storage.episodes import load_demonstrations
from robot_skills.storage.libraries import load_library, save_library
from robot_skills.storage.truth import load_truth
from robot_skills.train.learning.cloning import CloningConfig
from robot_skills.train.trainer import TrainConfig, train

pytestmark = pytest.mark.skipif(not rendering_available(), reason="no GL back end")

CAMERAS = ("front", "wrist")
SIZE = (48, 64)


@pytest.fixture(scope="module")
def library(tmp_path_factory, task, body):
    """A library that saw three recordings and hardly learned from them, from disk."""
    folder = tmp_path_factory.mktemp("seen")
    goals = ("put_in_tray",)
    record_session(
        SessionConfig(episodes=3, goals=goals, cameras=CAMERAS, image=SIZE), folder / "episodes"
    )
    demonstrations = load_demonstrations(folder / "episodes")
    segments = [
        Segment(one.name, behaviour.start, behaviour.stop)
        for one in demonstrations
        for behaviour in load_truth(folder / "episodes", one.name).behaviours
    ]
    config = TrainConfig(
        min_support=2, cameras=CAMERAS, cloning=CloningConfig(steps=3, chunk=6, hidden=16)
    )
    training = train(demonstrations, segments, task, body.kinematics, config)
    return load_library(save_library(folder / "library", training.library))


def test_skills_about_things_that_stand_nowhere_fixed_see(library):
    setups = {skill.name: camera_setup(skill.settings) for skill in library.skills}
    assert len(setups) >= 2
    for setup in setups.values():
        assert (setup.cameras, setup.height, setup.width) == (CAMERAS, *SIZE)


def test_the_simulated_arm_shows_them_what_they_need_fast_enough(library, task, body):
    def plan(facts, goal, objects, barred=NOTHING_BARRED):
        return plan_without(barred, facts, goal, library, task, objects)

    simulation = Simulation(task, body, library_cameras(library))
    robot, _ = simulation.start("put_in_tray", 0)
    images = robot.observe().images
    assert {name: image.shape for name, image in images.items()} == dict.fromkeys(
        CAMERAS, (*SIZE, 3)
    )
    started_s = time.process_time()
    config, goal = ExecutorConfig(attempts=1), "in(red, tray)"
    runs = (run_episode(simulation, library, plan, goal, seed, config) for seed in range(9))
    trace = next(episode.trace for episode in runs if episode.trace)  # where there is a plan
    spent_s = time.process_time() - started_s
    assert trace.control_steps > 10
    assert spent_s < 3.0 * trace.seconds + 3.0  # a minute for twenty seconds of robot time


def test_a_robot_without_cameras_is_refused_before_it_moves(library, task, body):
    robot, _ = Simulation(task, body).start("put_in_tray", 0)
    with pytest.raises(InputError, match="the cameras front, wrist; this robot has none"):
        Executor(library, task, robot, body)
