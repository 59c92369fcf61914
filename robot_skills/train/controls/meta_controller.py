"""Cloning of the choices between skills: the control that plans without any search."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise, permutations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn.functional import cross_entropy

from robot_skills.core.errors import InputError
from robot_skills.core.facts import State
from robot_skills.core.progress import Track, quiet
from robot_skills.core.skill import Operator, SkillLibrary
from robot_skills.core.task import Task
from robot_skills.nets.meta_policy import MetaShape, meta_features, meta_shape
from robot_skills.train.controls.flat import hindsight_goal
from robot_skills.train.discovery.transitions import Transition

HIDDEN = (128, 128)
STEPS = 3000
BATCH = 128
LEARNING_RATE = 1e-3
WEIGHT_DECAY = 1e-3
DROPOUT = 0.1


@dataclass(frozen=True)
class Choice:
    """At `facts`, asked for `goal`, the expert did this grounded operator."""

    facts: State
    goal: State
    step: Operator


def train_meta_controller(
    transitions: Sequence[Transition],
    library: SkillLibrary,
    task: Task,
    seed: int,
    track: Track = quiet,
) -> dict[str, NDArray[np.float32]]:
    """Weights of the meta-controller, from transitions in the order of their demonstrations.

    Its goals are what each demonstration had brought about by the end of each later transition.
    InputError where none of them is one of the library's skills.
    """
    choices = [
        choice
        for _, own in groupby(transitions, key=lambda one: one.history.name)
        for choice in _choices(list(own), library, task)
    ]
    if not choices:
        raise InputError("no segment brings about what an operator of the library does")
    return _fit(choices, meta_shape(library, task), task, seed, track)


def _choices(
    transitions: Sequence[Transition], library: SkillLibrary, task: Task
) -> Iterator[Choice]:
    for number, transition in enumerate(transitions):
        step = recognise(transition, library, task)
        if step is None:
            continue
        for later in transitions[number:]:
            goal = hindsight_goal(transition.history, slice(0, later.stop))
            yield Choice(transition.before, goal, step)


def recognise(transition: Transition, library: SkillLibrary, task: Task) -> Operator | None:
    """The grounded operator that does most of what changed here, and nothing else."""
    names = sorted({a for f in transition.added | transition.deleted for a in f.arguments})
    steps = (
        operator.ground(chosen)
        for operator in library.operators
        for chosen in permutations(names, len(operator.parameters))
        if _typed(operator, chosen, task)
    )
    fitting = [s for s in steps if s.add <= transition.added and s.delete <= transition.deleted]
    return max(fitting, key=lambda s: len(s.add) + len(s.delete), default=None)


def _typed(operator: Operator, chosen: Sequence[str], task: Task) -> bool:
    kinds = [parameter.type for parameter in operator.parameters]
    return all(task.is_a(task.type_of(n), kind) for n, kind in zip(chosen, kinds, strict=True))


def _fit(
    choices: Sequence[Choice], shape: MetaShape, task: Task, seed: int, track: Track
) -> dict[str, NDArray[np.float32]]:
    inputs = np.array([meta_features(c.facts, c.goal, task) for c in choices], np.float32)
    which = torch.tensor([shape.operators.index(c.step.name) for c in choices])
    what = torch.tensor([_things(c.step, shape) for c in choices])
    generator = torch.Generator().manual_seed(seed)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        network = _network(inputs.shape[1], shape.outputs)
        optimiser = torch.optim.AdamW(
            network.parameters(), lr=LEARNING_RATE, weight_decay=WEIGHT_DECAY
        )
        for _ in track(range(STEPS), "learning to choose"):
            rows = torch.randint(len(inputs), (BATCH,), generator=generator)
            outputs = network(torch.from_numpy(inputs)[rows])
            optimiser.zero_grad()
            torch.autograd.backward(_loss(outputs, which[rows], what[rows], shape))
            optimiser.step()
    return _export(network)


def _things(step: Operator, shape: MetaShape) -> list[int]:
    """The thing behind each parameter, -100 (torch's "ignore") where there is none."""
    known = [shape.things.index(parameter.name) for parameter in step.parameters]
    return known + [-100] * (shape.parameters - len(known))


def _network(inputs: int, outputs: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    for width, next_width in pairwise((inputs, *HIDDEN)):
        layers += [nn.Linear(width, next_width), nn.ReLU(), nn.Dropout(DROPOUT)]
    return nn.Sequential(*layers, nn.Linear(HIDDEN[-1], outputs))


def _loss(
    outputs: torch.Tensor, which: torch.Tensor, what: torch.Tensor, shape: MetaShape
) -> torch.Tensor:
    count = len(shape.operators)
    per_operator = outputs[:, count:].reshape(len(outputs), count, shape.parameters, -1)
    chosen = per_operator[torch.arange(len(outputs)), which]
    things = cross_entropy(chosen.flatten(0, 1), what.flatten())
    return cross_entropy(outputs[:, :count], which) + things


def _export(network: nn.Sequential) -> dict[str, NDArray[np.float32]]:
    linear = [layer for layer in network if isinstance(layer, nn.Linear)]
    return {
        f"{number}.{name}": parameter.detach().numpy().astype(np.float32)
        for number, layer in enumerate(linear)
        for name, parameter in layer.named_parameters()
    }
