"""Tests that run a twin in real time are one group: of them no two run beside each other."""

from pathlib import Path

import pytest

HERE = Path(__file__).parent
WITH_TWINS = (
    "deploy",
    "cli/test_cli_arm_target.py",
    "cli/test_cli_deploy.py",
    "cli/test_cli_first_day.py",
    "test_docs.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark them for `pytest -n 2 --dist loadgroup`."""
    for item in items:
        place = item.path.relative_to(HERE).as_posix() if HERE in item.path.parents else ""
        if place.startswith(WITH_TWINS):
            item.add_marker(pytest.mark.xdist_group("twins"))
