import json

from results_by_hand import ResultsByHand


def test_leaderboard_json_has_the_editors_best_first(tmp_path):
    hand = ResultsByHand(tmp_path / "bench")
    hand.add_scored("a", tiny=[8.0, None], blank=[9.0, 9.0])
    content = json.loads((hand.build() / "leaderboard.json").read_text(encoding="utf-8"))
    (judge,) = content["judges"]
    assert (content["benchmark"], judge["judge"], judge["headline"]) == ("bench", "vl", "macro")
    assert [entry["editor"] for entry in judge["editors"]] == ["blank", "tiny"]
    assert judge["editors"][1]["macro"]["coverage"] == 0.5
    assert judge["editors"][1]["categories"]["a"]["mean"] == 8.0
