"""robot-skills plan: chain the skills of a library towards facts that should hold."""

from dataclasses import dataclass
from math import exp
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from robot_skills.core import skill
    from robot_skills.core.facts import State
    from robot_skills.core.task import Goal, Task


@dataclass(frozen=True)
class Plan:
    """Plan with the skills of a library: steps, the objects they are bound to, and the cost.

    Says which goal facts no operator brings about when there is no plan. The start is a random
    reset of the environment, or what --start says.
    """

    goal: str
    """Facts that should hold, such as 'on(red, blue) in(green, drawer)'."""

    library: Path = Path("runs/demo/library")
    """Folder of a skill library."""

    start: str = ""
    """All facts that hold at the start; without it the environment is reset by --seed."""

    env: str = ""
    """Environment: a name in envs/ or a folder with a task.toml; the library's own by default."""

    arm: str = ""
    """Arm of the random reset: a name in assets/arms/ or a folder; the library's by default."""

    seed: int = 0
    """Seed of the random reset."""

    pddl: Path | None = None
    """Folder to write domain.pddl and problem.pddl into."""

    def run(self) -> None:
        """Print the plan; raises NoPlanError naming what no operator brings about."""
        from robot_skills.cli.given_goal import given_goal, given_start
        from robot_skills.core.facts import format_facts
        from robot_skills.core.task_file import load_task
        from robot_skills.paths import find
        from robot_skills.plan import make_plan
        from robot_skills.storage.libraries import load_library

        library = load_library(self.library)
        task = load_task(find("envs", self.env or library.task))
        goal = given_goal(task, self.goal)
        if self.start:
            start, objects = given_start(task, self.start, goal)
        else:
            start, objects = self._sampled_start(task, self.arm or library.arm, goal)
        print(f"start: {format_facts(start)}\ngoal:  {format_facts(goal.facts)}")
        if self.pddl is not None:
            self._write_pddl(self.pddl, (start, goal.facts, library, task, objects))
        print(plan_table(make_plan(start, goal.facts, library, task, objects)))

    def _sampled_start(
        self, task: "Task", arm_name: str, goal: "Goal"
    ) -> tuple["State", tuple[str, ...]]:
        import numpy as np

        from robot_skills.cli.given_goal import sampled_objects
        from robot_skills.core.arm import load_arm
        from robot_skills.core.predicates import FactObserver
        from robot_skills.paths import find
        from robot_skills.sim.kinematics import MujocoKinematics
        from robot_skills.sim.scene import build_scene
        from robot_skills.sim.sim_arm import SimArm
        from robot_skills.sim.start import reset

        rng = np.random.default_rng(self.seed)
        arm = load_arm(find("assets/arms", arm_name))
        objects = sampled_objects(task, goal, rng)
        robot = SimArm(build_scene(task, arm, objects, visual=False))
        kinematics = MujocoKinematics(arm)
        reset(robot, kinematics, goal, rng)
        observation = robot.observe()
        ee_pose = kinematics.ee_pose(observation.joint_position)
        return FactObserver(task, objects).facts(observation, ee_pose), objects

    def _write_pddl(
        self,
        folder: Path,
        problem: "tuple[State, State, skill.SkillLibrary, Task, tuple[str, ...]]",
    ) -> None:
        from robot_skills.plan import write_pddl

        folder.mkdir(parents=True, exist_ok=True)
        domain_text, problem_text = write_pddl(*problem)
        (folder / "domain.pddl").write_text(domain_text)
        (folder / "problem.pddl").write_text(problem_text)
        print(f"wrote {folder / 'domain.pddl'} and {folder / 'problem.pddl'}")


def plan_table(plan: "skill.Plan") -> str:
    """Steps with bound objects, skill, success, hand-off where one is weak, and cost, as text."""
    from robot_skills.plan.costs import step_cost

    if not plan.steps:
        return "the goal holds already: nothing to do"
    told = any(step.handoff < 1.0 for step in plan.steps)
    rows = [["", "step", "skill", "success", *(["hand-off"] if told else []), "cost"]] + [
        [
            *(str(number), str(step), step.skill, _success(step.operator)),
            *([f"{step.handoff:.0%}"] if told else []),
            f"{step_cost(step.operator, step.handoff):.3f}",
        ]
        for number, step in enumerate(plan.steps, start=1)
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(f"{c:<{w}}" for c, w in zip(r, widths, strict=True)).rstrip() for r in rows]
    return "\n".join([*lines, f"cost {plan.cost:.3f}: {_odds(plan)}", f"planned by {plan.planner}"])


def _success(operator: "skill.Operator") -> str:
    """A rate in percent; 1 is where an operator begins, before anything was measured."""
    return f"{operator.success:.0%}" if operator.success < 1.0 else "not measured"


def _odds(plan: "skill.Plan") -> str:
    from robot_skills.plan.costs import STEP_COST

    if all(step.operator.success * step.handoff == 1.0 for step in plan.steps):
        return "the fewest steps; how often they succeed was not measured"
    odds = exp(len(plan.steps) * STEP_COST - plan.cost)
    return f"all steps succeed at the first try in {odds:.0%} of runs"
