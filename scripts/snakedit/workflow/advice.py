"""What a user should be told before a run though it is no error."""

import os
import sys
from typing import Any

from snakedit.config.load import Config, EditorConfig, JudgeConfig
from snakedit.core.errors import did_you_mean
from snakedit.editors import EDITORS
from snakedit.judges import JUDGES


def warn_of_missing_keys(config: Config) -> None:
    """Say early what would end a job late. It is no error: nothing may be left to ask the server."""
    entries: list[EditorConfig | JudgeConfig] = [*config.editors.values(), *config.judges.values()]
    for entry in entries:
        family: Any = (EDITORS if isinstance(entry, EditorConfig) else JUDGES)[entry.type]
        if family.model_kind != "endpoint":
            continue
        key = family.Params(**entry.params).api_key_env
        if key is not None and not os.environ.get(key):
            print(f"snakedit: warning: '{entry.name}' needs {key}, which is not set", file=sys.stderr)


def warn_of_unknown_categories(config: Config, known: frozenset[str]) -> None:
    """Say which prompts nothing is judged by. It is no error: one set may serve several benchmarks."""
    for name, judge in config.judges.items():
        for category in judge.prompts:
            if category not in known:
                print(
                    f"snakedit: warning: judges.{name}.prompts: no benchmark has a category '{category}'"
                    f"{did_you_mean(category, known)}",
                    file=sys.stderr,
                )
