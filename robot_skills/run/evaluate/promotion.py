"""What a library must have shown before it may go one step further."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path

from robot_skills.core.errors import InputError
from robot_skills.run.evaluate.result_files import Results
from robot_skills.run.evaluate.statistics import Rate, wilson
from robot_skills.storage.library_standing import Evidence, Standing

LEAST = {Standing.SIMULATION: 0.8, Standing.HARDWARE: 0.5}
MOST_EPISODES = 100_000
_ROBOTS = {
    Standing.SIMULATION: ("simulation", "robot-skills run --library {library} --out FILE"),
    Standing.HARDWARE: ("twin", "robot-skills deploy --library {library} --twin ARM --out FILE"),
}


def evidence_for(
    step: Standing, results: Sequence[Results], library: Mapping[str, str], least: float
) -> Evidence:
    """Evidence for one step of promotion from results files, taken together.

    `library` gives its folder, task, arm and sha256, who promotes (`by`) and the `date`. The lower
    end of the success's 95 % interval (Wilson) must reach `least`. Raises InputError where it does
    not, and for results of another library, robot, environment or arm, or with an episode twice.
    """
    if not 0 < least <= 1:
        raise InputError(f"--least must be above 0 and at most 1; found {least}")
    for one in results:
        _check_origin(step, one, library)
    rows = [row for one in results for row in one.rows]
    cases = sorted(row.case for row in rows)
    for first, second in pairwise(cases):
        if first == second:
            raise InputError(f"task {first[0]} with seed {first[1]} is in two of the results files")
    rate = wilson(sum(row.success for row in rows), len(rows))
    if rate.low < least:
        raise InputError(_too_little(rate, least))
    return Evidence(
        value=rate.value,
        low=rate.low,
        high=rate.high,
        n=rate.n,
        least=least,
        robot=results[0].robot,
        tasks=tuple(sorted({row.task for row in rows})),
        seeds=tuple(sorted({row.seed for row in rows})),
        by=library["by"],
        date=library["date"],
        files={},
    )


def _check_origin(step: Standing, one: Results, library: Mapping[str, str]) -> None:
    robot, command = _ROBOTS[step]
    hint = f"make them with {command.format(library=library['folder'])}"
    if one.robot.split(" ")[0] != robot:
        raise InputError(
            f"{one.file}: to be {step.meaning} takes results on the {robot}; these are on "
            f"{one.robot or 'something that the file does not tell'}; {hint}"
        )
    for key, own in (("env", library["task"]), ("arm", library["arm"])):
        given = str(one.settings.get(key, ""))
        if given and Path(given).name != Path(own).name:
            raise InputError(f"{one.file} is of {key} {given}; the library is for {own}; {hint}")
    if one.library_sha256 != library["sha256"]:
        version = one.settings.get("library_version", "unknown")
        raise InputError(
            f"{one.file} was made with another library, or before it changed (version {version}, "
            f"sha256 {one.library_sha256[:12] or 'not told'}; this is "
            f"{library['sha256'][:12]}); {hint}"
        )


def _too_little(rate: Rate, least: float) -> str:
    found = (
        f"{rate.value:.1%} of {rate.n} episodes succeeded, 95 % interval {rate.low:.1%} to "
        f"{rate.high:.1%}; its lower end must reach {least:.1%}"
    )
    enough = episodes_needed(rate.value, least)
    if enough is None:
        return f"{found}: more episodes alone will not do"
    return f"{found}: at this rate {enough} episodes would do"


def episodes_needed(share: float, least: float) -> int | None:
    """Fewest episodes at which a share of successes has `least` as the lower end, or None."""
    low, high = 1, MOST_EPISODES

    def enough(n: int) -> bool:
        return wilson(int(share * n), n).low >= least

    if not enough(high):
        return None
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle + 1, high)
    return low
