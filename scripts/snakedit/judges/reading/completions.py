"""What a chat completion says: its text, how it ended, and whether it was refused.

Servers with OpenAI's protocol differ here: ``content`` may be a list of parts, some of them reasoning, and
the reason to finish may be OpenAI's word or the one of the provider behind a proxy.
"""

from collections.abc import Mapping
from typing import Any

from snakedit.runtime.servers.errors import is_filters_word

_ENDED = {"stop", "end_turn", "eos", "eos_token", "stop_sequence"}
_CUT = {
    "length",
    "max_tokens",
    "max_new_tokens",
    "max_output_tokens",
    "model_length",
    "model_context_window_exceeded",
}
# Parts without a type are taken for text if they hold one.
_PARTS_OF_TEXT = {None, "text", "output_text"}
_FILTERED = "its answer was taken by the content filter"


def reply_text(choice: Mapping[str, Any]) -> str:
    """Return the text of a choice's message, without its reasoning where that is a part of its own."""
    message = choice.get("message")
    content = message.get("content") if isinstance(message, Mapping) else None
    parts = content if isinstance(content, list) else [content]
    return "".join(_text_of(part) for part in parts).strip()


def has_ended(choice: Mapping[str, Any]) -> bool:
    """Whether the model ended its answer by itself."""
    return _finish(choice) in _ENDED


def was_cut(choice: Mapping[str, Any]) -> bool:
    """Whether the answer ended because its budget was spent."""
    return _finish(choice) in _CUT


def refusal_in(answer: Mapping[str, Any]) -> str | None:
    """Return what a refusal says, of the model or of a content filter, or None where there is none."""
    choices = answer.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices else None
    if not isinstance(choice, Mapping):
        # Google's servers, and Azure's where all of a prompt is filtered, give no choice then.
        feedback = answer.get("promptFeedback") or answer.get("prompt_feedback")
        feedback = feedback if isinstance(feedback, Mapping) else {}
        reason = feedback.get("blockReason") or feedback.get("block_reason")
        if reason:
            return f"the prompt was blocked ({reason})"[:200]
        return "the prompt was filtered" if _is_filtered(answer.get("prompt_filter_results")) else None
    message = choice.get("message")
    message = message if isinstance(message, Mapping) else {}
    said = message.get("refusal")
    content = message.get("content")
    for part in content if isinstance(content, list) else []:
        if isinstance(part, Mapping) and part.get("type") == "refusal":
            said = said or part.get("refusal") or _FILTERED
    if said:
        return str(said)
    if is_filters_word(choice.get("finish_reason")):
        return _FILTERED
    if not reply_text(choice) and is_filters_word(choice.get("native_finish_reason")):
        return _FILTERED
    return None


def _text_of(part: Any) -> str:
    if isinstance(part, str):
        return part
    if not isinstance(part, Mapping) or part.get("type") not in _PARTS_OF_TEXT:
        return ""
    text = part.get("text")
    if isinstance(text, Mapping):
        text = text.get("value")
    return text if isinstance(text, str) else ""


def _finish(choice: Mapping[str, Any]) -> str:
    reason = choice.get("finish_reason")
    return reason.lower() if isinstance(reason, str) else ""


def _is_filtered(results: Any, depth: int = 0) -> bool:
    """Whether any of Azure's filters says that it took something."""
    if depth > 4:
        return False
    if isinstance(results, Mapping):
        return results.get("filtered") is True or any(_is_filtered(v, depth + 1) for v in results.values())
    return isinstance(results, list) and any(_is_filtered(part, depth + 1) for part in results)
