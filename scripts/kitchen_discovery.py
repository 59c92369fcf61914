"""What was discovered in the kitchen, compared with what the operator was really doing."""

from collections.abc import Iterable

from discovery_score import DiscoveryScore, score_discovery
from kitchen_columns import Partition
from results import Figure

from robot_skills.storage.truth import load_truth
from robot_skills.train.discovery.grouping import group_operators
from robot_skills.train.discovery.lifting import lift


def discovery_figures(partitions: Iterable[Partition]) -> dict[str, Figure]:
    """Operators found, how pure they are and how much of each behaviour they hold."""
    figures: dict[str, Figure] = {}
    scores = {partition.letter: _score(partition) for partition in partitions}
    for letter, (score, skills, left) in scores.items():
        figures |= {
            f"discovery/{letter}/skills": Figure(skills, "count"),
            f"discovery/{letter}/operators": Figure(len(score.purity), "count"),
            f"discovery/{letter}/purity": Figure(score.mean_purity, "share"),
            f"discovery/{letter}/found": Figure(score.mean_found, "share"),
            f"discovery/{letter}/left over": Figure(left, "count"),
        }
    return figures


def _score(partition: Partition) -> tuple[DiscoveryScore, int, int]:
    """The score, how many skills there are, and how many changes fitted nowhere."""
    transitions, support = partition.transitions()
    lifted, left = lift(transitions, partition.task, support)
    groups = group_operators(lifted, partition.task)
    names = [one.name for one in partition.demonstrations]
    truth = {name: load_truth(partition.recordings, name).behaviours for name in names}
    return score_discovery(groups, truth), len(groups), len(left)
