"""Judges that think before they answer: does a chat template open a thinking block, and what closes it."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator

from snakedit.core.errors import ConfigError

NEW_TOKENS_TO_THINK = 2048

Thinking = Literal["on", "off"]

# By its shape, since families name it differently: <think>, <thought>, <seed:think>, <|begin_of_thought|>.
_OPEN = re.compile(r"<(?P<name>[\w:]*(?:think|thought|reason)\w*)>\s*\Z|<\|begin_of_(?P<begun>\w+)\|>\s*\Z")


def as_word(value: Any) -> Any:
    """Return what YAML makes of an unquoted `on` or `off`, true and false, as the word; all else as it is."""
    return ("on" if value else "off") if isinstance(value, bool) else value


# The type of a parameter `thinking`.
ThinkingOrUnset = Annotated[Thinking | None, BeforeValidator(as_word)]


def with_room_to_think(params: Mapping[str, Any], budget: str) -> dict[str, Any]:
    """Return a judge's params in which `budget`, in tokens, is larger by default if the judge thinks."""
    if params.get("thinking") in ("on", True):
        return {budget: NEW_TOKENS_TO_THINK, **params}
    return dict(params)


def template_options(thinking: Thinking | None) -> dict[str, Any]:
    """Return what a chat template is told; `enable_thinking` is what hybrid models' templates read."""
    return {} if thinking is None else {"enable_thinking": thinking == "on"}


def closing_tag(prompt: str) -> str:
    """Return what closes the thinking block that a prompt ends with, or nothing where it opens none."""
    match = _OPEN.search(prompt)
    if match is None:
        return ""
    return f"</{match['name']}>" if match["name"] else f"<|end_of_{match['begun']}|>"


def without_thinking(prompt: str) -> str:
    """Return a prompt in which the thinking block that it opens is closed, so that the answer comes next."""
    closing = closing_tag(prompt)
    # An empty block as Qwen's templates write it.
    return f"{prompt.rstrip()}\n\n{closing}\n\n" if closing else prompt


def check_thinking(prompt: str, thinking: Thinking | None, reading: str, model: str) -> None:
    """Refuse a thinking model that nobody said whether to let think, and a thought where none is read.

    Args:
        prompt: any, as the model's chat template ends it with `template_options`.
        reading: ``expected`` or ``generate``.
        model: for the message.

    Raises:
        ConfigError: saying what to set.
    """
    closing = closing_tag(prompt)
    if thinking is None and closing:
        raise ConfigError(
            f"its chat template opens a thinking block, which ends with {closing}",
            where=model,
            hint="set `thinking: off` among the judge's params for answers at once, "
            "or `thinking: on` with `reading: generate`",
        )
    if thinking == "on" and reading == "expected":
        raise ConfigError(
            "the probabilities of the first token are no answer of a model that thinks before it",
            where=f"{model}: thinking: on",
            allowed="`reading: generate`, or `thinking: off`",
        )
