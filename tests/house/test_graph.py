"""The lineage graph as a snapshot, and what every asset owes the people who look at it."""

import json
from pathlib import Path

import pytest

from pipelines.definitions import defs

SNAPSHOT = Path(__file__).parent / "lineage.json"


@pytest.fixture(scope="module")
def graph():
    return defs.resolve_asset_graph()


def test_the_lineage_is_the_one_that_was_agreed(graph):
    found = {
        key.to_user_string(): {
            "group": graph.get(key).group_name,
            "upstream": sorted(parent.to_user_string() for parent in graph.get(key).parent_keys),
            "checks": sorted(check.name for check in graph.asset_check_keys if check.asset_key == key),
        }
        for key in sorted(graph.get_all_asset_keys())
    }
    text = json.dumps(found, indent=2) + "\n"
    assert text == SNAPSHOT.read_text(), f"The graph changed. If it was meant to, write this to {SNAPSHOT}:\n{text}"


def test_every_asset_says_what_it_is_whose_it_is_and_whether_it_is_right(graph):
    for key in graph.get_all_asset_keys():
        node, name = graph.get(key), key.to_user_string()
        assert node.description, f"{name} has no docstring"
        assert node.group_name != "default", f"{name} has no group"
        assert node.kinds, f"{name} has no kinds"
        assert node.owners, f"{name} has no owner"
        if node.is_materializable:
            assert node.code_version, f"{name} has no code_version"
            whole = node.group_name == "adoption"  # a former deployment comes over in one pass, not upload by upload
            assert whole or node.partitions_def is not None, f"{name} has no partitions"
            assert [check for check in graph.asset_check_keys if check.asset_key == key], f"{name} has no check"


def test_what_nothing_here_makes_is_what_people_upload_and_what_searches_read(graph):
    assert {key.to_user_string() for key in graph.get_all_asset_keys() if not graph.get(key).is_materializable} == {
        "corrections",
        "documents",
        "lectures",
        "search_index",
    }


def test_the_graph_is_one(graph):
    keys = set(graph.get_all_asset_keys())
    found, todo = set(), [next(iter(keys))]
    while todo:
        key = todo.pop()
        if key not in found:
            found.add(key)
            todo += [*graph.get(key).parent_keys, *graph.get(key).child_keys]
    assert found == keys
