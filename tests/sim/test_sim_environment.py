import warnings

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from robot_skills.core.errors import InputError
from robot_skills.sim.environment import TaskEnvironment
from robot_skills.sim.gl import rendering_available
from robot_skills.sim.registration import register_environments

IDS = ("robot_skills/BlocksPanda-v0", "robot_skills/Blocks-v0", "robot_skills/Kitchen-v0")
STAY = np.array([0, 0, 0, 0, 1], np.float32)


@pytest.fixture(scope="module")
def environment():
    return TaskEnvironment(goal="on(red, blue)")


def ee_position(observation):
    return observation["observation"][12:15]


def run(environment, action, steps):
    for _ in range(steps):
        observation, *_ = environment.step(np.asarray(action, np.float32))
    return observation


def test_every_task_and_arm_is_registered_and_twice_changes_nothing():
    names = register_environments()
    assert register_environments() == names
    assert {*IDS, "robot_skills/KitchenPanda-v0", "robot_skills/KitchenB-v0"} <= set(names)


@pytest.mark.parametrize("name", IDS)
def test_gymnasiums_checker_has_nothing_to_say(name):
    register_environments()
    made = gymnasium.make(name, disable_env_checker=True)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_env(made.unwrapped, skip_render_check=not rendering_available())
    made.close()


def test_the_same_seed_gives_the_same_episode(environment):
    actions = np.random.default_rng(0).uniform(-1, 1, (15, 5)).astype(np.float32)
    episodes = []
    for seed in (3, 3, 4):
        first, _ = environment.reset(seed=seed)
        rest = [environment.step(action)[0] for action in actions]
        episodes.append(np.array([step["observation"] for step in [first, *rest]]))
    np.testing.assert_array_equal(episodes[0], episodes[1])
    assert not np.array_equal(episodes[0], episodes[2])


def test_no_action_keeps_the_arm_where_it_is(environment):
    first, _ = environment.reset(seed=0)
    last = run(environment, STAY, 30)
    np.testing.assert_allclose(ee_position(last), ee_position(first), atol=2e-3)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_an_action_is_a_velocity_in_units_of_the_arms_top_speed(environment, axis):
    environment.reset(seed=1)
    start = ee_position(run(environment, STAY, 10))
    action = STAY.copy()
    action[axis] = 0.2
    run(environment, action, 10)
    moved = ee_position(run(environment, STAY, 20)) - start
    wanted = np.zeros(3)
    wanted[axis] = 0.2 * environment.arm.ee_speed_max_m_s * 10 / environment.task.rate_hz
    np.testing.assert_allclose(moved, wanted, atol=4e-3)


def test_the_gripper_action_spans_closed_to_wide_open(environment):
    environment.reset(seed=1)
    width = 2 * 6 + 7
    opened = run(environment, STAY, 25)["observation"][width]
    closed = run(environment, [0, 0, 0, 0, -1], 25)["observation"][width]
    assert opened == pytest.approx(environment.arm.gripper.width_max_m, abs=1e-3)
    assert closed == pytest.approx(0.0, abs=2e-3)


def test_absent_objects_are_zeros_with_their_flag_down(environment):
    observation, _ = environment.reset(seed=0, options={"goal": "put_on"})
    present = len(environment.robot.scene.objects)
    objects = observation["observation"][20:60].reshape(5, 8)
    np.testing.assert_array_equal(objects[:, 0], [1.0] * present + [0.0] * (5 - present))
    np.testing.assert_array_equal(objects[present:], 0.0)
    assert np.all(objects[:present, 3] > 0.0)


def test_rewards_are_zero_where_every_wanted_fact_holds_and_else_minus_one(environment):
    wanted = np.array([[0, 1, 1], [0, 1, 1], [0, 0, 0]], np.float32)
    achieved = np.array([[1, 1, 1], [1, 0, 1], [0, 0, 0]], np.float32)
    rewards = environment.compute_reward(achieved, wanted, {})
    np.testing.assert_array_equal(rewards, [0.0, -1.0, 0.0])
    np.testing.assert_array_equal(
        environment.compute_terminated(achieved, wanted, {}), [True, False, True]
    )


def test_steps_reward_what_compute_reward_says(environment):
    environment.reset(seed=0)
    observation, reward, terminated, truncated, info = environment.step(STAY)
    goals = observation["achieved_goal"], observation["desired_goal"]
    assert reward == environment.compute_reward(*goals, info) == -1.0
    assert (terminated, truncated, info["is_success"]) == (False, False, False)
    assert info["goal"] == "on(red, blue)"


def test_reaching_the_goal_ends_the_episode(environment):
    observation, _ = environment.reset(seed=0, options={"goal": "open(drawer)"})
    assert observation["desired_goal"].sum() == 1
    robot = environment.robot
    observed = robot.observe()
    blocks = {name: observed.object_pose[name].pose for name in robot.scene.objects}
    robot.place(observed.joint_position, 0.08, blocks, {"drawer": 0.16})
    observation, reward, terminated, *_ = environment.step(STAY)
    assert (reward, terminated) == (0.0, True)
    assert np.all(observation["achieved_goal"] >= observation["desired_goal"])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"goal": "on(red, bleu)"}, "did you mean 'blue'"),
        ({"goal": "put_onn"}, "did you mean 'put_on'"),
        ({"goals": "put_on"}, "no reset option 'goals'; did you mean 'goal'"),
        ({"goal": "in(red, table)"}, "table is no container"),
    ],
)
def test_a_goal_or_option_that_is_not_there_is_named_with_the_near_one(
    environment, options, message
):
    with pytest.raises(InputError, match=message):
        environment.reset(seed=0, options=options)


def test_an_unknown_render_mode_is_refused():
    with pytest.raises(InputError, match="no render mode 'human'"):
        TaskEnvironment(render_mode="human")


@pytest.mark.skipif(not rendering_available(), reason="no GL back end")
def test_a_rendered_environment_shows_the_camera_asked_for():
    with TaskEnvironment(render_mode="rgb_array", camera="wrist", image=(48, 64)) as environment:
        environment.reset(seed=0)
        image = environment.render()
        assert (image.shape, image.dtype) == ((48, 64, 3), np.uint8)
        assert image.std() > 10
