"""Plans and carries out a goal on a connected arm, with the skills of a library.

Importing it takes seconds in which no thread gets on, so import it before an operator is heard of.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from robot_skills.core.body import Body
from robot_skills.core.errors import InputError
from robot_skills.core.facts import format_facts
from robot_skills.core.predicates import FactObserver
from robot_skills.core.skill import NOTHING_BARRED
from robot_skills.deploy.safety.bounds import deployed_arm
from robot_skills.plan import plan_without
from robot_skills.run.execute.executor import Executor, check_arm
from robot_skills.sim.kinematics import MujocoKinematics

if TYPE_CHECKING:
    from robot_skills.core.arm import ArmProfile
    from robot_skills.core.facts import State
    from robot_skills.core.robot import Robot
    from robot_skills.core.skill import Barred, Plan, SkillLibrary
    from robot_skills.core.task import Goal, Task
    from robot_skills.deploy.safety.settings import SafetySettings
    from robot_skills.run.execute.config import ExecutorConfig
    from robot_skills.run.execute.trace import Trace
    from robot_skills.run.execute.watching import Watch


@dataclass(frozen=True)
class GoalOnArm:
    """A library on its arm, within the speeds that its safety layer leaves.

    Raises InputError where the library was trained for another arm, or the task laid out for one.
    """

    library: "SkillLibrary"
    task: "Task"
    arm: "ArmProfile"
    safety: "SafetySettings"

    def __post_init__(self) -> None:
        check_arm(self.library, self.arm)
        if self.task.arm and self.task.arm != self.arm.name:
            raise InputError(
                f"the task {self.task.name} is laid out for the arm {self.task.arm}, not for "
                f"{self.arm.name}; give another --env"
            )

    def carry_out(
        self,
        goal: "Goal",
        robot: "Robot",
        watch: "Watch | None" = None,
        config: "ExecutorConfig | None" = None,
    ) -> "Trace":
        """Plan from the facts as they are seen, and execute; raises NoPlanError, RobotFault."""
        body = self.body()
        seen = robot.observe()
        objects = tuple(name for name in self.task.objects if name in seen.object_pose)

        def replan(facts: "State", barred: "Barred" = NOTHING_BARRED) -> "Plan":
            return plan_without(barred, facts, goal.facts, self.library, self.task, objects)

        here = body.kinematics.ee_pose(seen.joint_position)
        start = FactObserver(self.task, objects).facts(seen, here)
        print(f"start: {format_facts(start)}\ngoal:  {format_facts(goal.facts)}")
        plan = replan(start)
        return Executor(self.library, self.task, robot, body, config, watch).run(plan, replan)

    def body(self) -> Body:
        """The arm with the speeds that are left to it."""
        return Body(deployed_arm(self.arm, self.safety), MujocoKinematics(self.arm))
