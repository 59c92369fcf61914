"""Skills: options with lifted operators, as values that carry no code."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from robot_skills.core.errors import unknown_name
from robot_skills.core.facts import Fact, State

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Parameter:
    """A typed variable of an operator; names start with ?."""

    name: str
    type: str


@dataclass(frozen=True)
class Operator:
    """A STRIPS operator over typed parameters, with how many segments support it."""

    name: str
    skill: str
    parameters: tuple[Parameter, ...]
    preconditions: State
    add: State
    delete: State
    support: int
    success: float = 1.0

    @property
    def place(self) -> str | None:
        """The parameter that ?x is brought to: y in an added fact such as on(?x, ?y)."""
        pairs = sorted(f for f in self.add if len(f.arguments) == 2)
        return next((f.arguments[1] for f in pairs if f.arguments[0] == "?x"), None)

    def binding(self, arguments: tuple[str, ...]) -> dict[str, str]:
        """The things by parameter, given in the parameters' order."""
        return {p.name: a for p, a in zip(self.parameters, arguments, strict=True)}

    def ground(self, arguments: tuple[str, ...]) -> "Operator":
        """The operator with `arguments` in place of its parameters, in order."""
        names = self.binding(arguments)

        def bound(facts: State) -> State:
            return frozenset(fact.bind(names) for fact in facts)

        return Operator(
            self.name,
            self.skill,
            tuple(Parameter(names[p.name], p.type) for p in self.parameters),
            bound(self.preconditions),
            bound(self.add),
            bound(self.delete),
            self.support,
            self.success,
        )


@dataclass(frozen=True)
class ReferenceFrame:
    """The frame in which the segments of a skill agree.

    kind "object": the frame of the thing bound to `parameter`, followed until it is held;
    "goal": where that thing is to end up.
    """

    kind: Literal["object", "goal"]
    parameter: str


@dataclass(frozen=True)
class Skill:
    """An option: initiation set, policy, termination; and the operators it realises.

    `weights` and `settings` describe the policy's network as arrays and plain numbers.
    `end_poses` (E, 7) are where ?x was seen to end, relative to each operator's `place`, by
    operator name; `start_ee` (S, 3) m where the end-effector began, in the
    reference frame. `motions` (N, 16) m are by operator name the motions that the policy was
    learned from: end-effector in the reference frame and gripper width, four times around the
    moment of change; libraries of old lack them.
    """

    name: str
    operators: tuple[Operator, ...]
    frame: ReferenceFrame
    settings: Mapping[str, float | int | str | tuple[float, ...]]
    weights: Mapping[str, NDArray[np.float32]]
    end_poses: Mapping[str, Floats]
    start_ee: Floats
    median_steps: int
    segments: int
    description: str = ""
    measured: Mapping[str, float] = field(default_factory=dict)
    motions: Mapping[str, Floats] = field(default_factory=dict)

    def operator(self, name: str) -> Operator:
        """The skill's operator `name`; InputError suggests the near one."""
        for operator in self.operators:
            if operator.name == name:
                return operator
        raise unknown_name(f"operator of {self.name}", name, [o.name for o in self.operators])


@dataclass(frozen=True)
class Handoff:
    """How well operator `after` starts where `before` ends; `before` "" is an episode's start.

    `value` is the probability that the start is one from which `after` works as it does elsewhere,
    estimated from `successes` in `trials`; `covered` is the share of starts that lie among those
    it was seen to succeed from.
    """

    before: str
    after: str
    value: float
    successes: int = 0
    trials: int = 0
    covered: float = 1.0


@dataclass(frozen=True)
class SkillLibrary:
    """Skills learned together for one task and arm, with their lineage."""

    task: str
    arm: str
    rate_hz: float
    skills: tuple[Skill, ...]
    lineage: Mapping[str, str]
    version: str = "0.1.0"
    handoffs: tuple[Handoff, ...] = ()

    @property
    def operators(self) -> tuple[Operator, ...]:
        """Every operator of every skill."""
        return tuple(operator for skill in self.skills for operator in skill.operators)

    def skill(self, name: str) -> Skill:
        """The skill `name`; InputError suggests the near one."""
        for skill in self.skills:
            if skill.name == name:
                return skill
        raise unknown_name("skill", name, [skill.name for skill in self.skills])


@dataclass(frozen=True)
class PlanStep:
    """One grounded operator: `operator.parameters` names are the bound objects.

    `handoff` is the probability that the step before it ends where this one can start.
    """

    operator: Operator
    handoff: float = 1.0

    @property
    def arguments(self) -> tuple[str, ...]:
        """The bound objects in the operator's order."""
        return tuple(p.name for p in self.operator.parameters)

    @property
    def skill(self) -> str:
        """Name of the skill that carries the step out."""
        return self.operator.skill

    def __str__(self) -> str:
        return str(Fact(self.operator.name, self.arguments))


@dataclass(frozen=True)
class Barred:
    """What a plan has to do without: ground operators (name, arguments), and whole skills."""

    operators: frozenset[tuple[str, tuple[str, ...]]] = frozenset()
    skills: frozenset[str] = frozenset()


NOTHING_BARRED = Barred()


@dataclass(frozen=True)
class Plan:
    """Steps that lead from `start` to every fact of `goal`; cost is the sum of the steps'."""

    start: State
    goal: State
    steps: tuple[PlanStep, ...]
    cost: float
    planner: str = ""
