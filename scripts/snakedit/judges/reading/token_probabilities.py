"""The expected reading from the likeliest tokens that a server reports for each position.

Tokenizers differ: 10 is one token to some and two to others. Where it is two, the probability of 1 is
split between 1 and 10 only by what follows it, which a server reports for the chosen token alone. A split
that is not known is not guessed: that probability then counts as off the scale.
"""

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from snakedit.judges.reading.completions import has_ended, reply_text
from snakedit.judges.reading.expected import expected_yes, leading_digits, weighted_mean

Tokens = Mapping[str, float]
_NUMBER = re.compile(r"0|[1-9][0-9]?")
_DIGIT = re.compile(r"[0-9]")


def token_positions(choice: Mapping[str, Any]) -> list[dict[str, float]]:
    """Return token → probability for each position of a chat completion's choice, the chosen one first.

    It is empty if the server reported none. Of an answer that has ended, a server may report its first token
    alone; what came next is then known from its text: a digit, or the end, as the empty token.
    """
    logprobs = choice.get("logprobs")
    content = logprobs.get("content") if isinstance(logprobs, dict) else None
    positions = []
    for entry in content if isinstance(content, list) else []:
        tokens: dict[str, float] = {}
        for candidate in [entry, *(entry.get("top_logprobs") or [])] if isinstance(entry, dict) else []:
            token, logprob = candidate.get("token"), candidate.get("logprob")
            if isinstance(token, str) and isinstance(logprob, int | float) and logprob < 1e-6:
                # The chosen token is listed twice.
                tokens.setdefault(token, math.exp(min(0.0, logprob)))
        if not tokens:
            return []
        positions.append(tokens)
    if len(positions) == 1 and has_ended(choice):
        text, first = reply_text(choice), next(iter(positions[0])).strip()
        if first and text.startswith(first):
            positions.append({text[len(first) : len(first) + 1]: 1.0})
    return positions


def ambiguous_digits(positions: Sequence[Tokens], low: int, high: int) -> list[int]:
    """Return the digits that might begin a longer number on the scale, where it is not known how often."""
    first = positions[0]
    if any(len(_number(token)) == 2 for token in first):
        # A tokenizer that knows such numbers writes none of them in two tokens.
        return []
    likely = {_number(token) for token in first}
    known = _number(next(iter(first))) if len(positions) > 1 else ""
    return [digit for digit in leading_digits(low, high) if str(digit) in likely and str(digit) != known]


def expected_from_tokens(
    positions: Sequence[Tokens], followers: Mapping[int, Tokens], low: int, high: int
) -> tuple[float | None, float]:
    """Return the probability-weighted mean over a scale, and the probability mass on it.

    Args:
        positions: of the answer, at least one.
        followers: for a digit that is ambiguous, the tokens that come after it if it is written.
        low, high: ends of the scale, 0–99.
    """
    unknown = set(ambiguous_digits(positions, low, high)) - set(followers)
    first = positions[0]
    chosen = _number(next(iter(first)))
    if len(positions) > 1 and len(chosen) == 1 and int(chosen) in leading_digits(low, high):
        followers = {int(chosen): positions[1], **followers}
    weights: dict[int, float] = {}
    for token, probability in first.items():
        text = _number(token)
        if not text or int(text) in unknown:
            continue
        rest = probability
        for next_token, share in followers.get(int(text), {}).items():
            if len(text) == 1 and _DIGIT.fullmatch(next_token):
                number = 10 * int(text) + int(next_token)
                weights[number] = weights.get(number, 0.0) + probability * share
                rest -= probability * share
        weights[int(text)] = weights.get(int(text), 0.0) + max(0.0, rest)
    return weighted_mean(weights, low, high)


def expected_yes_from_tokens(first: Tokens) -> tuple[float | None, float]:
    """Return how likely yes is against no, 0–1, or None where neither is; and the mass on both."""
    mass = {"yes": 0.0, "no": 0.0}
    for token, probability in first.items():
        word = token.strip().lower()
        if word in mass:
            mass[word] += probability
    return expected_yes(mass["yes"], mass["no"])


def _number(token: str) -> str:
    """The number that a token spells, or an empty text."""
    text = token.strip()
    return text if _NUMBER.fullmatch(text) else ""
