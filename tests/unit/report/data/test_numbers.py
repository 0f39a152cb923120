"""Clusters: items that share a source image, however indirectly."""

from dataclasses import replace

import pytest
from results_by_hand import ResultsByHand, item


@pytest.fixture
def hand(tmp_path):
    return ResultsByHand(tmp_path / "results" / "bench")


@pytest.mark.parametrize(
    ("images", "clusters"),
    [
        ([["x"], ["y"], ["z"]], 3),
        ([["x"], ["x"], ["y"]], 2),
        ([["x", "y"], ["y", "z"], ["z"]], 1),
    ],
)
def test_items_that_share_a_source_image_are_one_cluster_in_whatever_category(hand, images, clusters):
    for place, category in enumerate(("a", "b", "c")):
        only = item(category, category)
        hand.add(category, [replace(only, image_sha256s=images[place])], {}, {})
    sample = hand.numbers().sample("vl", "tiny", "score")
    assert len(set(sample.clusters.tolist())) == clusters


def test_an_item_that_goes_on_from_anothers_edit_is_in_its_cluster(hand):
    first = replace(item("1", "c"), image_sha256s=["x"])
    second = replace(item("2", "c"), image_sha256s=["y"], previous="1")
    hand.add("c", [first, second], {}, {})
    assert len(set(hand.numbers().sample("vl", "tiny", "score").clusters.tolist())) == 1
