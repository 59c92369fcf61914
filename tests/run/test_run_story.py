"""From scripted demonstrations to the simulated arm, in little."""

from pathlib import Path

import pytest

from robot_skills.core.demonstration import Segment
from robot_skills.core.skill import NOTHING_BARRED
from robot_skills.plan import plan_without
from robot_skills.record.session import SessionConfig, record_session
from robot_skills.run.evaluate.episodes import Simulation, run_episode, success_rate
from robot_skills.storage.episodes import load_demonstrations
from robot_skills.storage.truth import load_truth
from robot_skills.train.learning.augmentation import AugmentationConfig
from robot_skills.train.learning.cloning import CloningConfig
from robot_skills.train.trainer import TrainConfig, train

DEMONSTRATIONS, EPISODES = 10, 6


@pytest.fixture(scope="module")
def recorded(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("story") / "demonstrations"
    config = SessionConfig(episodes=DEMONSTRATIONS, goals=("put_in_tray",), cameras=())
    record_session(config, folder)
    return folder


@pytest.fixture
def learn(recorded, task, body):
    """A library from the recordings, cut where the operator's behaviour changed."""
    demonstrations = load_demonstrations(recorded)
    segments = [
        Segment(one.name, behaviour.start, behaviour.stop)
        for one in demonstrations
        for behaviour in load_truth(recorded, one.name).behaviours
    ]

    def learn(steps):
        cloning = CloningConfig(steps=steps, hidden=128)
        config = TrainConfig(cloning=cloning, augmentation=AugmentationConfig(copies=2))
        return train(demonstrations, segments, task, body.kinematics, config).library

    return learn


def test_ten_demonstrations_make_an_arm_that_puts_blocks_away(learn, task, body):
    simulation = Simulation(task, body)

    def successes(library):
        def plan(facts, goal, objects, barred=NOTHING_BARRED):
            return plan_without(barred, facts, goal, library, task, objects)

        goal = "in(red, tray)"
        episodes = [run_episode(simulation, library, plan, goal, seed) for seed in range(EPISODES)]
        return success_rate(episodes).value

    trained, untrained = learn(700), learn(1)
    assert {skill.frame.kind for skill in trained.skills} == {"object", "goal"}
    assert successes(untrained) == 0.0  # what the executor's retries reach by themselves
    assert successes(trained) >= 0.5
