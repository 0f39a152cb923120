"""What a judge is asked, here or at a server: each picture behind its own name, then the question."""

import re
from collections.abc import Sequence
from typing import Any

from PIL import Image

from snakedit.core.records import Item
from snakedit.judges.judge import JudgeRequest
from snakedit.judges.rubrics.rubric import Metric, Rubric
from snakedit.models.special_tokens import safe_text

PICTURE_NAMES = {"source": "Source", "edit": "Edited picture", "reference": "Reference", "mask": "Mask"}

_COUNTED = re.compile(
    r"\b(?:first|second|third|fourth|last|1st|2nd|3rd|4th)\s+(?:\w+\s+)?(?:picture|image|photo)s?\b"
    r"|\b(?:picture|image|photo)s?\s+(?:[1-9]|(?-i:[A-D]))\b(?!\s*(?:to\b|[-–]))"
    r"|第\s*[一二三四1-4]\s*[张幅]|(?<![意试企])图(?:片|像)?\s*[一二三四1-4]",
    re.IGNORECASE,
)

Messages = list[dict[str, Any]]


def shown_pictures(request: JudgeRequest, shows: Sequence[str]) -> list[tuple[str, Image.Image]]:
    """Return the pictures that a metric shows, each with its name, in the metric's order.

    Pictures of one kind are counted where there are several: ``Source 2 of 3``.

    Raises:
        ValueError: if it shows a reference or a mask and the request has none.
    """
    pictures: dict[str, Sequence[Image.Image | None]] = {
        "source": request.sources,
        "edit": [request.edit],
        "reference": [request.reference],
        "mask": [request.mask],
    }
    shown = []
    for kind in shows:
        count = len(pictures[kind])
        for number, picture in enumerate(pictures[kind], start=1):
            if picture is None:
                raise ValueError(f"the rubric shows {', '.join(shows)}, and the {kind} was not handed over")
            shown.append((PICTURE_NAMES[kind] + (f" {number} of {count}" if count > 1 else ""), picture))
    return shown


def chat_messages(
    rubric: Rubric, metric: Metric, item: Item, pictures: Sequence[tuple[str, dict[str, Any]]]
) -> Messages:
    """Return the chat that puts a question: the system prompt, the pictures with their names, the question.

    What the questions on the same pictures share stands at the beginning, so that it is computed once.

    Args:
        pictures: the name of each picture, and the part of the message that holds it.
    """
    content: list[dict[str, Any]] = []
    for name, part in pictures:
        content += [{"type": "text", "text": f"{name}: "}, part]
    content.append({"type": "text", "text": safe_text(rubric.question(metric, item))})
    system = rubric.system_prompt(item)
    before = [{"role": "system", "content": safe_text(system)}] if system else []
    return [*before, {"role": "user", "content": content}]


def counted_pictures(rubric: Rubric) -> dict[str, str]:
    """Return where a rubric counts pictures ("the second picture") and the words with which it does.

    Such words are wrong of an item with several sources: its names tell the pictures apart.

    Returns:
        The place, such as ``metrics.grade.question``, and its first such words.
    """
    texts = {"system": rubric.system}
    for metric in rubric.metrics:
        texts[f"metrics.{metric.name}.question"] = metric.question
        texts |= {f"metrics.{metric.name}.questions.{name}": text for name, text in metric.questions.items()}
    for category, prompts in rubric.prompts.items():
        texts |= {f"prompts.{category}.{key}": text for key, text in prompts.items()}
    found = {place: _COUNTED.search(text or "") for place, text in texts.items()}
    return {place: match[0] for place, match in found.items() if match}
