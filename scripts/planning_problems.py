"""Made-up planning problems of any size: a seeded library of typed operators, and 50 things.

Items are taken and put into containers, which open and close, and appliances are switched. With
each operator that helps come others that do not: most need what nothing brings about, some bring
about what nobody wants, a few do the same as a good one but rarely succeed.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import perm

import numpy as np

from robot_skills.core.facts import Fact, State, parse_facts
from robot_skills.core.skill import Operator, Parameter, ReferenceFrame, Skill, SkillLibrary
from robot_skills.core.task import Predicate, Task, TaskObject
from robot_skills.core.task_file import load_task
from robot_skills.paths import find

ITEMS, CONTAINERS, APPLIANCES = 30, 10, 10
DISTRACTORS = 20  # for each operator that helps
REACHABLE = 0.05  # of all ground actions
ROOT = "thing"
SHARE_OF_RIVALS, SHARE_OF_IDLE = 0.02, 0.035  # among the distractors

_ITEM, _CONTAINER, _APPLIANCE = (
    Parameter("?x", "item"),
    Parameter("?y", "container"),
    Parameter("?z", "appliance"),
)
_ARITIES = ((_ITEM,), (_ITEM, _CONTAINER), (_ITEM, _CONTAINER, _APPLIANCE))


@dataclass(frozen=True)
class MadeProblem:
    """What a planner is given: facts, goal, library, task and the names of all things."""

    start: State
    goal: State
    library: SkillLibrary
    task: Task
    objects: tuple[str, ...]
    useful: int


def made_problem(operators: int, seed: int = 0) -> MadeProblem:
    """A library of so many operators, and a goal that takes 20 steps with it."""
    rng = np.random.default_rng([seed, operators])
    useful = _useful(max(2, round(operators / (DISTRACTORS + 1))), rng)
    kinds = sum(operator.name.startswith("take") for operator in useful)
    distractors = list(_distractors(operators - len(useful), useful, kinds, rng))
    ordered = [[*useful, *distractors][i] for i in rng.permutation(operators)]
    task = _task(kinds, distractors)
    doors = any(operator.name == "open_door" for operator in useful)
    goal = _goal(doors, rng)
    start = _start(doors) | _granted(distractors, goal)
    return MadeProblem(
        start, goal, library_of(ordered), task, tuple(task.objects), useful=len(useful)
    )


def library_of(operators: Sequence[Operator]) -> SkillLibrary:
    """One skill an operator, without policies: nothing here is carried out."""
    skills = tuple(
        Skill(
            name=operator.skill,
            operators=(operator,),
            frame=ReferenceFrame("object", operator.parameters[0].name),
            settings={},
            weights={},
            end_poses={},
            start_ee=np.zeros((0, 3)),
            median_steps=40,
            segments=operator.support,
        )
        for operator in operators
    )
    return SkillLibrary("made", "none", 20.0, skills, {})


def ground_count(operator: Operator, task: Task) -> int:
    """How many choices of distinct things there are; parameters share a type or no thing."""
    kinds = [parameter.type for parameter in operator.parameters]
    things = tuple(task.objects)
    counts = [perm(len(task.of_type(kind, things)), kinds.count(kind)) for kind in set(kinds)]
    return int(np.prod(counts))


def _useful(count: int, rng: np.random.Generator) -> list[Operator]:
    """Operators that plans are made of: doors and switches, and for each kind of item two."""
    fixed: list[tuple[tuple[Parameter, ...], str, str, str, str]] = [
        ((_CONTAINER,), "open_door", "shut(?y) free()", "open(?y)", "shut(?y)"),
        ((_CONTAINER,), "shut_door", "open(?y) free()", "shut(?y)", "open(?y)"),
        ((_APPLIANCE,), "switch_on", "off(?z) free()", "on(?z)", "off(?z)"),
        ((_APPLIANCE,), "switch_off", "on(?z) free()", "off(?z)", "on(?z)"),
    ]
    chosen = fixed[: {0: 0, 1: 3}.get((count - 2) // 3, 4)]
    kinds = max(1, (count - len(chosen)) // 2)
    for kind in range(kinds):
        item = Parameter("?x", f"item_{kind}")
        chosen += [
            ((item,), f"take_{kind}", "clear(?x) free()", "held(?x)", "clear(?x) free()"),
            (
                (item, _CONTAINER),
                f"put_{kind}",
                "held(?x) open(?y)",
                "in(?x, ?y) clear(?x) free()",
                "held(?x)",
            ),
        ]
    return [_operator(*one, success=float(rng.uniform(0.9, 0.99))) for one in chosen]


def _operator(
    parameters: tuple[Parameter, ...],
    name: str,
    needs: str,
    add: str,
    delete: str,
    success: float,
) -> Operator:
    return Operator(
        name=name,
        skill=f"{name}_skill",
        parameters=parameters,
        preconditions=parse_facts(needs),
        add=parse_facts(add),
        delete=parse_facts(delete),
        support=10,
        success=success,
    )


def _distractors(
    count: int, useful: Sequence[Operator], kinds: int, rng: np.random.Generator
) -> Iterator[Operator]:
    rivals, idle = (max(1, round(s * count)) for s in (SHARE_OF_RIVALS, SHARE_OF_IDLE))
    puts = [operator for operator in useful if operator.name.startswith("put")]
    for number in range(rivals):
        good = puts[rng.integers(len(puts))]
        name = f"toss_{number}"
        yield replace(good, name=name, skill=f"{name}_skill", success=0.3)
    idle_arity = 1 if count < 20 else 2
    for number in range(idle):
        effect = f"noted_{number}(?x)"
        yield _operator(_ARITIES[idle_arity - 1], f"note_{number}", "clear(?x)", effect, "", 0.9)
    blocked = count - rivals - idle
    sizes = {arity: ITEMS * CONTAINERS ** (arity - 1) for arity in (1, 2, 3)}
    reachable = ITEMS + ITEMS * CONTAINERS + 4 * CONTAINERS
    reachable += rivals * ITEMS * CONTAINERS // kinds + idle * sizes[idle_arity]
    reachable += blocked // 3 * CONTAINERS
    lacking = reachable / REACHABLE - reachable - blocked * sizes[2]
    larger = int(np.clip(round(lacking / (sizes[3] - sizes[2])), 0, blocked))
    for number in range(blocked):
        arity = 3 if number < larger else 2
        yield _blocked(number, arity, rng)


def _blocked(number: int, arity: int, rng: np.random.Generator) -> Operator:
    """An operator with a wanted effect that can hardly ever be carried out.

    It needs what nothing brings about, or what only another of them brings about, or what holds of
    one thing alone.
    """
    needs, delete = f"clear(?x) granted_{number}(?x)", ""
    effect = "on(?z)" if arity == 3 else "in(?x, ?y)"
    if rng.random() < 0.5:
        needs, effect, delete = f"{needs} free()", "held(?x)", "clear(?x) free()"
    if number % 3 == 1:
        effect += f" granted_{number - 1}(?x)"
    return _operator(_ARITIES[arity - 1], f"dream_{number}", needs, effect, delete, 0.8)


def _task(kinds: int, distractors: Sequence[Operator]) -> Task:
    """A task with these things, and every predicate that an operator speaks of."""
    names = {f"item{i}": f"item_{i % kinds}" for i in range(ITEMS)}
    names |= {f"container{i}": "container" for i in range(CONTAINERS)}
    names |= {f"appliance{i}": "appliance" for i in range(APPLIANCES)}
    signatures: dict[str, tuple[str, ...]] = {
        "clear": ("item",),
        "held": ("item",),
        "free": (),
        "in": ("item", "container"),
        "open": ("container",),
        "shut": ("container",),
        "on": ("appliance",),
        "off": ("appliance",),
    }
    for operator in distractors:
        for fact in operator.preconditions | operator.add:
            signatures.setdefault(fact.predicate, ("item",))
    types = {f"item_{kind}": "item" for kind in range(kinds)}
    types |= dict.fromkeys(("item", "container", "appliance"), ROOT)
    return replace(
        load_task(find("envs", "blocks")),
        name="made",
        types=types,
        objects={n: TaskObject(n, kind, np.zeros(3), 1) for n, kind in names.items()},
        fixtures={},
        predicates={name: Predicate(name, kinds, {}) for name, kinds in signatures.items()},
    )


def _start(doors: bool) -> State:
    state = "shut" if doors else "open"
    facts = [Fact("free"), *(Fact("clear", (f"item{i}",)) for i in range(ITEMS))]
    facts += [Fact(state, (f"container{i}",)) for i in range(CONTAINERS)]
    return frozenset([*facts, *(Fact("off", (f"appliance{i}",)) for i in range(APPLIANCES))])


def _granted(distractors: Sequence[Operator], goal: State) -> State:
    """For every third blocked operator the one item, not of the goal, that it is possible with."""
    wanted = {name for fact in goal for name in fact.arguments}
    spare = [name for name in (f"item{i}" for i in range(ITEMS)) if name not in wanted]
    numbers = [int(o.name.removeprefix("dream_")) for o in distractors if o.name[:5] == "dream"]
    chosen = [number for number in numbers if number % 3 == 2]
    return frozenset(Fact(f"granted_{n}", (spare[n % len(spare)],)) for n in chosen)


def _goal(doors: bool, rng: np.random.Generator) -> State:
    """20 steps: ten items put away; or seven, three doors opened, one shut, two switches."""
    items = rng.permutation(ITEMS)[: 7 if doors else 10]
    containers = rng.permutation(CONTAINERS)[:3]
    facts = [
        Fact("in", (f"item{item}", f"container{containers[number % 3]}"))
        for number, item in enumerate(items)
    ]
    if doors:
        facts.append(Fact("shut", (f"container{containers[0]}",)))
        facts += [Fact("on", (f"appliance{i}",)) for i in rng.permutation(APPLIANCES)[:2]]
    return frozenset(facts)
