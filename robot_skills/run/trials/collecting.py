"""Trials of skills: collected from episodes, kept, and repeated from where they started.

Refinement practises from these starts; hand-offs are measured from them.
"""

from collections.abc import Sequence

from robot_skills.core.progress import Track, quiet
from robot_skills.core.skill import PlanStep, SkillLibrary
from robot_skills.run.evaluate.episodes import Episode, MakePlan, Simulation, Watchers, run_episode
from robot_skills.run.execute.config import ExecutorConfig
from robot_skills.run.execute.executor import Executor
from robot_skills.run.trials.trial import SkillTrial, Snapshot
from robot_skills.run.trials.trial_recorder import TrialRecorder
from robot_skills.sim.sim_arm import SimArm


def collect_trials(
    simulation: Simulation,
    library: SkillLibrary,
    make_plan: MakePlan,
    wanted: Sequence[tuple[str, int]],
    config: ExecutorConfig | None = None,
    track: Track = quiet,
) -> list[SkillTrial]:
    """Every trial of the episodes of each (goal, seed), in their order."""
    trials: list[SkillTrial] = []
    for goal, seed in track(wanted, "trying skills"):
        trials += run_trials(simulation, library, make_plan, goal, seed, config)[1]
    return trials


def run_trials(
    simulation: Simulation,
    library: SkillLibrary,
    make_plan: MakePlan,
    goal: str,
    seed: int,
    config: ExecutorConfig | None = None,
) -> tuple[Episode, tuple[SkillTrial, ...]]:
    """One episode as `run_episode` runs it, and the trial of each skill in it."""
    trials: list[SkillTrial] = []

    def spectator(robot: SimArm) -> Watchers:
        recorder = TrialRecorder(robot, library, simulation.task, goal, seed, trials)
        return Watchers(skills=recorder)

    episode = run_episode(simulation, library, make_plan, goal, seed, config, spectator)
    return episode, tuple(trials)


def restore(simulation: Simulation, snapshot: Snapshot) -> SimArm:
    """A robot at a snapshot; where it was last sent to is for whoever moves it."""
    robot = simulation.robot(snapshot.objects)
    robot.set_state(snapshot.simulator, snapshot.gripper_command_m)
    return robot


def try_step(
    simulation: Simulation,
    library: SkillLibrary,
    snapshot: Snapshot,
    step: PlanStep,
    config: ExecutorConfig | None = None,
) -> SkillTrial:
    """Carry one step out from a snapshot; from the start of a trial it repeats that trial."""
    robot = restore(simulation, snapshot)
    recorder = TrialRecorder(robot, library, simulation.task)
    executor = Executor(
        library, simulation.task, robot, simulation.body, config, watch_skills=recorder
    )
    executor.attempt(step, snapshot.joint_target, snapshot.ee_target)
    return recorder.trials[0]
