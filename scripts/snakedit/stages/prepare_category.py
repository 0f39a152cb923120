"""Preparing a category: its rows as Items, each image decoded once into a PNG."""

import logging
from collections import Counter, deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

from snakedit import recipe as recipes
from snakedit.config.schema import BenchmarkConfig
from snakedit.core.errors import SnakeditError, SourceError
from snakedit.core.hashing import canonical, fingerprint
from snakedit.core.images import WrittenPng, remove_strangers
from snakedit.core.logs import LOGGER
from snakedit.core.names import safe_name
from snakedit.core.records import Excluded, Item, to_line, write_records
from snakedit.core.seals import write_sealed
from snakedit.recipe import changed_params
from snakedit.runtime.host.picture_process import PictureProcess
from snakedit.sources import open_source
from snakedit.sources.index import CategoryIndex, Digest
from snakedit.sources.rows import SourceRow
from snakedit.stages.stale import mark_stale

MAX_SHOWN = 300
# Rows of which the log tells, of each kind.
EXAMPLES = 3
# An item's text is in all its records, images and messages; without a bound one row could end its category.
MAX_CHARACTERS = 1_000_000
# Images that wait for the disk; each has a temporary file and no pixels in memory.
KEEPER_THREADS, MAX_PENDING = 16, 64


def prepare_category(benchmark: BenchmarkConfig, category: CategoryIndex, output: Path) -> None:
    """Write a category's `items.jsonl`, whole and last, with `images/` and `excluded.jsonl` beside it.

    A row without an id gets one from its number, a second row with the same id gets ``#2``, and a row that
    cannot be used is excluded. The log names the first few of each kind, and counts the others.

    Raises:
        SourceError: if no row can be used, or the source has changed since the index was made.
    """
    mark_stale(output.parents[2])
    folder = output.parent
    items: list[Item] = []
    excluded: list[Excluded] = []
    hashes: dict[str, str] = {}
    source = open_source(benchmark)
    ids, digest, log = UniqueIds(), Digest(), _FirstFew(benchmark.path)
    with _Keeper() as keeper, PictureProcess() as pictures:
        for row in source.rows(category.first):
            if row.number > category.last_row or len(items) + len(excluded) == benchmark.limit:
                break
            if row.category != category.name:
                continue
            digest.add(row)
            item_id = _id_of(row, ids, log)
            try:
                item, written = _item(row, item_id, folder, pictures)
            except SnakeditError as error:
                reason = _shown(str(error))
                log.warn("left out", row, f"({_shown(item_id)}) is left out: {reason}")
                excluded.append(Excluded(row=row.number, id=item_id[:MAX_SHOWN], error=reason))
                continue
            items.append(item)
            hashes |= {png.path.name: png.sha256 for png in written}
            keeper.keep(written)
    log.close()
    _check_unchanged(
        benchmark, category, len(items) + len(excluded), digest, folder.parents[1] / "index.json"
    )
    if not items:
        examples = "; ".join(f"row {row.row}: {row.error}" for row in excluded[:EXAMPLES])
        raise SourceError(
            f"none of the {len(excluded)} rows of the category '{category.name}' can be used ({examples})",
            where=benchmark.path,
        )
    remove_strangers(folder / "images", set(hashes))
    write_records(folder / "excluded.jsonl", excluded)
    recipe = recipes.prepare_recipe(benchmark, category.sha256, changed_params(source.params))
    lines = (to_line(item) + "\n" for item in items)
    write_sealed(output, lines, fingerprint(recipe), pictures=hashes, folder=folder / "images")
    level = logging.INFO if excluded else logging.DEBUG
    LOGGER.log(level, "prepare_category %s: %d items, %d left out", category.name, len(items), len(excluded))


def _check_unchanged(
    benchmark: BenchmarkConfig, category: CategoryIndex, rows: int, digest: Digest, index: Path
) -> None:
    """Refuse rows that are not those that the index was made from."""
    limited = rows < category.count and rows == benchmark.limit
    if not limited and digest.sha256() != category.sha256:
        raise SourceError(
            f"the category '{category.name}' has changed since the index was made",
            where=benchmark.path,
            # The index is still used if the source was replaced by a file of the same size and time.
            hint=f"delete {index} and run again",
        )


class UniqueIds:
    """Gives each row an id of its own."""

    def __init__(self) -> None:
        # id → the number of its last copy, so that many rows with one id take linear time.
        self._copies: dict[str, int] = {}

    def claim(self, wanted: str) -> str:
        """Return this id, or if it is taken the id with the first free ending of ``#2``, ``#3``, …"""
        item_id, copy = wanted, self._copies.get(wanted, 1)
        while item_id in self._copies:
            copy += 1
            item_id = f"{wanted}#{copy}"
        self._copies[wanted] = copy
        self._copies.setdefault(item_id, 1)
        return item_id


class _Keeper:
    """Finishes written images in several threads, so that they wait for the disk at the same time."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(KEEPER_THREADS)
        self._pending: deque[Future[None]] = deque()

    def keep(self, pngs: Iterable[WrittenPng]) -> None:
        """Finish these images in the background. Errors of earlier images are raised here or at the end."""
        self._pending += [self._threads.submit(png.keep) for png in pngs]
        while len(self._pending) > MAX_PENDING:
            self._pending.popleft().result()

    def __enter__(self) -> "_Keeper":
        return self

    def __exit__(self, *exc: object) -> None:
        self._threads.shutdown(wait=True)
        if exc[0] is None:
            for future in self._pending:
                future.result()


class _FirstFew:
    """Warns of the first rows of each kind, and in the end of how many more there were."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._counts: Counter[str] = Counter()

    def warn(self, kind: str, row: SourceRow, text: str) -> None:
        """Warn of a row. Its text has no control characters."""
        self._counts[kind] += 1
        if self._counts[kind] <= EXAMPLES:
            LOGGER.warning("%s: row %d %s", self._path, row.number, text)

    def close(self) -> None:
        """Say how many more rows of each kind there were."""
        for kind, count in self._counts.items():
            if count > EXAMPLES:
                LOGGER.warning("%s: in all %d rows: %s", self._path, count, kind)


def _id_of(row: SourceRow, ids: UniqueIds, log: _FirstFew) -> str:
    wanted = row.id
    if wanted is None:
        wanted = f"row-{row.number:06}"
        log.warn("no id", row, f"has no id and is called '{wanted}'")
    item_id = ids.claim(wanted)
    if item_id != wanted:
        shown = _shown(wanted)
        again = f"has the id '{shown}' again and is called '{shown}{item_id[len(wanted) :]}'"
        log.warn("an id again", row, again)
    return item_id


def _item(
    row: SourceRow, item_id: str, folder: Path, pictures: PictureProcess
) -> tuple[Item, list[WrittenPng]]:
    if row.error is not None:
        raise SourceError(row.error)
    if not row.fields["instruction"]:
        raise SourceError("the instruction is empty")
    if len(item_id) + len(canonical(row.fields)) > MAX_CHARACTERS:
        raise SourceError("more text than an item may hold", allowed=f"{MAX_CHARACTERS:,} characters")
    # No safe name ends in ~ and a word, so these names belong to no other item.
    name = safe_name(item_id)
    parts: list[tuple[str, Callable[[], bytes]]] = [
        (f"{name}.png" if place == 0 else f"{name}~{place + 1}.png", image)
        for place, image in enumerate(row.images)
    ]
    extras = {"reference": row.reference, "mask": row.mask}
    parts += [(f"{name}~{role}.png", image) for role, image in extras.items() if image is not None]
    written: list[WrittenPng] = []
    try:
        for file_name, image in parts:
            shown = getattr(image, "name", file_name)
            written.append(pictures.write(image(), shown, folder / "images" / file_name))
    except BaseException:
        # An excluded row leaves no image behind.
        for png in written:
            png.discard()
        raise
    hashes = {png.path.name: png.sha256 for png in written}
    sources = [file_name for file_name, _ in parts[: len(row.images)]]
    fields: dict[str, Any] = {
        **row.fields,
        **{role: f"images/{name}~{role}.png" for role, image in extras.items() if image is not None},
    }
    return (
        Item(
            id=item_id,
            category=row.category,
            images=[f"images/{file_name}" for file_name in sources],
            image_sha256s=[hashes[file_name] for file_name in sources],
            **fields,
        ),
        written,
    )


def _shown(text: str) -> str:
    """Return untrusted text for a line of the log: shortened, and without control characters."""
    shown = "".join(c if c.isprintable() else "�" for c in text[:MAX_SHOWN])
    return shown + ("…" if len(text) > MAX_SHOWN else "")
