"""One skill as a Gymnasium environment: the executor carries it out, each step is corrected."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from queue import SimpleQueue
from typing import Any, ClassVar

import gymnasium
import numpy as np
from gymnasium.spaces import Box
from numpy.typing import NDArray

from robot_skills.core.errors import InputError
from robot_skills.core.skill import PlanStep, SkillLibrary
from robot_skills.nets.residual import ACTION_SIZE, ResidualReach, with_residual
from robot_skills.run.evaluate.episodes import Simulation
from robot_skills.run.execute.executor import Executor
from robot_skills.run.execute.skill_monitor import Outcome
from robot_skills.run.trials.collecting import restore
from robot_skills.run.trials.trial import SkillTrial

Floats = NDArray[np.float64]
Vector = NDArray[np.float32]


class SkillPractice(gymnasium.Env):  # type: ignore[misc]  # its types are left out
    """Practises one skill of a library from the starts of trials.

    A step is `reach.every` control steps of the executor. An action (7,) in [-1, 1] moves the
    policy's target along the axes of the skill's reference frame by `reach.position_m`, turns it
    by `reach.rotation_rad`, and says whether the gripper waits; an observation (F,) is what a
    residual sees (nets.correction). The
    reward is 1 when the executor calls the skill a success and 0 before; however the skill ends,
    the episode terminates. `info` then holds `outcome`.
    """

    metadata: ClassVar[dict[str, Any]] = {"render_modes": []}

    def __init__(
        self,
        simulation: Simulation,
        library: SkillLibrary,
        starts: Sequence[SkillTrial],
        reach: ResidualReach,
        seed: int = 0,
    ) -> None:
        if not starts:
            raise InputError("there is nothing to practise from: no starts of the skill were given")
        self._simulation, self._starts = simulation, starts
        self._library = _refinable(library, starts[0].skill, reach)
        self._attempt: _Attempt | None = None
        super().reset(seed=seed)
        inputs = len(self._begin())
        self.observation_space = Box(-np.inf, np.inf, (inputs,), np.float32)
        self.action_space = Box(-1.0, 1.0, (ACTION_SIZE,), np.float32)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Vector, dict[str, Any]]:
        """Go to a start drawn at random."""
        super().reset(seed=seed)
        return np.asarray(self._begin(), np.float32), {}

    def step(self, action: Vector) -> tuple[Vector, float, bool, bool, dict[str, Any]]:
        """Carry out the control steps that the action holds for."""
        assert self._attempt is not None
        said = self._attempt.go_on(np.clip(np.asarray(action, dtype=float), -1.0, 1.0))
        if isinstance(said, Outcome):
            ended = np.zeros(self.observation_space.shape, np.float32)
            good = said is Outcome.SUCCESS
            return ended, float(good), True, False, {"outcome": said.name, "is_success": good}
        return np.asarray(said, np.float32), 0.0, False, False, {}

    def close(self) -> None:
        """Leave an attempt that is under way; may be called twice."""
        if self._attempt is not None:
            self._attempt.leave()
            self._attempt = None

    def _begin(self) -> Floats:
        """Inputs (F,) of the first step of a new attempt; starts that are over at once are left."""
        while True:
            self.close()
            start = self._starts[self.np_random.integers(len(self._starts))]
            self._attempt = _Attempt(self._simulation, self._library, start)
            said = self._attempt.begin()
            if not isinstance(said, Outcome):
                return said


@dataclass(frozen=True)
class _Ended:
    """An error that the attempt ended with."""

    error: BaseException


class _Left(BaseException):
    """Ends an attempt that nobody goes on with."""


class _Attempt:
    """The executor's own loop in a thread of its own, which halts wherever it needs an action.

    Only one of the two threads runs at a time, so that nothing depends on how they are scheduled.
    """

    def __init__(self, simulation: Simulation, library: SkillLibrary, start: SkillTrial) -> None:
        self._parts = (simulation, library, start)
        self._said: SimpleQueue[Floats | Outcome | _Ended] = SimpleQueue()
        self._told: SimpleQueue[Floats | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._carry_out, daemon=True)

    def begin(self) -> Floats | Outcome:
        """The first inputs (F,) that ask for an action, or how the attempt ended without any."""
        self._thread.start()
        return self._listen()

    def go_on(self, action: Floats) -> Floats | Outcome:
        """The next inputs (F,) after an action, or how the attempt ended."""
        self._told.put(action)
        return self._listen()

    def leave(self) -> None:
        """End the thread."""
        self._told.put(None)
        self._thread.join()

    def _listen(self) -> Floats | Outcome:
        said = self._said.get()
        if isinstance(said, _Ended):
            raise said.error
        return said

    def _carry_out(self) -> None:
        simulation, library, trial = self._parts
        try:
            robot = restore(simulation, trial.start)
            executor = Executor(library, simulation.task, robot, simulation.body)
            executor.practise(trial.skill, self._ask)
            step = step_of(trial, library)
            self._said.put(executor.attempt(step, trial.start.joint_target, trial.start.ee_target))
        except _Left:
            return
        except BaseException as error:  # the other thread raises it
            self._said.put(_Ended(error))

    def _ask(self, inputs: Floats) -> Floats:
        self._said.put(inputs)
        action = self._told.get()
        if action is None:
            raise _Left
        return action


def step_of(trial: SkillTrial, library: SkillLibrary) -> PlanStep:
    """The plan step that a trial carried out, from the library's operators."""
    operators = {operator.name: operator for operator in library.skill(trial.skill).operators}
    if trial.operator not in operators:
        raise InputError(f"the trials are of another library: it has no {trial.operator}")
    return PlanStep(operators[trial.operator].ground(trial.arguments))


def _refinable(library: SkillLibrary, name: str, reach: ResidualReach) -> SkillLibrary:
    """The library with room for corrections to one skill, alone as the executor needs no other."""
    skill = library.skill(name)
    return replace(library, skills=(with_residual(skill, {}, 0, reach),))
