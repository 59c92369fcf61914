from dataclasses import replace

import numpy as np
import pytest

from robot_skills.core import poses
from robot_skills.core.errors import InputError
from robot_skills.core.observation import Observation, PoseEstimate
from robot_skills.core.policy import Subgoal
from robot_skills.core.skill import ReferenceFrame, Skill
from robot_skills.core.task_file import load_task
from robot_skills.nets.sight.features import SkillView, skill_features
from robot_skills.nets.skill_policy import SkillPolicy, chunk_in_world
from robot_skills.paths import find

TASK = load_task(find("envs", "blocks"))
EE = np.array([0.4, 0.1, 0.2, 0.0, 1.0, 0.0, 0.0])
NONE = np.zeros((1, 0))
BLOCK = np.array([0.5, 0.0, 0.02, *poses.from_yaw(np.asarray(0.3))])
CHUNK, OPEN_M = 3, 0.075
MOVE = np.array([0.01, 0.0, -0.02])


class FixedKinematics:
    """An arm whose joints do not matter: the end-effector is where the test put it."""

    def __init__(self, ee_pose):
        self.pose = ee_pose

    def ee_pose(self, joint_position):
        return self.pose

    def ee_jacobian(self, joint_position):
        raise AssertionError("a policy needs no Jacobian")


def constant_skill(kind="object", closing=-9.0):
    """A skill that always asks for MOVE along its frame, the hand turned as the frame is."""
    inputs = view_inputs()
    outputs = CHUNK * 10 + 1
    bias = np.zeros(outputs, np.float32)
    bias[CHUNK * 9 : -1] = closing
    weights = {
        "linear.0.weight": np.zeros((outputs, inputs), np.float32),
        "linear.0.bias": bias,
        "input_mean": np.zeros(inputs, np.float32),
        "input_scale": np.ones(inputs, np.float32),
        "pose_mean": np.tile([*MOVE, 1, 0, 0, 0, 1, 0], CHUNK).astype(np.float32),
        "pose_scale": np.ones(CHUNK * 9, np.float32),
    }
    settings = {"inputs": inputs, "chunk": CHUNK, "hidden": 8, "layers": 0, "open_width_m": OPEN_M}
    frame = ReferenceFrame(kind, "?x")
    return Skill("move", (), frame, settings, weights, {}, np.zeros((1, 3)), 10, 3)


def view_inputs():
    one = np.zeros(1)
    view = SkillView(EE[None], BLOCK[None], BLOCK[None], one, one, one, one, NONE, NONE)
    return skill_features(view).shape[1]


def observation(block=BLOCK, width_m=0.08):
    return Observation(0.0, np.zeros(6), np.zeros(6), width_m, {"red": PoseEstimate(block, 0.0)})


def policy_of(skill, ee=EE):
    kinematics = FixedKinematics(ee)
    return SkillPolicy(skill, TASK, kinematics, 20.0), kinematics


def subgoal(**where):
    return Subgoal(frozenset(), {"?x": "red"}, where)


def test_a_chunk_moves_along_the_axes_of_the_things_frame():
    policy, _ = policy_of(constant_skill())
    chunk = policy.act([observation()], subgoal())
    world = chunk_in_world(chunk)
    expected = EE[:3] + poses.rotate(BLOCK[3:], MOVE)
    np.testing.assert_allclose(world[:, :3], np.tile(expected, (CHUNK, 1)), atol=1e-7)
    np.testing.assert_allclose(world[0, 3:], BLOCK[3:], atol=1e-6)
    assert chunk.frame == "object of red"


def test_turning_the_thing_turns_the_motion_with_it():
    turn = np.array([0.0, 0, 0, *poses.from_yaw(np.asarray(0.2))])
    moves = []
    for block in (BLOCK, np.concatenate([BLOCK[:3], poses.multiply(turn[3:], BLOCK[3:])])):
        policy, _ = policy_of(constant_skill())
        moves.append(chunk_in_world(policy.act([observation(block)], subgoal()))[0, :3] - EE[:3])
    np.testing.assert_allclose(moves[1], poses.rotate(turn[3:], moves[0]), atol=1e-7)


def test_the_frame_stays_where_the_thing_was_taken():
    policy, kinematics = policy_of(constant_skill())
    before = policy.act([observation()], subgoal()).pose_frame_in_world
    raised = BLOCK + [0, 0, 0.1, 0, 0, 0, 0]
    kinematics.pose = np.concatenate([raised[:3], EE[3:]])  # held: between the fingers
    after = policy.act([observation(raised, width_m=0.04)], subgoal()).pose_frame_in_world
    np.testing.assert_array_equal(before, after)
    policy.reset()
    anew = policy.act([observation(raised, width_m=0.08)], subgoal()).pose_frame_in_world
    np.testing.assert_allclose(anew[:3], raised[:3])


def test_a_skill_in_the_frame_of_a_goal_moves_relative_to_it_and_needs_it():
    policy, _ = policy_of(constant_skill("goal"))
    place = np.array([0.3, -0.2, 0.06, 1.0, 0, 0, 0])
    chunk = policy.act([observation()], subgoal(red=place))
    np.testing.assert_allclose(chunk.pose_frame_in_world, place)
    with pytest.raises(InputError, match="skill move needs a goal pose for red"):
        policy.act([observation()], subgoal())


@pytest.mark.parametrize(("closing", "width_m"), [(9.0, 0.0), (-9.0, OPEN_M)])
def test_the_gripper_closes_wholly_or_opens_as_wide_as_was_shown(closing, width_m):
    policy, _ = policy_of(constant_skill(closing=closing))
    assert policy.act([observation()], subgoal()).gripper_width_m.tolist() == [width_m] * CHUNK


def test_a_skill_without_a_setting_is_refused():
    skill = constant_skill()
    settings = {k: v for k, v in skill.settings.items() if k != "chunk"}
    with pytest.raises(InputError, match="lack the whole number 'chunk'"):
        policy_of(replace(skill, settings=settings))


def test_features_resolve_the_last_millimetres_and_do_not_grow_far_away():
    one = np.zeros(1)

    def at(x):
        ee = np.array([[x, 0, 0.0, 1, 0, 0, 0]])
        origin = poses.IDENTITY_POSE[None]
        return skill_features(SkillView(ee, origin, origin, one, one, one, one, NONE, NONE))[0]

    assert np.abs(at(0.001) - at(0.0)).max() == pytest.approx(0.05, rel=0.01)
    assert np.abs(at(2.0) - at(3.0)).max() < 1e-3
