"""Compares discovered operators with what the operator was really doing: for scoring only."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from robot_skills.storage.truth import Behaviour
from robot_skills.train.discovery.grouping import SkillGroup
from robot_skills.train.discovery.lifting import Instance

Behaviours = Mapping[str, Sequence[Behaviour]]  # of every demonstration, by its name


@dataclass(frozen=True)
class DiscoveryScore:
    """How operators and true behaviours fit.

    `behaviour` and `purity` by operator: what most of its segments really were, and the share of
    them. `found` by behaviour: the share of its occurrences that support an operator of it.
    """

    behaviour: Mapping[str, str]
    purity: Mapping[str, float]
    found: Mapping[str, float]

    @property
    def mean_purity(self) -> float:
        """Mean over the operators."""
        return sum(self.purity.values()) / max(len(self.purity), 1)

    @property
    def mean_found(self) -> float:
        """Mean over the behaviours."""
        return sum(self.found.values()) / max(len(self.found), 1)


def score_discovery(groups: Sequence[SkillGroup], truth: Behaviours) -> DiscoveryScore:
    """Score operators by the behaviour under way when the facts changed."""
    members = [member for group in groups for member in group.members]
    happened = {m.operator.name: [happening(i, truth) for i in m.instances] for m in members}
    behaviour, purity = {}, {}
    for name, real in happened.items():
        counts = Counter(one.name if one else "" for one in real)
        behaviour[name], most = counts.most_common(1)[0]
        purity[name] = most / len(real)
    supporting: dict[str, set[tuple[str, int]]] = defaultdict(set)
    for member in members:
        name = member.operator.name
        for instance, one in zip(member.instances, happened[name], strict=True):
            if one is not None and one.name == behaviour[name]:
                supporting[one.name].add((instance.transition.history.name, one.start))
    shown = Counter(one.name for behaviours in truth.values() for one in behaviours)
    found = {name: len(supporting[name]) / count for name, count in sorted(shown.items())}
    return DiscoveryScore(behaviour, purity, found)


def happening(instance: Instance, truth: Behaviours) -> Behaviour | None:
    """The behaviour under way at the moment of change."""
    transition = instance.transition
    behaviours = truth[transition.history.name]
    return next((b for b in behaviours if b.start <= transition.effect < b.stop), None)
