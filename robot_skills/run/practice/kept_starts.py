"""What a practice starts from, kept so that nobody finds it twice.

starts.json   key, skill and figures; format 1
trials/       the starts themselves, as run.trials.trial_files writes them
"""

import json
from pathlib import Path

from robot_skills.core.errors import InputError
from robot_skills.run.practice.starts import Chosen
from robot_skills.run.trials.trial_files import load_trials, save_trials
from robot_skills.storage.atomic import new_folder

FORMAT = 1
STARTS_FILE, TRIALS = "starts.json", "trials"


def save_starts(folder: Path, key: str, chosen: Chosen) -> None:
    """Keep them in the place of earlier ones, whole or not at all; `key` says what they are of."""
    figures = {"uses": chosen.uses, "episode_s": chosen.episode_s, "trial_s": chosen.trial_s}
    document = {"format": FORMAT, "key": key, "skill": chosen.name, **figures}
    with new_folder(folder, replace=True) as partial:
        save_trials(partial / TRIALS, chosen.starts)
        (partial / STARTS_FILE).write_text(json.dumps(document, indent=1) + "\n")


def load_starts(folder: Path, key: str) -> Chosen | None:
    """What was kept under this `key`, or None; InputError where it is damaged."""
    if not (folder / STARTS_FILE).is_file():
        return None
    try:
        document = json.loads((folder / STARTS_FILE).read_text())
        if document["format"] != FORMAT or document["key"] != key:
            return None
        figures = (float(document[name]) for name in ("uses", "episode_s", "trial_s"))
        return Chosen(str(document["skill"]), tuple(load_trials(folder / TRIALS)), *figures)
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"{folder}: damaged ({error!r}); remove it") from None
