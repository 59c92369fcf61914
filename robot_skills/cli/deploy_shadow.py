"""robot-skills deploy --shadow: what the policies would do, on an arm that stands still."""

import json
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from robot_skills.cli.deploy import Deploy
    from robot_skills.run.execute.watching import Moment

FORMAT = 1
REST_S = 0.002


def run(deploy: "Deploy") -> None:
    """Let the policies run for a while, show what they want, and sum it up."""
    from robot_skills.storage.atomic import write_text
    from robot_skills.storage.writable import check_file

    check_file(deploy.out)
    document, lines = shadow(deploy)
    print("\n".join(lines))
    if deploy.out is not None:
        write_text(deploy.out, json.dumps(document, indent=2, default=str) + "\n")
        print(f"shadow: {deploy.out}")


def shadow(deploy: "Deploy") -> tuple[dict[str, Any], list[str]]:
    """What the policies wanted, as values and in words; the arm is never commanded."""
    from robot_skills.cli.desk import seated_desk
    from robot_skills.cli.given_goal import given_goal
    from robot_skills.cli.goal_on_arm import GoalOnArm
    from robot_skills.cli.provenance import library_identity
    from robot_skills.run.execute.shadow import SHADOW_CONFIG, ShadowLog, ShadowOver, ShadowRobot
    from robot_skills.storage.libraries import load_library

    deploy.target().check_reachable()
    library = load_library(deploy.library)
    ended = "the goal holds"
    with deploy.target(library).reached(deploy.goal) as reached:
        goal = given_goal(reached.task, deploy.goal)
        on_arm = GoalOnArm(library, reached.task, reached.arm, deploy.limits)
        with (
            deploy.connect(reached, read_only=True) as robot,
            seated_desk(robot, reached, f"shadow of {deploy.goal}") as desk,
        ):
            shadowed = ShadowRobot(robot, deploy.shadow_s, lambda: time.sleep(REST_S))
            log = ShadowLog(shadowed, on_arm.body().kinematics)

            def watch(moment: "Moment") -> None:
                desk.watch(moment)
                desk.note(log.watch(moment))

            try:
                on_arm.carry_out(goal, shadowed, watch, SHADOW_CONFIG)
            except ShadowOver:
                ended = f"after {deploy.shadow_s:g} s"
        stats = reached.stats
    identity = library_identity(deploy.library, f"arm {reached.arm.name}")
    document = {"format": FORMAT, "ended": ended, **log.summary(), "settings": identity}
    return document | ({"twin": stats} if stats else {}), [*log.lines(), f"ended: {ended}"]
