"""What stands in the report's files: the names and meanings of their columns, as its page tells them."""

from dataclasses import dataclass

_OF_A_MEAN = {
    "n": "items, with and without a score",
    "scored": "items with a score",
    "coverage": "scored / n",
    "mean": "of the scores there are; empty if there is none",
    "ci_low, ci_high": "95 % interval of the mean, clustered by source image: bootstrapped for up to 500 "
    "of them, else by Student's t; empty for fewer than five, or fewer than two in a category of "
    "a macro mean",
    "rank, rank_low, rank_high": "place among the editors by this total, and its 95 % interval",
    "mean_if_missing_lowest, mean_if_missing_highest": "the mean if every missing score were the lowest, the "
    "highest of its scale",
}


@dataclass(frozen=True)
class File:
    """One file of the report; `columns` has names, several separated by commas, and their meanings."""

    name: str
    about: str
    columns: dict[str, str]


FILES = (
    File(
        "leaderboard.csv",
        "Every mean. Also as .json (by judge and editor), .md, and .tex (needs booktabs).",
        {
            "benchmark, judge, editor": "names in the configuration",
            "level": "category, macro (mean of the categories' means) or micro (mean of all items)",
            "category": "empty in a total",
            "metric": "a metric of the rubric, or score for the item's score by the rubric's formula",
            **_OF_A_MEAN,
        },
    ),
    File(
        "comparisons.csv",
        "Every two editors by each judge and total, on the items that both have a score for.",
        {
            "benchmark, judge, editor, against": "names in the configuration",
            "metric": "score",
            "level": "macro or micro",
            "n": "items that both have",
            "wins, ties, losses": "items on which editor has the higher, the same, the lower score",
            "difference": "total of editor less that of against, over these items",
            "ci_low, ci_high": "its 95 % interval, made as that of a mean",
            "p": "two-sided, by flipping the signs of the differences, one source image at a time",
            "p_holm": "corrected for all pairs of this judge and level",
        },
    ),
    File(
        "scores.csv",
        "Every value a judge gave, one a row. The same as scores.parquet, which has all texts as they are.",
        {
            "benchmark, judge, editor, category, item": "what was judged, and by whom",
            "source": "first 16 digits of the first source image's sha256; equal for items that share it",
            "metric": "a metric of the rubric that is asked of the item, or score",
            "value": "empty where missing",
            "spread": "standard deviation over samples; empty for a single one",
            "status": "of the judge's answer: ok, unparsed, refused, failed, no_edit, missing",
        },
    ),
    File(
        "judges.csv",
        "What each judge was held against: controls, and people's ratings where there are any. "
        "config/README.md explains its columns.",
        {},
    ),
    File(
        "failures.csv",
        "Every item without an edit or a score, once, where the cause lies.",
        {
            "benchmark, editor, judge, category, item": "editor, judge: empty where the cause lies earlier",
            "stage": "prepare, edit or score",
            "status": "excluded, failed, unparsed, refused or missing",
            "error": "what was said",
        },
    ),
    File(
        "provenance.json",
        "Versions, models with their revisions and weight hashes, rubric hashes, the configuration, the "
        "hardware, and the state of the checkout.",
        {},
    ),
)
