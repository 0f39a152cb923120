"""The designs of older scripts, computed from declared costs: one by one, and in two stages."""

from collections.abc import Mapping, Sequence

from snakedit.speed.forecast.costs import ModelCost
from snakedit.speed.forecast.schedule import ModelWork


def declared_work(
    categories: Mapping[str, int],
    batch: int,
    edit: tuple[float, float],
    judge: tuple[float, Mapping[int, float]],
) -> list[ModelWork]:
    """Return the work of one editor and one judge by their declared costs.

    Args:
        categories: category → number of items.
        batch: size of the judge's batches.
        edit: seconds to load the editor, and of an edit.
        judge: seconds to load the judge, and of a batch by its size.
    """
    load, seconds = edit
    return [
        ModelWork("edit", ModelCost(load, 0.0, {1: seconds}), categories),
        ModelWork("score", ModelCost(judge[0], 0.0, dict(judge[1])), categories, batch),
    ]


def one_by_one(work: Sequence[ModelWork]) -> float:
    """Return the seconds of the serial design: each item loads and uses each model on one device."""
    return sum(
        count * (model.cost.load + model.cost.batch_seconds(1))
        for model in work
        for count in model.jobs.values()
    )


def fixed_shares(work: Sequence[ModelWork], devices: int, whole: bool = False) -> float:
    """Return the seconds of the two-stage design.

    Each category loads the editor on all devices, shares its items out, waits for all, then loads the judge
    on one device and judges in batches.

    Args:
        whole: count whole rounds and whole batches, as they run. The older scripts counted fractions.
    """
    wall = 0.0
    for model in work:
        places = devices if model.stage == "edit" else 1
        for count in model.jobs.values():
            tasks = count / model.batch
            rounds = -(-count // (model.batch * places)) if whole else tasks / places
            wall += model.cost.load + rounds * model.cost.batch_seconds(model.batch)
    return wall
