import pytest

from robot_skills import cli, paths
from robot_skills.cli.verb import config_flags, verb_class

SHIPPED = sorted(paths.data_folder("configs").glob("*/*.toml"))


@pytest.mark.parametrize("file", SHIPPED, ids=lambda file: f"{file.parent.name}/{file.stem}")
def test_every_shipped_configuration_fits_its_verb(file):
    verb = file.parent.name
    assert verb in cli.VERBS
    assert config_flags(verb_class(verb), file)
