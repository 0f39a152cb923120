"""Examples as tensors. All questions on an edit share one prefix and do not see each other."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

import numpy as np

from tools.demo_judge.edits import FLAWS, KINDS, NAMES
from tools.demo_judge.examples import CELL, Example
from tools.demo_judge.matching import matched_cells, matched_places
from tools.demo_judge.network import MERGE, PATCH, patches_of
from tools.demo_judge.prompts import Prompts

assert CELL == PATCH * MERGE


@dataclass
class Sequences:
    """B rows of L tokens, and the places in them that carry a loss.

    Attributes:
        tokens (B, L), positions (3, B, L), mask (B, 1, L, L): the network's inputs.
        images: number among the batch's images of each image in the rows, in order.
        marks (M, 4): row, column before an answer's first digit, the mark, and the column of its 1.
        ends (E, 2): row, and column after which the answer ends.
        edits (B, 2): first column of the edit's cells, and the column after them.
        requested (A, 5): row, column, requested operation, marks for success and for keeping the rest.
        source_column: first column of the source's cells, the same in all rows.
    """

    tokens: Any
    positions: Any
    mask: Any
    images: list[int]
    marks: Any
    ends: Any
    edits: Any
    requested: Any
    source_column: int


@dataclass
class Batch:
    """One update's examples. Its images are all the sources, then all the edits.

    Attributes:
        patches: (N, 768).
        grids: (I, 3) of images in rows and columns of patches.
        pairs: questions on the source and the edit.
        singles: questions on the edit alone.
        facts: what was done to each edit and where in the source each of its cells comes from, for the
            auxiliary heads.
    """

    patches: Any
    grids: Any
    pairs: Sequences
    singles: Sequences
    facts: dict[str, Any]


class _Row:
    """One row under construction: tokens, their positions, and the branches they belong to."""

    def __init__(self) -> None:
        self.tokens: list[int] = []
        self.positions: list[tuple[int, int, int]] = []
        self.branches: list[tuple[int, int, int]] = []
        self.next_position = 0

    def add(self, tokens: Sequence[int], branch: tuple[int, int, int] = (0, 0, 0)) -> int:
        """Append text; return the column of its last token."""
        for token in tokens:
            self.tokens.append(token)
            self.positions.append((self.next_position,) * 3)
            self.branches.append(branch)
            self.next_position += 1
        return len(self.tokens) - 1

    def add_image(self, token: int, rows: int, columns: int) -> int:
        """Append an image; return the column of its first cell."""
        first = len(self.tokens)
        for row in range(rows):
            for column in range(columns):
                self.tokens.append(token)
                self.positions.append(
                    (self.next_position, self.next_position + row, self.next_position + column)
                )
                self.branches.append((0, 0, 0))
        self.next_position += max(rows, columns)
        return first


class _SequenceBuilder:
    """Builds `Sequences` row by row."""

    def __init__(self, prompts: Prompts, grids: Sequence[tuple[int, int]], rng: Random) -> None:
        self.prompts, self.grids, self.rng = prompts, grids, rng
        self.rows: list[_Row] = []
        self.images: list[int] = []
        self.marks: list[tuple[int, int, int, int]] = []
        self.ends: list[tuple[int, int]] = []
        self.edits: list[tuple[int, int]] = []
        self.requested: list[tuple[int, int, int, int, int]] = []

    def start_row(self, before: Sequence[int], images: Sequence[int]) -> _Row:
        """Begin a row with the prompt before its questions, whose image tokens show these images."""
        row = _Row()
        remaining = iter(images)
        first = 0
        for token in before:
            if token == self.prompts.image:
                first = row.add_image(token, *self.grids[next(remaining)])
            else:
                row.add([token])
        self.rows.append(row)
        self.images += images
        self.edits.append((first, len(row.tokens) - 1))
        return row

    def ask(self, question: Sequence[int], branch: tuple[int, int], mark: int) -> None:
        """Append a question to the last row, then a 1, then a 0 after it or another digit in its place."""
        row, number = self.rows[-1], len(self.rows) - 1
        digits = self.prompts.digits
        last = row.add(question, (*branch, 0))
        answer_position = row.next_position
        one = row.add([digits[1]], (*branch, 1))
        self.marks.append((number, last, mark, one))
        if self.rng.random() < 0.5:
            self.ends.append((number, row.add([digits[0]], (*branch, 1))))
        else:
            row.next_position = answer_position
            digit = digits[self.rng.choice((0, 2, 3, 4, 5, 6, 7, 8, 9))]
            self.ends.append((number, row.add([digit], (*branch, 2))))

    def sequences(self) -> Sequences:
        """Return the rows as tensors, padded on the right."""
        import torch

        shape = (len(self.rows), max(len(row.tokens) for row in self.rows))
        tokens = np.full(shape, self.prompts.tokenizer.pad_token_id)
        positions = np.zeros((3, *shape), dtype=np.int64)
        branches = np.full((3, *shape), -1, dtype=np.int8)
        for number, row in enumerate(self.rows):
            tokens[number, : len(row.tokens)] = row.tokens
            positions[:, number, : len(row.tokens)] = np.array(row.positions).T
            branches[:, number, : len(row.tokens)] = np.array(row.branches).T
        visible = np.tril(np.ones((shape[1], shape[1]), dtype=bool))[None].repeat(shape[0], 0)
        for level in branches:
            # A token attends to tokens of all branches (0) and of its own branch.
            visible &= (level[:, None, :] == 0) | (level[:, None, :] == level[:, :, None])
        hidden = torch.from_numpy(~visible)
        mask = torch.zeros(visible.shape).masked_fill_(hidden, torch.finfo(torch.float32).min)
        return Sequences(
            torch.from_numpy(tokens),
            torch.from_numpy(positions),
            mask[:, None],
            self.images,
            torch.tensor(self.marks),
            torch.tensor(self.ends),
            torch.tensor(self.edits),
            torch.tensor(self.requested),
            self.rows[0].tokens.index(self.prompts.image),
        )


def make_batch(examples: Sequence[Example], prompts: Prompts, rng: Random) -> Batch:
    """Return examples as one batch; every second one also gets the questions on the edit alone."""
    import torch

    images = [np.asarray(example.source) for example in examples]
    images += [np.asarray(example.edit.image) for example in examples]
    grids = [(image.shape[0] // CELL, image.shape[1] // CELL) for image in images]
    return Batch(
        torch.cat([patches_of(image.copy()) for image in images]),
        torch.tensor([[1, rows * MERGE, columns * MERGE] for rows, columns in grids]),
        _pair_sequences(examples, _SequenceBuilder(prompts, grids, rng)),
        _single_sequences(examples, _SequenceBuilder(prompts, grids, rng)),
        _facts(examples),
    )


def _pair_sequences(examples: Sequence[Example], builder: _SequenceBuilder) -> Sequences:
    """Ask about every edit beside its source, with each of its instructions."""
    prompts = builder.prompts
    for number, example in enumerate(examples):
        before = prompts.pair(example.instructions[0].text).before
        row = builder.start_row(before, [number, number + len(examples)])
        prefix_end = row.next_position
        for branch, marked in enumerate(example.instructions, start=1):
            prompt = prompts.pair(marked.text)
            row.next_position = prefix_end
            column = row.add(prompt.lead, (branch, 0, 0))
            operation = NAMES.index(marked.operation)
            builder.requested.append((number, column, operation, marked.success, marked.kept))
            lead_end = row.next_position
            for metric, mark in enumerate((marked.success, marked.kept)):
                row.next_position = lead_end
                builder.ask(prompt.questions[metric], (branch, metric + 1), mark)
    return builder.sequences()


def _single_sequences(examples: Sequence[Example], builder: _SequenceBuilder) -> Sequences:
    """Ask about every second edit alone."""
    prompt = builder.prompts.single()
    for number in range(0, len(examples), 2):
        row = builder.start_row(prompt.before, [number + len(examples)])
        prefix_end = row.next_position
        for metric, mark in enumerate((examples[number].naturalness, examples[number].artefacts)):
            row.next_position = prefix_end
            builder.ask(prompt.questions[metric], (1, metric + 1), mark)
    return builder.sequences()


def _facts(examples: Sequence[Example]) -> dict[str, Any]:
    """Return the targets of the auxiliary heads, such as the applied operations (B, 20)."""
    import torch

    applied = torch.zeros(len(examples), len(NAMES))
    flaws = torch.zeros(len(examples), len(FLAWS))
    edits = [example.edit for example in examples]
    for number, edit in enumerate(edits):
        if edit.kind not in ("other_photo", "reversed"):
            for name in edit.applied:
                applied[number, NAMES.index(name)] = 1.0
        if edit.flaw:
            flaws[number, list(FLAWS).index(edit.flaw)] = edit.severity
    cells = [matched_cells(example.source, example.edit.image) for example in examples]
    colours, differences, roughness = (
        torch.from_numpy(np.concatenate(part)).float() for part in zip(*cells, strict=True)
    )
    sizes = [(example.source.size, example.edit.image.size) for example in examples]
    return {
        "applied": applied,
        "kinds": torch.tensor([KINDS.index(edit.kind) for edit in edits]),
        "flaws": flaws,
        "colours": colours,
        "differences": differences,
        "roughness": roughness,
        "places": [torch.from_numpy(matched_places(source, edit)) for source, edit in sizes],
    }
