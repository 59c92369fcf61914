from pathlib import Path

import pytest

from robot_skills.core.errors import InputError
from robot_skills.run.evaluate.promotion import LEAST, episodes_needed, evidence_for
from robot_skills.run.evaluate.result_files import Results, Row
from robot_skills.run.evaluate.statistics import wilson
from robot_skills.storage.library_standing import Standing

LIBRARY = {
    "folder": "runs/l",
    "task": "blocks",
    "arm": "ur5e",
    "sha256": "ab12",
    "by": "Ada",
    "date": "2030-01-01",
}


def results(successes, n, robot="simulation", sha256="ab12", first_seed=0, **settings):
    rows = tuple(
        Row("tower", True, first_seed + seed, seed < successes, "", 0, 0, 1.0, 20, {})
        for seed in range(n)
    )
    return Results(Path("r.json"), rows, {"robot": robot, "library_sha256": sha256, **settings})


def test_enough_successes_are_evidence():
    found = evidence_for(Standing.SIMULATION, [results(48, 50)], LIBRARY, 0.8)
    rate = wilson(48, 50)
    assert (found.value, found.low, found.high, found.n) == (0.96, rate.low, rate.high, 50)
    own = [results(48, 50, env="envs/blocks", arm="ur5e")]
    assert evidence_for(Standing.SIMULATION, own, LIBRARY, 0.8) == found
    assert (found.tasks, len(found.seeds), found.by) == (("tower",), 50, "Ada")


def test_files_count_together():
    files = [results(1, 1, "twin ur5e, gap 1", first_seed=seed) for seed in range(4)]
    least = LEAST[Standing.HARDWARE]
    assert evidence_for(Standing.HARDWARE, files, LIBRARY, least).n == 4
    with pytest.raises(InputError, match="at this rate 4 episodes would do"):
        evidence_for(Standing.HARDWARE, files[:3], LIBRARY, least)


@pytest.mark.parametrize(
    ("step", "files", "message"),
    [
        (Standing.SIMULATION, [results(40, 50)], "its lower end must reach 80.0%: more episodes"),
        (Standing.SIMULATION, [results(45, 50)], "at this rate .* episodes would do"),
        (Standing.SIMULATION, [results(50, 50, sha256="cd")], "made with another library"),
        (Standing.SIMULATION, [results(50, 50, sha256="")], "not told; this is ab12"),
        (Standing.SIMULATION, [results(50, 50, robot="twin ur5e")], "results on the simulation"),
        (Standing.SIMULATION, [results(50, 50, env="easy")], "is of env easy; the library is for"),
        (Standing.SIMULATION, [results(50, 50, arm="panda")], "is of arm panda"),
        (Standing.HARDWARE, [results(50, 50)], "results on the twin; these are on simulation"),
        (Standing.SIMULATION, [results(50, 50)] * 2, "tower with seed 0 is in two"),
    ],
)
def test_what_is_no_evidence_is_refused_with_the_reason(step, files, message):
    with pytest.raises(InputError, match=message):
        evidence_for(step, files, LIBRARY, 0.8)


@pytest.mark.parametrize("least", [0.0, 1.1, -1.0])
def test_an_impossible_threshold_is_refused(least):
    with pytest.raises(InputError, match="--least must be above 0"):
        evidence_for(Standing.SIMULATION, [results(50, 50)], LIBRARY, least)


def test_episodes_needed_are_as_few_as_can_be():
    needed = episodes_needed(1.0, 0.8)
    assert wilson(needed, needed).low >= 0.8 > wilson(needed - 1, needed - 1).low
    assert episodes_needed(0.7, 0.8) is None
