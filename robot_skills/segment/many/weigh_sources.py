"""Many recordings are learned from together and weighed one by one, by whoever works."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from robot_skills.core.progress import Track, quiet
from robot_skills.segment.deciding import Belief
from robot_skills.segment.evidence.channels import Evidence
from robot_skills.segment.evidence.weights import shipped_weights
from robot_skills.segment.groups import Chosen, by_layout
from robot_skills.segment.habits import Habits, learn_habits
from robot_skills.segment.many.crew import Crew, attempt, each_done
from robot_skills.segment.many.kept_signals import KeptSignals, Shelf
from robot_skills.segment.many.packed import pack_belief, unpack_signals
from robot_skills.segment.signals import Signals
from robot_skills.storage.kept_results import KeptResults, key_of


def weighed_files(read: Sequence[KeptSignals], seed: int, kept: KeptResults) -> dict[str, Path]:
    """By name, where what each recording says by itself is kept, or will be.

    It depends on all of them, for they are learned from together; but not on how fine they are
    cut.
    """
    everything = key_of([one.key for one in read])
    return {one.name: kept.file(key_of("weighed", one.key, everything, seed)) for one in read}


@dataclass(frozen=True)
class WeighingAll:
    """How recordings are weighed: into which files, and by whom."""

    files: Mapping[str, Path]
    seed: int
    kept: KeptResults
    crew: Crew
    track: Track = quiet

    def weigh(self, read: Sequence[KeptSignals]) -> dict[str, str]:
        """Weigh what is not weighed yet; returns why others cannot be, by name.

        Recordings of one layout are learned from together, on about an hour of them; whoever works
        is given what was learned. Only what is learned from is held, and of the rest one at a
        time.
        """
        failed: dict[str, str] = {}
        for group in by_layout(Shelf(read)):
            members = [read[number] for number in group.numbers]
            if not all(self.files[one.name].is_file() for one in members):
                failed |= self._weigh_group(group, members)
        return failed

    def _weigh_group(self, group: Chosen, members: Sequence[KeptSignals]) -> dict[str, str]:
        learned = attempt(partial(learn_habits, seed=self.seed, track=self.track), group)
        if learned.value is None:
            return {one.name: learned.reason for one in members}
        habits, evidence = learned.value
        for number, read in evidence.items():
            self._keep(members[number], _packed(habits, read))
        missing = [
            _Numbered(number, one.file)
            for number, one in enumerate(members)
            if not self.files[one.name].is_file()
        ]
        failed = {}
        work = partial(_weighed, habits=habits)
        for at, outcome in each_done(work, missing, self.crew, self.track, "weighing"):
            one = members[missing[at].number]
            if outcome.value is None:
                failed[one.name] = outcome.reason
            else:
                self._keep(one, outcome.value)
        return failed

    def _keep(self, one: KeptSignals, content: bytes) -> None:
        self.kept.keep(self.files[one.name].name, content)


@dataclass(frozen=True)
class _Numbered:
    """A recording by its number among those it is learned with, and where its signals are."""

    number: int
    file: Path

    @property
    def files(self) -> tuple[Path, ...]:
        """The files that whoever weighs it must see."""
        return (self.file,)


def _weighed(one: _Numbered, habits: Habits) -> bytes:
    signals: Signals = unpack_signals(one.file)
    return _packed(habits, habits.read(signals, one.number))


def _packed(habits: Habits, read: Evidence) -> bytes:
    weighed = habits.weigher.weigh(read)
    return pack_belief(Belief.of(weighed, habits.weigher, shipped_weights()), read.surprise)
