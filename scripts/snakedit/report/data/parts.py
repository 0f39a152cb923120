"""Parts of scores, such as VIEScore's SC and PQ, added to the records as they are read: none holds them."""

import dataclasses
from collections.abc import Mapping

from snakedit.judges.rubrics.rubric import Rubric
from snakedit.report.data.read import Category


def with_parts_of_scores(category: Category, rubrics: Mapping[str, Rubric]) -> Category:
    """Return a category whose scores have their parts among the values.

    Args:
        rubrics: judge → its rubric.
    """
    scores = {
        (judge, editor): {
            item: dataclasses.replace(score, values=rubrics[judge].with_parts(score.values))
            for item, score in records.items()
        }
        if rubrics[judge].parts
        else records
        for (judge, editor), records in category.scores.items()
    }
    return dataclasses.replace(category, scores=scores)
