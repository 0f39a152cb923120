"""Notices to read before the numbers: simulated parts, mixed versions, totals that cannot be compared."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from snakedit.config.load import DEMO_FOLDER, DEMO_JUDGE_NAME
from snakedit.config.schema import Config
from snakedit.report.data.how_made import RecordStats, ResultStats
from snakedit.report.data.leaderboard import LeaderboardRow, metric_table
from snakedit.report.data.numbers import SCORE
from snakedit.report.data.roles import simulated_editors, simulated_judges
from snakedit.report.data.verdicts.leads import partial_totals
from snakedit.workflow.resolved import Run


def demo_notices(config: Config) -> list[str]:
    """Return a notice for every judge, and every editor, that is one of the demo's models."""
    untrained = [judge.name for judge in config.judges.values() if _has_random_weights(judge.model)]
    trained = [judge.name for judge in config.judges.values() if _is_demo_judge(judge.model)]
    editors = [editor.name for editor in config.editors.values() if _has_random_weights(editor.model)]
    return [
        *(f"These scores mean nothing: the demo judge '{name}' has random weights." for name in untrained),
        *(
            f"'{name}' is a demo judge: it knows only the demo's operations, and no other score of it means "
            "anything."
            for name in trained
        ),
        *(f"The demo editor '{name}' has random weights, so it follows no instruction." for name in editors),
    ]


def _has_random_weights(model: str | None) -> bool:
    return model is not None and Path(model).parent == DEMO_FOLDER and not _is_demo_judge(model)


def _is_demo_judge(model: str | None) -> bool:
    """Whether a checkpoint is the demo's judge; a copy of it is known by its config.json."""
    if model is None:
        return False
    if Path(model) == DEMO_FOLDER / DEMO_JUDGE_NAME:
        return True
    try:
        content = json.loads((Path(model) / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(content, dict) and content.get("snakedit_demo_judge") is True


def simulation_notices(run: Run) -> list[str]:
    """Return a notice for every simulated part of the experiment."""
    notices = [
        f"Simulated judge: '{name}' looks at no image, so its scores mean nothing."
        for name in simulated_judges(run)
    ]
    notices += [
        f"Simulated editor: '{name}' follows no instruction, so its edits mean nothing."
        for name in simulated_editors(run)
    ]
    if run.config.run.devices.kind == "simulated":
        notices.append("Simulated devices: times and speeds in these results mean nothing.")
    return notices


def warnings(stats: ResultStats, rows: Sequence[LeaderboardRow], headline: Mapping[str, str]) -> list[str]:
    """Return the properties of the results that limit the conclusions from them."""
    sentences = [
        f"Left out of '{category}' at preparation, and not among its items: {count} that could not be read."
        for category, count in stats.excluded.items()
    ]
    sentences += [
        f"'{editor}' used the rows' own seeds unchanged for {count} edits (run.row_seeds: as_is). Where such "
        "a seed also made the source picture, the same noise ruins the edit."
        for editor, count in stats.own_seeds.items()
    ]
    for editor, records in stats.editors.items():
        sentences += _mixtures(f"the edits of '{editor}'", records)
    for judge, records in stats.judges.items():
        sentences += _mixtures(f"the scores of '{judge}'", records)
    for judge in stats.judges:
        sentences += partial_totals(judge, metric_table(rows, judge, SCORE, headline[judge]))
    return sentences


def _mixtures(subject: str, records: RecordStats) -> list[str]:
    mixed = records.mixtures()
    if not mixed:
        return []
    return [f"Mixed in {subject}: {'; '.join(mixed)}. They may differ for that reason alone."]
