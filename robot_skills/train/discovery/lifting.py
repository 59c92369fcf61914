"""From what changed to operators: objects become typed parameters, rare changes are set aside."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, count, permutations

from robot_skills.core.facts import Fact, State
from robot_skills.core.skill import Operator, Parameter
from robot_skills.core.task import Task
from robot_skills.train.discovery.transitions import Transition

MAX_PARAMETERS = 4
PRECONDITION_SHARE = 0.9  # of the supporting transitions in which a precondition held at the start


@dataclass(frozen=True)
class Signature:
    """A change over variables: typed parameters in order, facts added and deleted."""

    parameters: tuple[Parameter, ...]
    added: State
    deleted: State

    @property
    def size(self) -> int:
        """How many facts change."""
        return len(self.added) + len(self.deleted)


@dataclass(frozen=True)
class Instance:
    """One transition seen as a signature, with the objects behind the parameters."""

    transition: Transition
    binding: Mapping[str, str]


@dataclass(frozen=True)
class LiftedOperator:
    """An operator and the transitions that support it."""

    operator: Operator
    instances: tuple[Instance, ...]


def lift(
    transitions: Sequence[Transition], task: Task, min_support: int, taken: Collection[str] = ()
) -> tuple[list[LiftedOperator], list[Transition]]:
    """Operators with at least `min_support` transitions each, and the transitions left over.

    A transition in which more changed than in a frequent one (another block was pushed as well)
    supports the frequent one. No operator gets a name that is `taken`.
    """
    exact: dict[Signature, list[Instance]] = defaultdict(list)
    for transition in transitions:
        signature, binding = signature_of(transition.added, transition.deleted, task)
        exact[signature].append(Instance(transition, binding))
    frequent = {s: list(found) for s, found in exact.items() if len(found) >= min_support}
    left = []
    for signature, instances in exact.items():
        if signature not in frequent:
            left += _reassign(instances, frequent, task)
    return _named_apart([_operator(s, found) for s, found in _ordered(frequent)], taken), left


def _named_apart(lifted: Sequence[LiftedOperator], taken: Collection[str]) -> list[LiftedOperator]:
    """The same, also after what they change or with a number where a name is taken.

    Libraries keep operators by their names.
    """
    used = set(taken)
    named = []
    for one in lifted:
        plain = one.operator.name
        names = chain([plain, *_also_after_what(one.operator)], numbered(plain))
        name = next(name for name in names if name not in used)
        used.add(name)
        named.append(replace(one, operator=replace(one.operator, name=name)))
    return named


def _also_after_what(operator: Operator) -> list[str]:
    """holding_pot for what is called holding and is about a pot; none for a name that says more."""
    brought = brought_about(operator.add)
    if brought is None or operator.name != brought.predicate or len(brought.arguments) != 1:
        return []
    types = {p.name: p.type for p in operator.parameters}
    return [f"{operator.name}_{types[brought.arguments[0]]}"]


def numbered(name: str) -> Iterator[str]:
    """name_2, name_3 and so on."""
    return (f"{name}_{number}" for number in count(2))


def _ordered(
    frequent: dict[Signature, list[Instance]],
) -> list[tuple[Signature, list[Instance]]]:
    return sorted(frequent.items(), key=lambda item: (-len(item[1]), str(sorted(item[0].added))))


def signature_of(added: State, deleted: State, task: Task) -> tuple[Signature, dict[str, str]]:
    """A change of facts over variables, and the object behind each."""
    return _signature_over(added, deleted, task.type_of)


def signature_of_operator(operator: Operator) -> Signature:
    """What an operator changes, in the form that `signature_of` gives to what was seen."""
    types = {p.name: p.type for p in operator.parameters}
    return _signature_over(operator.add, operator.delete, types.__getitem__)[0]


def _signature_over(
    added: State, deleted: State, type_of: Callable[[str], str]
) -> tuple[Signature, dict[str, str]]:
    names = sorted({a for fact in added | deleted for a in fact.arguments})
    orders: Iterable[tuple[str, ...]] = (
        permutations(names) if len(names) <= MAX_PARAMETERS else [tuple(names)]
    )
    return min(
        (_lifted(order, added, deleted, type_of) for order in orders), key=lambda s: _text(s[0])
    )


def _lifted(
    order: tuple[str, ...], added: State, deleted: State, type_of: Callable[[str], str]
) -> tuple[Signature, dict[str, str]]:
    variables = {name: f"?{chr(ord('a') + i)}" for i, name in enumerate(order)}
    parameters = tuple(Parameter(variables[name], type_of(name)) for name in order)
    signature = Signature(parameters, _bound(added, variables), _bound(deleted, variables))
    return signature, {variable: name for name, variable in variables.items()}


def _bound(facts: State, names: dict[str, str]) -> State:
    return frozenset(fact.bind(names) for fact in facts)


def _text(signature: Signature) -> str:
    return f"{sorted(signature.added)} {sorted(signature.deleted)} {signature.parameters}"


def _reassign(
    instances: Sequence[Instance], frequent: dict[Signature, list[Instance]], task: Task
) -> list[Transition]:
    left = []
    for instance in instances:
        home = _embedding(instance.transition, frequent, task)
        if home is None:
            left.append(instance.transition)
        else:
            frequent[home[0]].append(Instance(instance.transition, home[1]))
    return left


def _embedding(
    transition: Transition, frequent: dict[Signature, list[Instance]], task: Task
) -> tuple[Signature, dict[str, str]] | None:
    names = sorted({a for f in transition.added | transition.deleted for a in f.arguments})
    for signature in sorted(frequent, key=lambda s: -s.size):
        for chosen in permutations(names, len(signature.parameters)):
            binding = {p.name: n for p, n in zip(signature.parameters, chosen, strict=True)}
            typed = all(task.type_of(binding[p.name]) == p.type for p in signature.parameters)
            if (
                typed
                and _bound(signature.added, binding) <= transition.added
                and _bound(signature.deleted, binding) <= transition.deleted
            ):
                return signature, binding
    return None


def _operator(signature: Signature, instances: Sequence[Instance]) -> LiftedOperator:
    counts: dict[Fact, int] = defaultdict(int)
    for instance in instances:
        for fact in _facts_over(instance):
            counts[fact] += 1
    needed = PRECONDITION_SHARE * len(instances)
    operator = Operator(
        name=operator_name(signature),
        skill="",
        parameters=signature.parameters,
        preconditions=frozenset(fact for fact, count in counts.items() if count >= needed),
        add=signature.added,
        delete=signature.deleted,
        support=len(instances),
    )
    return LiftedOperator(operator, tuple(instances))


def _facts_over(instance: Instance) -> State:
    """Facts at the start that speak of nothing but the parameters."""
    names = {name: variable for variable, name in instance.binding.items()}
    return frozenset(
        fact.bind(names)
        for fact in instance.transition.before
        if all(argument in names for argument in fact.arguments)
    )


def operator_name(signature: Signature) -> str:
    """A name from what is brought about and what it takes it from, such as holding_off_surface."""
    brought = brought_about(signature.added)
    types = {p.name: p.type for p in signature.parameters}
    left = [f for f in sorted(signature.deleted) if len(f.arguments) == 2]
    name = brought.predicate if brought else "undo"
    if left:
        return f"{name}_off_{types[left[0].arguments[1]]}"
    onto = types[brought.arguments[1]] if brought and len(brought.arguments) == 2 else ""
    return f"{name}_{onto}" if onto else name


def brought_about(added: State) -> Fact | None:
    """The added fact that names a change best: not one that follows from others."""
    return min(
        added, key=lambda f: (f.predicate in SIDE_EFFECTS, -len(f.arguments), f), default=None
    )


SIDE_EFFECTS = ("clear", "gripper_empty")  # facts that follow from others; no good name
