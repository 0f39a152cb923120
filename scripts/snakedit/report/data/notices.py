"""What a reader must know before the numbers: simulated parts, mixed versions, totals that do not compare."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from snakedit.config.load import DEMO_FOLDER, DEMO_JUDGE_NAME, Config
from snakedit.report.data.how_made import Made, Making
from snakedit.report.data.leaderboard import Row, standings
from snakedit.report.data.numbers import SCORE

SIMULATED = "simulated"


def demo_notices(config: Config) -> list[str]:
    """Return a notice for every judge, and every editor, that is one of the demo's models."""
    judges = [judge.name for judge in config.judges.values() if _has_random_weights(judge.model)]
    trained = [judge.name for judge in config.judges.values() if _is_demo_judge(judge.model)]
    editors = [editor.name for editor in config.editors.values() if _has_random_weights(editor.model)]
    return [
        *(f"These scores mean nothing: the demo judge '{name}' has random weights." for name in judges),
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
    """Its checkpoint says so of itself, wherever it was copied to."""
    if model is None:
        return False
    if Path(model) == DEMO_FOLDER / DEMO_JUDGE_NAME:
        return True
    try:
        content = json.loads((Path(model) / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(content, dict) and content.get("snakedit_demo_judge") is True


def simulation_notices(config: Config) -> list[str]:
    """Return a notice for every part of the experiment that only pretends to work."""
    notices = [
        f"Simulated judge: '{judge.name}' looks at no image, so its scores mean nothing."
        for judge in config.judges.values()
        if judge.type == SIMULATED
    ]
    notices += [
        f"Simulated editor: '{editor.name}' follows no instruction, so its edits mean nothing."
        for editor in config.editors.values()
        if editor.type == SIMULATED
    ]
    if config.run.devices.kind == SIMULATED:
        notices.append("Simulated devices: times and speeds in these results mean nothing.")
    return notices


def warnings(making: Making, rows: Sequence[Row], headline: Mapping[str, str]) -> list[str]:
    """Return what in the results themselves limits what may be concluded from them."""
    found = [
        f"Left out of '{category}' at preparation, and not among its items: {count} that could not be read."
        for category, count in making.excluded.items()
    ]
    for editor, made in making.editors.items():
        found += _mixtures(f"the edits of '{editor}'", made)
    for judge, made in making.judges.items():
        found += _mixtures(f"the scores of '{judge}'", made)
    for judge in making.judges:
        for standing in standings(rows, judge, SCORE, headline[judge]):
            means, categories = standing.categories_with_mean, len(standing.categories)
            if means < categories:
                found.append(
                    f"The macro total of '{standing.editor}' by '{judge}' is taken over {means} of "
                    f"{categories} categories, as the others have no score: do not compare it with a total "
                    "over all of them."
                )
    return found


def _mixtures(subject: str, made: Made) -> list[str]:
    mixed = made.mixtures()
    if not mixed:
        return []
    return [f"Mixed in {subject}: {'; '.join(mixed)}. They may differ for that reason alone."]
