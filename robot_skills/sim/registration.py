"""Makes every task with every arm known to Gymnasium, when asked to."""

import gymnasium

from robot_skills.paths import data_folder

NAMESPACE = "robot_skills"
DEFAULT_ARM = "ur5e"
STEPS_MAX = 800


def register_environments() -> tuple[str, ...]:
    """Register the shipped tasks with the shipped arms; returns their ids. May be called twice.

    The task `blocks` is `robot_skills/Blocks-v0` on the default arm, `robot_skills/BlocksPanda-v0`
    on the arm `panda`. Other folders: `gymnasium.make("robot_skills/Blocks-v0", task=PATH)`.
    """
    tasks = sorted(file.parent.name for file in data_folder("envs").glob("*/task.toml"))
    arms = sorted(file.parent.name for file in data_folder("assets").glob("arms/*/profile.toml"))
    pairs = [(task, arm) for task in tasks for arm in arms]
    return tuple(_register(task, arm) for task, arm in pairs)


def _register(task: str, arm: str) -> str:
    name = _camel_case(task) + ("" if arm == DEFAULT_ARM else _camel_case(arm))
    identifier = f"{NAMESPACE}/{name}-v0"
    if identifier not in gymnasium.registry:
        gymnasium.register(
            identifier,
            entry_point="robot_skills.sim.environment:TaskEnvironment",
            max_episode_steps=STEPS_MAX,
            kwargs={"task": task, "arm": arm},
        )
    return identifier


def _camel_case(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))
