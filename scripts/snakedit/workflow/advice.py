"""What a user should be told before a run though it is no error."""

import os
import sys

from snakedit.config.schema import Config
from snakedit.core.errors import did_you_mean
from snakedit.judges.chat import PICTURE_NAMES, counted_pictures
from snakedit.runtime.devices.absence import why_no_gpu
from snakedit.workflow.resolved import ResolvedEditor, ResolvedJudge, Run


def warn_of_missing_keys(run: Run) -> None:
    """Say early what would end a job late. It is no error: nothing may be left to ask the server."""
    models: list[ResolvedEditor | ResolvedJudge] = [*run.editors.values(), *run.judges.values()]
    for model in models:
        key = model.params.get("api_key_env") if model.asks_server else None
        if key is not None and not os.environ.get(key):
            print(f"snakedit: warning: '{model.name}' needs {key}, which is not set", file=sys.stderr)


def warn_of_params(run: Run) -> None:
    """Say which params an editor's family advises against."""
    for name, editor in run.editors.items():
        for text in editor.family.advice(editor.typed_params):
            print(f"snakedit: warning: editors.{name}.params: {text}", file=sys.stderr)


def warn_of_cpu(config: Config) -> None:
    """Say that models run on the CPU, and why, where the configuration leaves the device to the machine."""
    if config.run.devices.kind == "auto":
        print(f"snakedit: models run on the CPU: {why_no_gpu()}", file=sys.stderr)


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


def warn_of_counted_pictures(run: Run) -> None:
    """Say which questions count pictures. It is no error: they are right of items with one source."""
    for name, judge in run.judges.items():
        counted = counted_pictures(judge.to_rubric())
        if counted:
            place, words = next(iter(counted.items()))
            more = f" and {len(counted) - 1} more texts count" if len(counted) > 1 else " counts"
            print(
                f"snakedit: warning: the rubric of judges.{name}: {place}{more} pictures ('{words}'), which "
                f"is wrong of an item with several sources; their names: {', '.join(PICTURE_NAMES.values())}",
                file=sys.stderr,
            )
