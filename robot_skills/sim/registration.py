"""Makes every task with every arm known to Gymnasium, when asked to."""

import tomllib

import gymnasium

from robot_skills.paths import data_folder

NAMESPACE = "robot_skills"
DEFAULT_ARM = "ur5e"
STEPS_MAX = 800


def register_environments() -> tuple[str, ...]:
    """Register the shipped tasks with the shipped arms; returns their ids. May be called twice.

    The task `blocks` is `robot_skills/Blocks-v0` on the default arm, `robot_skills/BlocksPanda-v0`
    on the arm `panda`. A task that is laid out for one arm goes with that arm only, and the arm
    with such tasks only: `robot_skills/BlocksSo101-v0` is the task `blocks_so101`.
    Other folders: `gymnasium.make("robot_skills/Blocks-v0", task=PATH)`.
    """
    files = sorted(data_folder("envs").glob("*/task.toml"))
    own = {file.parent.name: str(tomllib.loads(file.read_text()).get("arm", "")) for file in files}
    arms = sorted(file.parent.name for file in data_folder("assets").glob("arms/*/profile.toml"))
    alike = [arm for arm in arms if arm not in own.values()]
    pairs = [(task, arm) for task, one in own.items() for arm in ([one] if one else alike)]
    return tuple(_register(task, arm, own[task]) for task, arm in pairs)


def _register(task: str, arm: str, own: str) -> str:
    name = _camel_case(task) + ("" if arm in (DEFAULT_ARM, own) else _camel_case(arm))
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
