from dataclasses import replace

import numpy as np
import pytest
from untrained import no_scales

from robot_skills.core import poses
from robot_skills.core.errors import InputError
from robot_skills.core.facts import parse_facts
from robot_skills.core.observation import Observation
from robot_skills.core.policy import Subgoal
from robot_skills.core.skill import ReferenceFrame, Skill, SkillLibrary
from robot_skills.core.task_file import load_task
from robot_skills.nets.networks.kinds import settings_of
from robot_skills.nets.networks.learning import begin, export
from robot_skills.nets.networks.mlp import Mlp
from robot_skills.nets.sight.camera_features import HandView, camera_features
from robot_skills.nets.sight.camera_sight import CameraSetup, camera_setup, library_cameras
from robot_skills.nets.skill_policy import SkillPolicy, chunk_in_world
from robot_skills.paths import find

TASK = load_task(find("envs", "blocks"))
SETUP = CameraSetup(("front",), 40, 48, 2)
YAW = 0.4
DOWN = np.array([0.0, 1.0, 0.0, 0.0])
EE = np.array([0.4, 0.1, 0.2, *poses.multiply(poses.from_yaw(np.asarray(YAW)), DOWN)])
MOVE = np.array([0.02, 0.0, -0.01])
RED, GREEN = (200, 40, 40), (40, 200, 40)
PICK = Subgoal(parse_facts("holding(red)"), {"?x": "red"})


class FixedKinematics:
    def ee_pose(self, joint_position):
        return EE

    def ee_jacobian(self, joint_position):
        raise AssertionError("a policy needs no Jacobian")


def seeing_skill(kind="object"):
    """A skill that always asks for MOVE along the hand's axes; its eyes are untrained."""
    eyes = SETUP.eyes()
    one = np.zeros(1)
    features = camera_features(HandView(EE[None], one, one, None)).shape[1]
    network = Mlp(features + eyes.size, 3, 8, 0)
    scales = no_scales(network)
    weights = export({**begin(network, 0), **begin(eyes, 0), **scales})
    weights["linear.0.weight"][:] = weights["linear.0.bias"][:] = 0.0
    weights["pose_mean"] = np.tile([*MOVE, 1, 0, 0, 0, 1, 0], 3).astype(np.float32)
    for name, colour in (("red", RED), ("green", GREEN)):
        weights[f"appearance.{name}"] = (np.array(colour) / max(colour)).astype(np.float32)
    settings = {**settings_of(network), **SETUP.settings(), "open_width_m": 0.07}
    frame = ReferenceFrame(kind, "?x")
    return Skill("go", (), frame, settings, weights, {}, np.zeros((1, 3)), 9, 3)


def policy_of(skill):
    return SkillPolicy(skill, TASK, FixedKinematics(), 20.0)


def observation(**images):
    """No pose of anything is in it."""
    return Observation(0.0, np.zeros(6), np.zeros(6), 0.08, images=images)


def view(colour=RED, shape=(40, 48, 3)):
    image = np.zeros(shape, np.uint8)
    image[10:14, 30:34] = colour
    return image


def test_a_policy_that_sees_needs_no_pose_and_moves_in_the_frame_of_its_hand():
    policy = policy_of(seeing_skill())
    chunk = policy.act([observation(front=view())], PICK)
    expected = EE[:3] + poses.rotate(poses.from_yaw(np.asarray(YAW)), MOVE)
    np.testing.assert_allclose(chunk_in_world(chunk)[:, :3], np.tile(expected, (3, 1)), atol=1e-6)
    assert chunk.frame == "hand, towards red"


def test_what_it_is_told_of_the_picture_depends_on_what_is_meant():
    policy = policy_of(seeing_skill())
    seen = {
        name: policy._sight.look(
            observation(front=view()), Subgoal(parse_facts(f"holding({name})"), {"?x": name})
        ).inputs
        for name in ("red", "green")
    }
    assert seen["red"][-1] > 0.1  # the share of the picture that is red
    assert seen["green"][-1] < 0.01


def test_a_place_that_is_a_block_is_looked_for_and_one_that_is_a_fixture_is_known():
    policy = policy_of(seeing_skill("goal"))
    pose = np.array([0.5, 0.0, 0.06, 1.0, 0, 0, 0])
    seen = {}
    for place, fact in (("block", "on(red, green)"), ("fixture", "in(red, tray)")):
        goal = Subgoal(parse_facts(fact), {"?x": "red"}, {"red": pose})
        seen[place] = policy._sight.look(observation(front=view(GREEN)), goal).inputs
    known = slice(8, 21)
    assert np.all(seen["block"][known] == 0)
    assert seen["fixture"][known][-1] == 1
    assert seen["block"][-1] > 0.1
    assert seen["fixture"][-1] < 0.01


@pytest.mark.parametrize(
    ("images", "words"),
    [
        ({}, "looks through the camera front; the robot has no images"),
        ({"wrist": view()}, "looks through the camera front; the robot has wrist"),
        ({"front": view(shape=(20, 24, 3))}, r"images of 40 x 48 pixels; found \(20, 24, 3\)"),
    ],
)
def test_images_that_lack_are_named(images, words):
    with pytest.raises(InputError, match=words):
        policy_of(seeing_skill()).act([observation(**images)], PICK)


def test_a_thing_that_was_never_held_is_refused_by_name():
    goal = Subgoal(parse_facts("holding(purple)"), {"?x": "purple"})
    with pytest.raises(InputError, match="look is known from the recordings 'purple'"):
        policy_of(seeing_skill()).act([observation(front=view())], goal)


def test_the_cameras_of_a_library_are_those_of_the_skills_that_see():
    skill = seeing_skill()
    told = replace(skill, name="told", settings={"inputs": 3, "chunk": 2})
    assert camera_setup(skill.settings) == SETUP
    assert library_cameras(SkillLibrary("blocks", "ur5e", 20.0, (told, skill), {})) == SETUP
    assert library_cameras(SkillLibrary("blocks", "ur5e", 20.0, (told,), {})) is None
