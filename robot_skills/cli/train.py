"""robot-skills train: demonstrations and segments in, a library of skills out."""

import io
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import tyro

from robot_skills.cli.compute import Device, choose_compute
from robot_skills.cli.refine import Refine

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from robot_skills.core.demonstration import Demonstration, Segment
    from robot_skills.core.skill import Operator, Skill
    from robot_skills.core.task import Task
    from robot_skills.sim.kinematics import MujocoKinematics
    from robot_skills.train.discovery.grouping import SkillGroup
    from robot_skills.train.discovery.transitions import Transition
    from robot_skills.train.trainer import TrainConfig, Training

SHOWN_LEFT_OVER = 5


@dataclass(frozen=True)
class Train:
    """Turn demonstrations into a library of skills: operators, reference frames, policies.

    The demonstrations are cut first, by --method, or as --segments says. How many skills there
    are is not asked. A training that was cut off goes on with the skill it was at when the same
    command is typed again.
    """

    demonstrations: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="FOLDER")] = Path(
        "runs/demonstrations"
    )
    """A folder of episodes, as robot-skills record writes it."""

    out: Path = Path("runs/library")
    """Folder for the library."""

    replace: bool = False
    """Put the new library in the place of an older one in --out."""

    grow: Annotated[Path | None, tyro.conf.arg(metavar="LIBRARY")] = None
    """Add what is shown to this library, in its place; what it has learned stays as it is."""

    segments: Path | None = None
    """Table of segments that robot-skills segment wrote; without it they are cut by --method."""

    method: Annotated[str, tyro.conf.arg(metavar="METHOD")] = "surprise"
    """How to cut the demonstrations: any method of `robot-skills segment --help`."""

    true_segments: bool = False
    """Cut where the scripted operator's behaviour changed, from truth/: an upper bound."""

    env: str = ""
    """Environment: a name in envs/ or a folder with a task.toml; the recordings' own by default."""

    min_support: int = 3
    """Segments in which a change of facts must recur to become an operator."""

    policy: Annotated[str, tyro.conf.arg(metavar="KIND")] = "mlp"
    """Kind of network a skill gets: mlp, gmm (recurrent), transformer or flow (flow matching)."""

    input: Literal["state", "camera"] = "state"
    """What policies are given: where things are, or images, for whatever has to be looked for."""

    cameras: tuple[str, ...] = ("front", "wrist")
    """Cameras to look through with --input camera; the recordings must have been filmed by them."""

    history: int | None = None
    """Observations that a policy sees at once; as many as its kind is used to where not given."""

    steps: int = 4000
    """Steps of gradient descent a skill."""

    copies: int = 6
    """Bent copies of each segment to learn from beside it."""

    threads: int = 2
    """Threads to compute with; the same number gives the same weights."""

    seed: int = 0
    """Seed of every random choice."""

    refine: bool = False
    """Then let the skill that limits the plans most practise, as robot-skills refine does."""

    device: Device = "auto"
    """Where to practise, as for robot-skills refine. Only with --refine."""

    minutes: float = 60.0
    """Time for the practice and all that belongs to it. Only with --refine."""

    def run(self) -> None:
        """Train and save the library, and let a skill of it practise where that is asked for."""
        if self.refine:
            choose_compute(self.device, None)  # what is not there is said before the training
        elif self.device != "auto":
            from robot_skills.core.errors import InputError

            raise InputError(f"--device {self.device} is for practice; give --refine as well")
        self._run()
        if self.refine:
            library = self.out if self.grow is None else self.grow
            Refine(library, device=self.device, minutes=self.minutes, seed=self.seed).run()

    def _run(self) -> None:
        """Train, save the library with a card and picture a skill, and say what was found."""
        from robot_skills.train.lineage import suggestions_in

        started_s = time.monotonic()
        if self.grow is not None:
            from robot_skills.cli.train_growth import grow_library

            print("\n".join(grow_library(self, self.grow)))
            return
        training = self.train()
        print(skill_table(training.library.skills, training.library.rate_hz))
        print("\n".join(left_over_lines(training.left_over)))
        print(*suggestion_lines(suggestions_in(training.library.lineage)), sep="\n")
        print(f"{self.out} written after {time.monotonic() - started_s:.0f} s")

    def train(self) -> "Training":
        """Train and save; InputError for what cannot be read or trained on."""
        import torch

        from robot_skills.cli.progress import track
        from robot_skills.storage.kept_skills import KeptSkills
        from robot_skills.storage.libraries import check_free, save_library
        from robot_skills.storage.writable import check_folder
        from robot_skills.train.discovery.suggestions import suggest
        from robot_skills.train.lineage import fingerprint, lineage_of, lineage_of_suggestions
        from robot_skills.train.trainer import train

        self.check_flags()
        check_free(self.out, self.replace)
        check_folder(self.out.parent)
        demonstrations, task, kinematics = self.read()
        segments, made_by = self.cut(demonstrations)
        torch.set_num_threads(self.threads)
        inputs = lineage_of(demonstrations, segments, task, self.config())
        kept = KeptSkills(self.out, fingerprint(inputs | {"threads": str(self.threads)}))
        training = train(
            demonstrations, segments, task, kinematics, self.config(), track, kept.skill
        )
        if kept.found:
            print(f"kept from the training that was cut off: {', '.join(kept.found)}")
        cut = {f"segment/{key}": value for key, value in made_by.items()}
        lineage = {**training.library.lineage, **cut, "threads": str(self.threads)}
        lineage |= lineage_of_suggestions(suggest(training.library, training.groups, task))
        training = replace(training, library=replace(training.library, lineage=lineage))
        save_library(self.out, training.library, self.replace, draw_groups(training.groups, task))
        kept.remove()
        return training

    def read(self) -> "tuple[list[Demonstration], Task, MujocoKinematics]":
        """The demonstrations, the task that they are about, and the arm's kinematics."""
        from robot_skills.core.task_file import load_task
        from robot_skills.paths import find
        from robot_skills.segment.many.find_sources import load_given
        from robot_skills.train.history import require_channels

        demonstrations = load_given((self.demonstrations,))
        kinematics = _kinematics(demonstrations)
        task = load_task(find("envs", self.env or recorded_environment(demonstrations)))
        for one in demonstrations:
            require_channels(one, task)
        return list(demonstrations), task, kinematics

    def config(self) -> "TrainConfig":
        """The settings of the train stage that the flags stand for."""
        from robot_skills.train.learning.augmentation import AugmentationConfig
        from robot_skills.train.learning.cloning import CloningConfig
        from robot_skills.train.trainer import TrainConfig

        return TrainConfig(
            seed=self.seed,
            min_support=self.min_support,
            augmentation=AugmentationConfig(copies=self.copies),
            cloning=CloningConfig(self.policy, self.steps, observations=self.history),
            cameras=self.cameras if self.input == "camera" else (),
        )

    def check_flags(self) -> None:
        """Raise InputError for flags that do not go together or are out of range."""
        from robot_skills.core.errors import InputError
        from robot_skills.nets.networks.kinds import kind_named
        from robot_skills.segment.config import method_named

        method_named(self.method)
        kind_named(self.policy)
        if self.history is not None and self.history < 1:
            raise InputError(f"--history must be at least 1; found {self.history}")
        if self.segments is not None and self.true_segments:
            raise InputError("--segments and --true-segments exclude each other; give one of them")
        if self.grow is not None and self.out != Train.out:
            raise InputError("--grow puts the grown library in its own place; leave --out away")
        least = {"min-support": 1, "steps": 1, "copies": 0, "threads": 1, "seed": 0}
        if self.minutes <= 0.0:
            raise InputError(f"--minutes must be above 0; found {self.minutes:g}")
        for flag, low in least.items():
            found = getattr(self, flag.replace("-", "_"))
            if found < low:
                raise InputError(f"--{flag} must be at least {low}; found {found}")

    def cut(
        self, demonstrations: "Sequence[Demonstration]"
    ) -> "tuple[list[Segment], dict[str, str]]":
        """Segments of every demonstration, and how they were made."""
        from robot_skills.cli.progress import track
        from robot_skills.segment import SegmentConfig, segment_in_detail
        from robot_skills.segment.config import method_named
        from robot_skills.storage.segments import load_segments

        if self.true_segments:
            return _true_segments(self.demonstrations, demonstrations), {"method": "truth"}
        if self.segments is not None:
            table = load_segments(self.segments)
            check_segments(self.segments, table.segments, demonstrations)
            return list(table.segments), dict(table.made_by)
        config = SegmentConfig(method_named(self.method), seed=self.seed)
        found = segment_in_detail(demonstrations, config, track)
        made_by = {"method": self.method, "seed": str(self.seed)}
        return list(found.segments), made_by


def draw_groups(groups: "Sequence[SkillGroup]", task: "Task") -> dict[str, bytes]:
    """A picture (PNG) for the card of each skill."""
    from robot_skills.train.picture import draw_skill

    return {group.name: _png(draw_skill(group, task)) for group in groups}


def recorded_environment(demonstrations: "Sequence[Demonstration]") -> str:
    """The environment that all demonstrations were recorded in; InputError where it is not one."""
    from robot_skills.core.errors import InputError

    names = {one.provenance.get("env", "") for one in demonstrations}
    if len(names) != 1 or names == {""}:
        found = ", ".join(sorted(name or "none" for name in names))
        raise InputError(f"the recordings do not name one environment (found {found}); give --env")
    return names.pop()


def _kinematics(demonstrations: "Sequence[Demonstration]") -> "MujocoKinematics":
    from robot_skills.core.arm import load_arm
    from robot_skills.paths import find
    from robot_skills.sim.kinematics import MujocoKinematics
    from robot_skills.train.trainer import one_arm

    return MujocoKinematics(load_arm(find("assets/arms", one_arm(demonstrations))))


def _true_segments(folder: Path, demonstrations: "Sequence[Demonstration]") -> "list[Segment]":
    from robot_skills.core.demonstration import Segment
    from robot_skills.paths import recording
    from robot_skills.storage.truth import load_truth

    given = recording(folder)
    one_episode = (given / "episode.json").is_file()
    set_folder = given.resolve().parent if one_episode else given
    return [
        Segment(one.name, behaviour.start, behaviour.stop)
        for one in demonstrations
        for behaviour in load_truth(set_folder, one.name).behaviours
    ]


def check_segments(
    file: Path, segments: "Sequence[Segment]", demonstrations: "Sequence[Demonstration]"
) -> None:
    """Raise InputError unless a table of segments belongs to just these demonstrations."""
    from robot_skills.core.errors import InputError

    steps = {one.name: one.steps for one in demonstrations}
    cut = {segment.demonstration for segment in segments}
    if cut != steps.keys():
        odd = sorted(cut ^ steps.keys())
        where = "not among the demonstrations" if odd[0] in cut else "not in the table"
        raise InputError(
            f"{file} belongs to other demonstrations ({odd[0]} is {where}); "
            "make it anew with robot-skills segment"
        )
    for name, count in steps.items():
        own = sorted((s for s in segments if s.demonstration == name), key=lambda s: s.start)
        edges = [s.start for s in own] + [count]
        if edges[0] != 0 or [s.stop for s in own] != edges[1:]:
            raise InputError(
                f"{file}: the segments of {name} do not cover its {count} steps one after "
                "the other; make the table anew with robot-skills segment"
            )


def _png(figure: "Figure") -> bytes:
    picture = io.BytesIO()
    figure.savefig(picture, format="png", dpi=100)
    return picture.getvalue()


def skill_table(skills: "Sequence[Skill]", rate_hz: float) -> str:
    """Every skill with its frame, segments, length and operators, as lines of text."""
    return "\n".join(line for skill in skills for line in _skill_lines(skill, rate_hz))


def _skill_lines(skill: "Skill", rate_hz: float) -> list[str]:
    median_s = skill.median_steps / rate_hz
    head = (
        f"{skill.name}: moves in the frame of the {skill.frame.kind} of {skill.frame.parameter}, "
        f"learned from {skill.segments} segments of {median_s:.1f} s (median)"
    )
    return [head, *(line for operator in skill.operators for line in _operator_lines(operator))]


def _operator_lines(operator: "Operator") -> list[str]:
    from robot_skills.core.facts import format_facts

    parameters = ", ".join(f"{p.name}: {p.type}" for p in operator.parameters)
    return [
        f"  {operator.name}({parameters}), {operator.support} segments",
        f"    needs         {format_facts(operator.preconditions) or 'nothing'}",
        f"    brings about  {format_facts(operator.add) or 'nothing'}",
        f"    ends          {format_facts(operator.delete) or 'nothing'}",
    ]


def suggestion_lines(suggestions: "Sequence[str]") -> list[str]:
    """What might be merged or split, for a person to judge."""
    if not suggestions:
        return ["nothing looks as if it should be merged or split"]
    return ["suggestions (nothing was merged or split):", *[f"  {one}" for one in suggestions]]


def left_over_lines(left_over: "Sequence[Transition]") -> list[str]:
    """How many changes became no operator, why, and a few of them."""
    if not left_over:
        return ["every change of facts became part of an operator"]
    shown = [
        f"  {one.history.name} steps {one.start} to {one.stop}: {_change(one)}"
        for one in left_over[:SHOWN_LEFT_OVER]
    ]
    more = len(left_over) - len(shown)
    return [
        f"changes of facts that recur too rarely for an operator: {len(left_over)}",
        *shown,
        *([f"  and {more} more"] if more else []),
    ]


def _change(one: "Transition") -> str:
    from robot_skills.core.facts import format_facts

    added, deleted = format_facts(one.added), format_facts(one.deleted)
    return "; ".join(filter(None, [added, f"no longer {deleted}" if deleted else ""]))
