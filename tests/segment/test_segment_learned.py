"""The default method on many recordings: lazily or held, by whoever, again or anew."""

import weakref
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from robot_skills.core.demonstration import Channel, ChannelKind, Demonstration
from robot_skills.core.errors import InputError
from robot_skills.segment import SegmentConfig, segment, stretches
from robot_skills.segment.candidates import Candidate
from robot_skills.segment.deciding import Belief
from robot_skills.segment.many import weigh_sources as weighing
from robot_skills.segment.many.crew import Alone
from robot_skills.segment.many.cut_sources import cut_sources
from robot_skills.segment.many.find_sources import find_sources, load_given
from robot_skills.segment.many.processes import Processes
from robot_skills.segment.segmenter import segment_believed, segment_in_detail
from robot_skills.segment.signals import read_signals
from robot_skills.storage.episodes import save_episode
from robot_skills.storage.kept_results import KeptResults

DEFAULT = SegmentConfig()
pytestmark = pytest.mark.usefixtures("quick_training")


def still_hand(name, steps=160):
    """A hand that stands still while its gripper plays: nothing to predict a course from."""
    pose = np.tile([0.1, 0.2, 0.3], (steps, 1))
    width = np.where(np.arange(steps) // 40 % 2 == 0, 0.08, 0.02)[:, None]
    return Demonstration(
        name,
        20.0,
        {
            "ee_pose": Channel(pose, "m", ChannelKind.POSE),
            "gripper_width": Channel(width, "m", ChannelKind.GRIPPER),
        },
    )


@pytest.fixture
def episodes(tmp_path, kinematic):
    for seed in range(3):
        save_episode(tmp_path / "set", kinematic(seed)[0])
    return tmp_path / "set"


@pytest.fixture
def hardly_learned(monkeypatch):
    """So little is learned from that most recordings are weighed by whoever works."""
    monkeypatch.setattr(stretches, "LEARNED_S", 10.0)


def cut(folder, out, config=DEFAULT, crew=None):
    return cut_sources(find_sources([folder]).sources, config, KeptResults(out), crew or Alone())


def pieces(found):
    return [piece for one in found.sources for piece in one.segments]


def test_cuts_are_the_same_held_at_once_or_read_one_by_one_alone_or_by_two(
    episodes, tmp_path, hardly_learned
):
    alone = cut(episodes, tmp_path / "one")
    with Processes(2) as crew:
        by_two = cut(episodes, tmp_path / "two", crew=crew)
    held = segment_in_detail(load_given([episodes]), DEFAULT)
    assert pieces(by_two) == pieces(alone) == held.segments and len(held.segments) > 6
    for one in by_two.sources:
        kept = one.detail().surprise[one.source.name]
        assert np.array_equal(kept.total, held.surprise[one.source.name].total)


@pytest.fixture
def learned(monkeypatch):
    """How often something is learned, by how many recordings."""
    done = []
    learn = weighing.learn_habits

    def counting(group, seed, track):
        done.append(len(group))
        return learn(group, seed, track)

    monkeypatch.setattr(weighing, "learn_habits", counting)
    return done


def test_another_fineness_needs_no_other_learning_but_another_recording_does(
    episodes, tmp_path, learned, kinematic
):
    usual = pieces(cut(episodes, tmp_path))
    finer = pieces(cut(episodes, tmp_path, SegmentConfig(finer=50.0)))
    assert learned == [3] and len(finer) > len(usual)
    assert pieces(cut(episodes, tmp_path)) == usual and learned == [3]
    save_episode(episodes, kinematic(9)[0])
    cut(episodes, tmp_path)
    assert learned == [3, 4]


def test_about_so_many_segments_are_found_on_average(episodes, tmp_path):
    found = pieces(cut(episodes, tmp_path, SegmentConfig(about=3)))
    assert 2.0 <= len(found) / 3 <= 3.5


def test_a_layout_in_which_nothing_moves_stops_no_other(episodes, tmp_path):
    folder = save_episode(episodes, still_hand("still"))
    found = cut(episodes, tmp_path)
    assert len(found.sources) == 3 and list(found.skipped) == [folder.name]
    assert "nothing moves in" in found.skipped[folder.name]
    held = segment_in_detail(load_given([episodes]), DEFAULT)
    assert [(s.start, s.stop) for s in held.of(folder.name)] == [(0, 160)]
    assert [note for note in held.notes if "left whole" in note and folder.name in note]
    with pytest.raises(InputError, match="nothing moves"):
        segment([still_hand("one"), still_hand("two")])


def test_recordings_too_short_to_learn_from_stay_whole(episodes, tmp_path, kinematic):
    long = kinematic(5)[0]
    channels = {
        name: Channel(c.values[:5], c.unit, c.kind, c.frame) for name, c in long.channels.items()
    }
    folder = save_episode(episodes, Demonstration("short", 20.0, channels))
    found = {one.source.name: one for one in cut(episodes, tmp_path).sources}
    assert [(s.start, s.stop) for s in found[folder.name].segments] == [(0, 5)]
    assert not found[folder.name].detail().surprise
    assert len(found) == 4


class Counted(Sequence):
    """Signals that are read anew each time; `most` is how many there ever were at once."""

    def __init__(self, every):
        self._every = every
        self._alive = weakref.WeakValueDictionary()
        self.most = 0

    def __len__(self):
        return len(self._every)

    def __getitem__(self, place):
        if isinstance(place, slice):
            return Counted(self._every[place])
        one = self._every[place].window(0, self._every[place].samples)
        self._alive[id(one)] = one
        self.most = max(self.most, len(self._alive))
        return one


def test_deciding_never_holds_the_signals_of_more_than_a_few_recordings(kinematic):
    signals = [replace(read_signals(kinematic(n)[0], DEFAULT), name=f"{n}") for n in range(8)]
    candidates = tuple(Candidate(k, 0.6, "change") for k in range(15, 120, 15))
    beliefs = [Belief(candidates, 0.5, 0.0)] * 8
    counted = Counted(signals)
    found = segment_believed(counted, beliefs, DEFAULT)
    assert found == segment_believed(signals, beliefs, DEFAULT) and len(found) == 8
    assert counted.most <= 3


def test_a_window_of_signals_does_not_hold_the_rest(kinematic):
    window = read_signals(kinematic(0)[0], DEFAULT).window(5, 25)
    assert window.samples == 20
    assert all(getattr(window, name).base is None for name in ("path", "velocity", "gripper"))
