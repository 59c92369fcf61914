"""How often the scripted operator brings about each behaviour of the kitchen, and each task.

Every trial is a new random start with sensor noise and a new manner, in simulation, without
cameras; success is that all facts wanted hold when the operator is done. Writes
docs/results/kitchen_operator.json.
"""

import argparse
from collections.abc import Iterator

from results import Figure, share, write_results

from robot_skills.core.facts import parse_facts, parse_sequence
from robot_skills.core.task import Goal
from robot_skills.core.task_file import load_task
from robot_skills.paths import find
from robot_skills.record.session import rehearse
from robot_skills.run.evaluate.statistics import wilson

ARMS = ("ur5e", "panda")
FOODS = ("tomato", "cheese", "carrot")

# Facts to bring about, and facts at the start; x is each food in turn.
BEHAVIOURS = {
    "open drawer": ("open(drawer)", "closed(drawer)"),
    "close drawer": ("closed(drawer)", "open(drawer)"),
    "open cupboard": ("open(cupboard)", "closed(cupboard)"),
    "close cupboard": ("closed(cupboard)", "open(cupboard)"),
    "turn on": ("turned_on(knob)", "turned_off(knob)"),
    "turn off": ("turned_off(knob)", "turned_on(knob)"),
    "press": ("lit(lamp)", "dark(lamp)"),
    "pan on stove": ("on(pan, stove)", ""),
    "food in pan": ("in(x, pan)", ""),
    "food in drawer": ("in(x, drawer)", "open(drawer)"),
    "food in cupboard": ("in(x, cupboard)", "open(cupboard)"),
    "food in tray": ("in(x, tray)", ""),
    "filled pan on stove": ("in(x, pan) on(pan, stove)", ""),
}


def behaviour_goals(name: str, trials: int) -> Iterator[Goal]:
    """One goal a trial; the food changes from trial to trial."""
    wanted, start = BEHAVIOURS[name]
    for trial in range(trials):
        names = {"x": FOODS[trial % len(FOODS)]}
        sequence = tuple(fact.bind(names) for fact in parse_sequence(wanted))
        yield Goal(name, True, sequence, parse_facts(start))


def main() -> None:
    """Measure, print and write docs/results/kitchen_operator.json."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--behaviour-trials", type=int, default=10)
    parser.add_argument("--task-trials", type=int, default=4, help="of each of the 24 tasks")
    parser.add_argument("--arms", nargs="+", default=list(ARMS))
    given = parser.parse_args()
    figures: dict[str, Figure] = {}
    for arm in given.arms:
        for name in BEHAVIOURS:
            goals = behaviour_goals(name, given.behaviour_trials)
            found = [rehearse("kitchen", arm, goal, seed) for seed, goal in enumerate(goals)]
            figures[f"{name}/{arm}"] = share(wilson(sum(found), len(found)), "random starts")
            print(f"{arm:<8}{name:<22}{sum(found)}/{len(found)}", flush=True)
        found = []
        for name in load_task(find("envs", "kitchen")).goals:
            one = [rehearse("kitchen", arm, name, seed) for seed in range(given.task_trials)]
            print(f"{arm:<8}{name:<22}{sum(one)}/{len(one)}", flush=True)
            found += one
        rate = wilson(sum(found), len(found))
        figures[f"tasks of four behaviours/{arm}"] = share(rate, "24 tasks, random starts")
    print(f"written: {write_results('kitchen_operator', figures, [0])}")


if __name__ == "__main__":
    main()
