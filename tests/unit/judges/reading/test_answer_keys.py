import pytest

from snakedit.judges.reading.answer_keys import key_rank, rank_within, scale_top


@pytest.mark.parametrize(
    ("key", "rank"),
    [
        *(("score", 3), ("finalScore", 3), ("Final Answer", 3), ("score1", 3), ("评分", 3), ("最终得分", 3)),
        *(("visual_consistency", 2), ("Visual consistency score", 2), ("quality_score", 1)),
        *(("max_score", 0), ("source score", 0), ("overall", 1), ("reason", 0), ("score_reason", 0), ("", 0)),
    ],
)
def test_keys_are_ranked(key, rank):
    assert key_rank(key, "visual_consistency") == rank


@pytest.mark.parametrize(
    ("key", "rank"),
    [
        *(("score", 3), ("visual_consistency", 3), ("finalEvaluation", 3), ("edited image", 3)),
        *(("quality", 1), ("step 1", 1), ("quality_score", 1), ("source", 0), ("reference image", 0)),
    ],
)
def test_an_object_about_something_else_names_no_answer_freely(key, rank):
    assert rank_within(key, "visual_consistency") == rank


@pytest.mark.parametrize(
    ("key", "text", "top"),
    [
        *(("max_score", "5", 5), ("outOf", "5.0", 5), ("scale", "1-5", 5), ("scale", "0 to 10", 10)),
        *(("scale", "large", None), ("score", "5", None), ("total", "5", None)),
    ],
)
def test_the_top_of_a_scale_beside_an_answer(key, text, top):
    assert scale_top(key, text) == top
