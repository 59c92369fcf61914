"""How the tests are shared out among processes."""

import pytest
from _pytest import nodes


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Tests of a module go to one process, so that what they share is made once."""
    for item in items:
        if item.get_closest_marker("xdist_group") is None:
            item.add_marker(pytest.mark.xdist_group(item.path.stem))
        if config.getoption("loadgroup", False):
            _name_group(item)


def _name_group(item: pytest.Item) -> None:
    """Put an item's group into its id, where the scheduler looks for it.

    pytest-xdist 3.8 does so in a field that pytest reads no more from 9.2 on, and every test would
    go anywhere (https://github.com/pytest-dev/pytest-xdist/issues/1386).
    """
    if hasattr(nodes, "coerce_node_id"):
        group = item.get_closest_marker("xdist_group").args[0]
        item._id = nodes.coerce_node_id(f"{item.nodeid}@{group}")
