"""Samples as tensors: every question of a pair behind one prefix, each seeing the prefix and itself alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

import numpy as np

from tools.demo_judge.matching import matched_cells, matched_places
from tools.demo_judge.network import MERGE, PATCH, patches_of
from tools.demo_judge.prompts import Prompts
from tools.demo_judge.samples import CELL, Sample
from tools.demo_judge.wordings import NAMES

_Mark = tuple[int, int, int, int]
_End = tuple[int, int]


@dataclass
class Sequences:
    """Rows of tokens, and where in them something is to be learnt. B rows of L tokens.

    Attributes:
        tokens (B, L), positions (3, B, L), mask (B, 1, L, L): the network's inputs.
        images: for each image in the rows' order its number among the batch's images.
        marks (M, 4): row, column of an answer's first number, the mark, and the column of its 1.
        ends (E, 2): row, column behind which the answer ends.
        edits (B, 2): first column of the edit's cells, and the column behind them.
        sources: first column of the source's cells, the same in all rows.
        asked (A, 5): row, column, operation that was asked for, marks for success and for keeping the rest.
    """

    tokens: Any
    positions: Any
    mask: Any
    images: list[int]
    marks: Any
    ends: Any
    edits: Any
    asked: Any
    sources: int


@dataclass
class Batch:
    """What is learnt from at once. Images are the sources and then the edits.

    Attributes:
        patches: (N, 768), grids: (I, 3) of images in rows and columns of patches.
        pairs, singles: questions on the source and the edit, and on the edit alone.
        facts: what was done to each edit, and where in the source each of its cells comes from, for the
            heads that are thrown away.
    """

    patches: Any
    grids: Any
    pairs: Sequences
    singles: Sequences
    facts: dict[str, Any]


class _Row:
    """One row under construction: tokens, their positions, and which branches they belong to."""

    def __init__(self) -> None:
        self.tokens: list[int] = []
        self.places: list[tuple[int, int, int]] = []
        self.branches: list[tuple[int, int, int]] = []
        self.next = 0

    def add(self, tokens: Sequence[int], branch: tuple[int, int, int] = (0, 0, 0)) -> int:
        """Append text; return the column of its last token."""
        for token in tokens:
            self.tokens.append(token)
            self.places.append((self.next,) * 3)
            self.branches.append(branch)
            self.next += 1
        return len(self.tokens) - 1

    def add_image(self, token: int, rows: int, columns: int) -> int:
        """Append an image; return the column of its first cell."""
        first = len(self.tokens)
        for row in range(rows):
            for column in range(columns):
                self.tokens.append(token)
                self.places.append((self.next, self.next + row, self.next + column))
                self.branches.append((0, 0, 0))
        self.next += max(rows, columns)
        return first


def make_batch(samples: Sequence[Sample], prompts: Prompts, rng: Random) -> Batch:
    """Return samples as one batch; half of them are asked the questions on the edit alone, too."""
    import torch

    pairs = [(np.asarray(sample.source), np.asarray(sample.made.image)) for sample in samples]
    images = [source for source, _ in pairs] + [edit for _, edit in pairs]
    count = len(samples)
    grids = [(image.shape[0] // CELL, image.shape[1] // CELL) for image in images]
    alone = range(0, count, 2)
    return Batch(
        torch.cat([patches_of(image.copy()) for image in images]),
        torch.tensor([[1, rows * MERGE, columns * MERGE] for rows, columns in grids]),
        _pairs(samples, grids, prompts, rng),
        _singles(samples, grids, prompts, rng, alone),
        _facts(samples),
    )


def _pairs(
    samples: Sequence[Sample], grids: Sequence[tuple[int, int]], prompts: Prompts, rng: Random
) -> Sequences:
    rows, edits, asked, images = [], [], [], list[int]()
    marks, ends = list[_Mark](), list[_End]()
    for number, sample in enumerate(samples):
        row = _Row()
        first = _prefix(
            row, prompts, prompts.pair(sample.questions[0].text).before, grids, number, len(samples)
        )
        edits.append((first, len(row.tokens) - 1))
        images += [number, number + len(samples)]
        for branch, question in enumerate(sample.questions, start=1):
            prompt = prompts.pair(question.text)
            row.next = row.places[edits[-1][1]][0] + 1
            place = row.add(prompt.lead, (branch, 0, 0))
            asked.append((number, place, NAMES.index(question.asked), question.success, question.kept))
            behind = row.next
            for metric, mark in enumerate((question.success, question.kept)):
                row.next = behind
                tokens = prompt.questions[metric]
                _answer(row, tokens, (branch, metric + 1), mark, number, prompts, rng, marks, ends)
        rows.append(row)
    return _sequences(rows, images, marks, ends, edits, asked, prompts)


def _singles(
    samples: Sequence[Sample],
    grids: Sequence[tuple[int, int]],
    prompts: Prompts,
    rng: Random,
    numbers: Sequence[int],
) -> Sequences:
    rows, edits, images = [], [], list[int]()
    marks, ends = list[_Mark](), list[_End]()
    prompt = prompts.single()
    for place, number in enumerate(numbers):
        row = _Row()
        first = _prefix(row, prompts, prompt.before, grids, number + len(samples), 0)
        edits.append((first, len(row.tokens) - 1))
        images.append(number + len(samples))
        behind = row.next
        sample = samples[number]
        for metric, mark in enumerate((sample.naturalness, sample.artefacts)):
            row.next = behind
            tokens = prompt.questions[metric]
            _answer(row, tokens, (1, metric + 1), mark, place, prompts, rng, marks, ends)
        rows.append(row)
    return _sequences(rows, images, marks, ends, edits, [(0, 0, 0, 0, 0)], prompts)


def _prefix(
    row: _Row,
    prompts: Prompts,
    before: Sequence[int],
    grids: Sequence[tuple[int, int]],
    number: int,
    step: int,
) -> int:
    """Append what stands before the questions; return the first column of the last image."""
    first = 0
    for token in before:
        if token == prompts.image:
            first = row.add_image(token, *grids[number])
            number += step
        else:
            row.add([token])
    return first


def _answer(
    row: _Row,
    tokens: Sequence[int],
    branch: tuple[int, int],
    mark: int,
    number: int,
    prompts: Prompts,
    rng: Random,
    marks: list[_Mark],
    ends: list[_End],
) -> None:
    """Append a question and what may follow it: a 1, and behind that a 0, or another digit in its place."""
    asked = row.add(tokens, (*branch, 0))
    behind = row.next
    one = row.add([prompts.digits[1]], (*branch, 1))
    marks.append((number, asked, mark, one))
    if rng.random() < 0.5:
        ends.append((number, row.add([prompts.digits[0]], (*branch, 1))))
    else:
        row.next = behind
        digit = prompts.digits[rng.choice((0, 2, 3, 4, 5, 6, 7, 8, 9))]
        ends.append((number, row.add([digit], (*branch, 2))))


def _sequences(
    rows: Sequence[_Row],
    images: list[int],
    marks: Sequence[Any],
    ends: Sequence[Any],
    edits: Sequence[Any],
    asked: Sequence[Any],
    prompts: Prompts,
) -> Sequences:
    import torch

    length = max(len(row.tokens) for row in rows)
    tokens = np.full((len(rows), length), prompts.tokenizer.pad_token_id)
    places = np.zeros((3, len(rows), length), dtype=np.int64)
    branches = np.full((3, len(rows), length), -1, dtype=np.int8)
    for number, row in enumerate(rows):
        tokens[number, : len(row.tokens)] = row.tokens
        places[:, number, : len(row.tokens)] = np.array(row.places).T
        branches[:, number, : len(row.tokens)] = np.array(row.branches).T
    seen = np.tril(np.ones((length, length), dtype=bool))[None].repeat(len(rows), 0)
    for level in branches:
        # A token sees what belongs to all branches, and what belongs to its own.
        seen &= (level[:, None, :] == 0) | (level[:, None, :] == level[:, :, None])
    mask = torch.zeros(seen.shape).masked_fill_(torch.from_numpy(~seen), torch.finfo(torch.float32).min)
    return Sequences(
        torch.from_numpy(tokens),
        torch.from_numpy(places),
        mask[:, None],
        images,
        torch.tensor(marks),
        torch.tensor(ends),
        torch.tensor(edits),
        torch.tensor(asked),
        rows[0].tokens.index(prompts.image),
    )


def _facts(samples: Sequence[Sample]) -> dict[str, Any]:
    """What was done to each edit: the operations (B, 20), its kind and its flaw's severity."""
    import torch

    from tools.demo_judge.edits import FLAWS, KINDS

    applied = torch.zeros(len(samples), len(NAMES))
    flaws = torch.zeros(len(samples), len(FLAWS))
    for number, sample in enumerate(samples):
        if sample.made.kind not in ("other_photo", "reversed"):
            for name in sample.made.applied:
                applied[number, NAMES.index(name)] = 1.0
        if sample.made.flaw:
            flaws[number, list(FLAWS).index(sample.made.flaw)] = sample.made.severity
    cells = [matched_cells(sample.source, sample.made.image) for sample in samples]
    colours, differences, looks = (
        torch.from_numpy(np.concatenate(part)).float() for part in zip(*cells, strict=True)
    )
    kinds = torch.tensor([KINDS.index(sample.made.kind) for sample in samples])
    return {
        **{"applied": applied, "kinds": kinds, "flaws": flaws},
        **{"colours": colours, "differences": differences, "looks": looks},
        "places": [torch.from_numpy(matched_places(s.source.size, s.made.image.size)) for s in samples],
    }


assert CELL == PATCH * MERGE
