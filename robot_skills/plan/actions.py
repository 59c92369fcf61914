"""Operators bound to things, made only where all they need can come to hold.

A join of the operators' preconditions with the facts reached so far, every fact being looked at
once, as in semi-naive evaluation of Datalog (Helmert, "Concise finite-domain representations for
PDDL planning tasks", AIJ 2009, section 6).
"""

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import product

from robot_skills.core.facts import Fact, State
from robot_skills.core.skill import Operator
from robot_skills.core.task import Task

Atom = tuple[str, ...]  # a fact as its predicate and the names of its arguments
Slot = int | str  # the number of a parameter, or a thing's name
Schema = tuple[str, tuple[Slot, ...]]  # a fact over an operator's parameters
Binding = tuple[str | None, ...]  # a thing's name a parameter, None where it is not bound yet


@dataclass(frozen=True)
class Action:
    """An operator bound to things, as plain facts."""

    operator: Operator
    arguments: tuple[str, ...]
    needs: frozenset[Atom]
    adds: frozenset[Atom]
    ends: frozenset[Atom]

    def __hash__(self) -> int:
        return hash((self.operator.name, self.arguments))


def atoms(facts: Iterable[Fact]) -> frozenset[Atom]:
    """Facts in the form that actions have them in."""
    return frozenset((fact.predicate, *fact.arguments) for fact in facts)


def facts_of(found: Iterable[Atom]) -> State:
    """The facts of atoms."""
    return frozenset(Fact(predicate, tuple(names)) for predicate, *names in found)


class Lifted:
    """An operator with its facts over numbered parameters, ready to be bound.

    `things` are the names of what is present, by type; `barred` choices are left out.
    """

    def __init__(
        self,
        operator: Operator,
        things: Mapping[str, tuple[str, ...]],
        barred: Set[tuple[str, tuple[str, ...]]] = frozenset(),
    ) -> None:
        self.operator = operator
        self._barred = {names for name, names in barred if name == operator.name}
        numbers = {p.name: number for number, p in enumerate(operator.parameters)}
        self.needs = _schemas(operator.preconditions, numbers)
        self.predicates = {predicate for predicate, _ in self.needs}
        self.adds = _schemas(operator.add, numbers)
        self._ends = _schemas(operator.delete - operator.add, numbers)
        self.choices = [things[p.type] for p in operator.parameters]
        self._allowed = [frozenset(choice) for choice in self.choices]

    @property
    def unbound(self) -> Binding:
        """The binding of nothing yet."""
        return (None,) * len(self.choices)

    def unify(self, schema: Schema, atom: Atom, binding: Binding) -> Binding | None:
        """The binding under which a schema is that atom; None where there is none."""
        bound = list(binding)
        for slot, name in zip(schema[1], atom[1:], strict=True):
            if isinstance(slot, str):
                if slot != name:
                    return None
            elif bound[slot] is None:
                if name in bound or name not in self._allowed[slot]:
                    return None
                bound[slot] = name
            elif bound[slot] != name:
                return None
        return tuple(bound)

    def completions(self, binding: Binding) -> Iterator[tuple[str, ...]]:
        """Every choice of distinct things, not barred, that agrees with a binding."""
        pairs = zip(binding, self.choices, strict=True)
        for names in product(*((b,) if b is not None else c for b, c in pairs)):
            if len(set(names)) == len(names) and names not in self._barred:
                yield names

    def achieving(self, fact: Fact) -> Iterator[Action]:
        """Every way to be bound that brings a fact about."""
        atom = (fact.predicate, *fact.arguments)
        for schema in self.adds:
            if schema[0] == fact.predicate and len(schema[1]) == len(fact.arguments):
                binding = self.unify(schema, atom, self.unbound)
                if binding is not None:
                    yield from map(self.action, self.completions(binding))

    def effects(self, predicate: str) -> Iterator[Atom]:
        """Every fact of a predicate that the operator can bring about."""
        for schema in self.adds:
            if schema[0] == predicate:
                slots = schema[1]
                choices = [(s,) if isinstance(s, str) else self.choices[s] for s in slots]
                for names in product(*choices):
                    if len(set(names)) == len(set(slots)):
                        yield (predicate, *names)

    def action(self, names: tuple[str, ...]) -> Action:
        """The operator bound to these things."""
        parts = (_bound(s, names) for s in (self.needs, self.adds, self._ends))
        return Action(self.operator, names, *parts)


def _schemas(facts: State, numbers: dict[str, int]) -> tuple[Schema, ...]:
    return tuple(
        (f.predicate, tuple(numbers.get(a, a) for a in f.arguments)) for f in sorted(facts)
    )


def _bound(schemas: Sequence[Schema], names: tuple[str, ...]) -> frozenset[Atom]:
    return frozenset(
        (predicate, *(names[s] if isinstance(s, int) else s for s in slots))
        for predicate, slots in schemas
    )


class Reach:
    """What can come to hold when nothing is ever undone, and the actions possible then.

    Delete relaxation, Bonet and Geffner 2001: what is outside cannot be reached at all.
    """

    def __init__(
        self,
        start: State,
        operators: Sequence[Operator],
        task: Task,
        objects: tuple[str, ...],
        barred: Set[tuple[str, tuple[str, ...]]] = frozenset(),
    ) -> None:
        self.actions: list[Action] = []
        self.facts: set[Atom] = set()
        kinds = {p.type for operator in operators for p in operator.parameters}
        things = {kind: task.of_type(kind, objects) for kind in kinds}
        self.lifted = [Lifted(operator, things, barred) for operator in operators]
        self._by_place: dict[tuple[str, int, str], list[Atom]] = defaultdict(list)
        self._by_predicate: dict[str, list[Atom]] = defaultdict(list)
        self._made: set[tuple[int, tuple[str, ...]]] = set()
        self._waiting = deque(sorted(atoms(start)))
        self._queued = set(self._waiting)
        self._spread()

    def _predicates(self) -> Set[str]:
        """Predicates of which some fact may come to hold, whatever its things."""
        found = {atom[0] for atom in self._queued}
        waiting, grew = self.lifted, True
        while grew:
            ready = [one for one in waiting if one.predicates <= found]
            waiting = [one for one in waiting if not one.predicates <= found]
            before = len(found)
            found = found.union(*({schema[0] for schema in one.adds} for one in ready))
            grew = len(found) > before
        return found

    def _spread(self) -> None:
        possible = self._predicates()
        needing: dict[str, list[tuple[int, int]]] = defaultdict(list)
        for index, lifted in enumerate(self.lifted):
            if not lifted.predicates <= possible:
                continue
            for place, schema in enumerate(lifted.needs):
                needing[schema[0]].append((index, place))
            if not lifted.needs:
                self._make(index, lifted.unbound)
        while self._waiting:
            atom = self._waiting.popleft()
            self._hold(atom)
            for index, place in needing[atom[0]]:
                self._join(index, place, atom)

    def _hold(self, atom: Atom) -> None:
        self.facts.add(atom)
        self._by_predicate[atom[0]].append(atom)
        for place, name in enumerate(atom[1:]):
            self._by_place[atom[0], place, name].append(atom)

    def _join(self, index: int, place: int, atom: Atom) -> None:
        """Make the actions of an operator whose precondition number `place` is the new atom."""
        lifted = self.lifted[index]
        binding = lifted.unify(lifted.needs[place], atom, lifted.unbound)
        if binding is not None:
            rest = [s for number, s in enumerate(lifted.needs) if number != place]
            for complete in self._matches(lifted, rest, binding):
                self._make(index, complete)

    def _matches(self, lifted: Lifted, rest: list[Schema], binding: Binding) -> Iterator[Binding]:
        """Bindings under which every schema of `rest` holds, the most constrained one first."""
        if not rest:
            yield binding
            return
        found = [self._candidates(schema, binding) for schema in rest]
        best = min(range(len(rest)), key=lambda i: len(found[i]))
        others = rest[:best] + rest[best + 1 :]
        for atom in tuple(found[best]):
            further = lifted.unify(rest[best], atom, binding)
            if further is not None:
                yield from self._matches(lifted, others, further)

    def _candidates(self, schema: Schema, binding: Binding) -> Sequence[Atom]:
        """Facts that a schema may be, by whichever of its arguments leaves the fewest."""
        predicate, slots = schema
        names = [slot if isinstance(slot, str) else binding[slot] for slot in slots]
        if None not in names:
            whole = (predicate, *(name for name in names if name is not None))
            return (whole,) if whole in self.facts else ()
        bound = [(place, name) for place, name in enumerate(names) if name is not None]
        if not bound:
            return self._by_predicate[predicate]
        return min((self._by_place[predicate, p, name] for p, name in bound), key=len)

    def _make(self, index: int, binding: Binding) -> None:
        lifted = self.lifted[index]
        for names in lifted.completions(binding):
            if (index, names) in self._made:
                continue
            self._made.add((index, names))
            action = lifted.action(names)
            self.actions.append(action)
            new = action.adds - self._queued
            self._queued |= new
            self._waiting.extend(sorted(new))
