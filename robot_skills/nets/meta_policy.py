"""Which skill comes next, and with what: a network over facts and goal instead of a planner.

In the manner of the meta-controller of Zhu et al., "Bottom-Up Skill Discovery from Unsegmented
Demonstrations for Long-Horizon Robot Manipulation", RA-L 2022, with facts in the place of images.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from robot_skills.core.errors import InputError
from robot_skills.core.facts import Fact, State
from robot_skills.core.skill import Operator, SkillLibrary
from robot_skills.core.task import Task
from robot_skills.nets.sight.flat_features import goal_facts

Floats = NDArray[np.float64]
Weights = Mapping[str, NDArray[np.float32]]


@dataclass(frozen=True)
class MetaShape:
    """What the network chooses among: K operators, and N things for each of P parameters."""

    operators: tuple[str, ...]
    things: tuple[str, ...]
    parameters: int

    @property
    def outputs(self) -> int:
        """Logits of the operators (K,), then of the things behind each parameter (K, P, N)."""
        return len(self.operators) * (1 + self.parameters * len(self.things))


def meta_shape(library: SkillLibrary, task: Task) -> MetaShape:
    """The choices that a library leaves in a task."""
    names = tuple(operator.name for operator in library.operators)
    most = max(len(operator.parameters) for operator in library.operators)
    return MetaShape(names, (*task.objects, *task.fixtures), most)


def meta_features(facts: State, goal: State, task: Task) -> Floats:
    """Network inputs (F,): which facts hold, what is held, and which facts are asked for."""
    known = goal_facts(task)
    holding = [Fact("holding", (name,)) for name in task.objects]
    held = [float(fact in facts) for fact in (*known, *holding)]
    return np.array([*held, *(float(fact in goal) for fact in known)])


class MetaPolicy:
    """Runs exported weights in NumPy."""

    def __init__(self, weights: Weights, shape: MetaShape, task: Task) -> None:
        self._layers = [
            (weights[f"{i}.weight"].T.astype(float), weights[f"{i}.bias"].astype(float))
            for i in range(sum(name.endswith(".bias") for name in weights))
        ]
        if self._layers[-1][1].size != shape.outputs:
            raise InputError(
                f"the meta-controller has {self._layers[-1][1].size} outputs; this library needs "
                f"{shape.outputs}: train it for this library"
            )
        self._shape = shape
        self._task = task

    def scores(self, facts: State, goal: State, steps: Sequence[Operator]) -> Floats:
        """Log-probability (S,) of each grounded operator."""
        hidden = meta_features(facts, goal, self._task)
        for weight, bias in self._layers[:-1]:
            hidden = np.maximum(hidden @ weight + bias, 0.0)
        weight, bias = self._layers[-1]
        outputs = hidden @ weight + bias
        count = len(self._shape.operators)
        which = _log_softmax(outputs[:count])
        what = _log_softmax(outputs[count:].reshape(count, self._shape.parameters, -1))
        return np.array([self._score(which, what, step) for step in steps])

    def _score(self, which: Floats, what: Floats, step: Operator) -> float:
        number = self._shape.operators.index(step.name)
        things = [self._shape.things.index(parameter.name) for parameter in step.parameters]
        return float(which[number] + sum(what[number, i, thing] for i, thing in enumerate(things)))


def _log_softmax(logits: Floats) -> Floats:
    shifted = logits - logits.max(axis=-1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True)))
