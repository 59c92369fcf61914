"""A cluster of two nodes on this machine; skipped where Ray is not installed."""

import math
import operator
import os
import socket
import subprocess
from functools import partial
from pathlib import Path

import pytest

from robot_skills.core.errors import InputError
from robot_skills.segment.many import ray_cluster
from robot_skills.segment.many.crew import Alone, map_sources
from robot_skills.segment.many.ray_cluster import RayCluster, check_answers

ray = pytest.importorskip("ray")
MEMORY = 100_000_000  # bytes: the least Ray takes


@pytest.fixture(scope="module")
def address():
    from ray.cluster_utils import Cluster

    small = {"num_cpus": 1, "object_store_memory": MEMORY, "include_dashboard": False}
    cluster = Cluster(initialize_head=True, head_node_args=small)
    cluster.add_node(num_cpus=1, object_store_memory=MEMORY)
    yield cluster.address
    ray.shutdown()
    cluster.shutdown()


@pytest.fixture(scope="module")
def crew(address):
    with RayCluster(address) as crew:
        yield crew


def test_a_cluster_gives_what_one_process_gives(crew):
    numbers = [9.0, -1.0, 4.0, 0.25]
    assert map_sources(math.sqrt, numbers, crew) == map_sources(math.sqrt, numbers, Alone())


def test_both_nodes_work(crew):
    parent = "sleep 0.5; grep PPid /proc/$PPID/status"  # a task's parent belongs to its node
    found = map_sources(subprocess.getoutput, [parent] * 4, crew)
    assert len({one.value for one in found}) == 2


def test_a_task_that_dies_costs_only_its_own_item(crew):
    items = [partial(math.sqrt, 4.0), partial(os._exit, 3), partial(math.sqrt, 9.0)]
    found = map_sources(operator.call, items, crew)
    assert [one.value for one in found] == [2.0, None, 3.0]
    assert "lost on the cluster" in found[1].reason


def test_a_file_that_a_node_does_not_see_is_named(crew):
    class Item:
        files = (Path("/nowhere/demo.hdf5"),)

    with pytest.raises(InputError, match=r"does not see /nowhere/demo.hdf5; .* file system"):
        map_sources(str, [Item()], crew)


def test_an_address_where_nothing_answers_is_refused_at_once():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{unused.getsockname()[1]}"
        with pytest.raises(InputError, match=f"no Ray cluster answers at {address}"):
            check_answers(address)


def test_a_port_that_is_no_ray_is_refused_in_time(monkeypatch):
    monkeypatch.setattr(ray_cluster, "JOIN_S", 2.0)
    with socket.create_server(("127.0.0.1", 0)) as other:
        address = f"127.0.0.1:{other.getsockname()[1]}"
        with pytest.raises(InputError, match=f"no Ray cluster at {address}: it let nobody join"):
            check_answers(address)
