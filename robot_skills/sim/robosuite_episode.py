"""How an episode of a robosuite task begins and how it is judged: both as robosuite does it."""

from robot_skills.core.facts import State
from robot_skills.sim.robosuite_scene import of_robosuite
from robot_skills.sim.sim_arm import SimArm

FALL_S = 0.8  # robosuite lets things start some centimetres above the table


def start_as_robosuite(robot: SimArm, seed: int) -> None:
    """Put arm and objects where robosuite's reset from `seed` has them, and let them fall."""
    scene = robot.scene
    start = of_robosuite(scene.task, scene.arm).start(scene.task, seed)
    placed = {name: start.object_pose[name] for name in scene.objects}
    robot.place(start.joint_position, scene.width_of(start.gripper_driver), placed, {})
    robot.settle(FALL_S)


def succeeded(robot: SimArm, goal: State, facts: State) -> bool:
    """Whether a goal is reached: as robosuite judges where the goal is its own, else by facts."""
    scene, task = robot.scene, robot.scene.task
    if task.robosuite is None or goal != task.goal(task.judged_goal).facts:
        return goal <= facts
    return of_robosuite(task, scene.arm).succeeded(scene.model, robot.data)
