"""Preparing a category: its rows as Items, each image decoded once into a PNG."""

from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

from snakedit.config.load import BenchmarkConfig
from snakedit.core.errors import SnakeditError, SourceError
from snakedit.core.hashing import canonical
from snakedit.core.images import WrittenPng, decode_image, remove_strangers, write_png
from snakedit.core.logs import LOGGER
from snakedit.core.names import safe_name
from snakedit.core.records import Excluded, Item, write_records
from snakedit.sources import open_source
from snakedit.sources.index import CategoryIndex, Digest
from snakedit.sources.rows import SourceRow

MAX_SHOWN = 300
# Every record, image and message of an item carries its text: one without end would end its category.
MAX_CHARACTERS = 1_000_000
# Images on their way to the disk; each has a temporary file and no pixels in memory.
KEEPER_THREADS, MAX_PENDING = 16, 64


def prepare_category(benchmark: BenchmarkConfig, category: CategoryIndex, output: Path) -> None:
    """Write a category's `items.jsonl`, whole and last, with `images/` and `excluded.jsonl` beside it.

    A row without an id gets one from its number, a second row of one id gets ``#2``, and a row that cannot
    be used is excluded; each is told in a line of the log.

    Raises:
        SourceError: if no row could be used, or the source is another than the index tells of.
    """
    folder = output.parent
    items: list[Item] = []
    excluded: list[Excluded] = []
    taken: dict[str, int] = {}
    names: set[str] = set()
    digest = Digest()
    with _Keeper() as keeper:
        for row in open_source(benchmark).rows(category.first):
            if row.number > category.last_row or len(items) + len(excluded) == benchmark.limit:
                break
            if row.category != category.name:
                continue
            digest.add(row)
            item_id = _unique_id(row, taken, benchmark.path)
            try:
                item, written = _item(row, item_id, folder)
            except SnakeditError as error:
                reason = _shown(str(error))
                LOGGER.warning(
                    "%s: row %d (%s) is left out: %s", benchmark.path, row.number, _shown(item_id), reason
                )
                excluded.append(Excluded(row=row.number, id=item_id[:MAX_SHOWN], error=reason))
                continue
            items.append(item)
            names |= {png.path.name for png in written}
            keeper.keep(written)
    _check_unchanged(
        benchmark, category, len(items) + len(excluded), digest, folder.parents[1] / "index.json"
    )
    if not items:
        first = f"row {excluded[0].row}: {excluded[0].error}" if excluded else "it has none"
        raise SourceError(
            f"none of the {len(excluded)} rows of the category '{category.name}' can be used ({first})",
            where=benchmark.path,
        )
    remove_strangers(folder / "images", names)
    write_records(folder / "excluded.jsonl", excluded)
    write_records(output, items)
    LOGGER.info("prepare_category %s: %d items, %d left out", category.name, len(items), len(excluded))


def _check_unchanged(
    benchmark: BenchmarkConfig, category: CategoryIndex, rows: int, digest: Digest, index: Path
) -> None:
    """Refuse what was read from another source than the one that the index was made of."""
    limited = rows < category.count and rows == benchmark.limit
    if not limited and digest.sha256() != category.sha256:
        raise SourceError(
            f"the category '{category.name}' has changed since the index was made",
            where=benchmark.path,
            # A source that was exchanged for one of its size and time keeps the index that it had.
            hint=f"delete {index} and run again",
        )


class _Keeper:
    """Keeps written images from several threads, so that they wait for the disk together."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(KEEPER_THREADS)
        self._pending: deque[Future[None]] = deque()

    def keep(self, pngs: Iterable[WrittenPng]) -> None:
        """Have images kept; an error of earlier ones is raised here, or at the end."""
        self._pending += [self._threads.submit(png.keep) for png in pngs]
        while len(self._pending) > MAX_PENDING:
            self._pending.popleft().result()

    def __enter__(self) -> "_Keeper":
        return self

    def __exit__(self, *exc: object) -> None:
        self._threads.shutdown(wait=True)
        if exc[0] is None:
            for one in self._pending:
                one.result()


def _unique_id(row: SourceRow, taken: dict[str, int], path: str) -> str:
    """Return an id that is not taken, and note it: id → the number of its last copy."""
    base = row.id
    if base is None:
        base = f"row-{row.number:06}"
        LOGGER.warning("%s: row %d has no id and is called '%s'", path, row.number, base)
    item_id, copy = base, taken.get(base, 1)
    while item_id in taken:
        copy += 1
        item_id = f"{base}#{copy}"
    taken[base] = copy
    taken.setdefault(item_id, 1)
    if copy > 1:
        LOGGER.warning(
            "%s: row %d has the id '%s' again and is called '%s#%d'",
            path,
            row.number,
            _shown(base),
            _shown(base),
            copy,
        )
    return item_id


def _item(row: SourceRow, item_id: str, folder: Path) -> tuple[Item, list[WrittenPng]]:
    if row.error is not None:
        raise SourceError(row.error)
    if not row.fields["instruction"]:
        raise SourceError("the instruction is empty")
    if len(item_id) + len(canonical(row.fields)) > MAX_CHARACTERS:
        raise SourceError("more text than an item may hold", allowed=f"{MAX_CHARACTERS:,} characters")
    # No safe name ends in ~ and a word, so these are never another item's.
    name = safe_name(item_id)
    # All are decoded before one is written, so that a row that is left out leaves no image behind.
    parts: list[tuple[str, Callable[[], bytes]]] = [
        (f"{name}.png" if place == 0 else f"{name}~{place + 1}.png", image)
        for place, image in enumerate(row.images)
    ]
    extras = {"reference": row.reference, "mask": row.mask}
    parts += [(f"{name}~{role}.png", image) for role, image in extras.items() if image is not None]
    decoded = [(file_name, decode_image(image(), file_name)) for file_name, image in parts]
    written = [write_png(image, folder / "images" / file_name) for file_name, image in decoded]
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
    """Return a stranger's text as it may stand in a line of a log: short, and without control characters."""
    shown = "".join(c if c.isprintable() else "�" for c in text[:MAX_SHOWN])
    return shown + ("…" if len(text) > MAX_SHOWN else "")
