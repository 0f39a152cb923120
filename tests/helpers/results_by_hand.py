"""A small benchmark's results, written by hand as the stages would write them."""

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from snakedit.config import load as config
from snakedit.core.names import safe_name
from snakedit.core.records import Edit, Item, Score, write_records
from snakedit.report.build_report import Judging, build_report
from snakedit.report.data.numbers import Collector, Numbers
from snakedit.report.data.provenance import Origin
from snakedit.report.data.read import Category, CategoryFiles, category_files, read_categories

EDITORS = ("tiny", "blank")
JUDGES = ("vl",)


@dataclass
class ResultsByHand:
    """Writes categories below ``root`` and remembers where their records lie."""

    root: Path
    editors: tuple[str, ...] = EDITORS
    judges: tuple[str, ...] = JUDGES
    categories: list[CategoryFiles] = field(default_factory=list)

    def add(
        self,
        category: str,
        items: list[Item],
        edits: dict[str, list[Edit]],
        scores: dict[tuple[str, str], list[Score]],
    ) -> CategoryFiles:
        """Write one category; an editor or judge that is not named has empty files."""
        files = category_files(self.root, safe_name(category), self.editors, self.judges)
        write_records(files.items, items)
        for editor, path in files.edits.items():
            write_records(path, edits.get(editor, []))
        for key, path in files.scores.items():
            write_records(path, scores.get(key, []))
        self.categories.append(files)
        return files

    def add_scored(self, category: str, **scores: list[float | None]) -> CategoryFiles:
        """Write one category from its scores: editor → a score an item, None for a reply not read."""
        count = len(next(iter(scores.values())))
        items = [item(f"{category}-{i}", category) for i in range(count)]
        return self.add(
            category,
            items,
            {editor: [edit(i.id) for i in items] for editor in scores},
            {
                (judge, editor): [score(i.id, value) for i, value in zip(items, values, strict=True)]
                for judge in self.judges
                for editor, values in scores.items()
            },
        )

    def read(self) -> Iterator[Category]:
        """Yield the categories as the report reads them."""
        return read_categories(self.categories)

    def numbers(self, benchmark: str = "bench") -> Numbers:
        """Return all categories' numbers."""
        collector = Collector(benchmark, self.editors, self.judges)
        for category in self.read():
            collector.add(category)
        return collector.numbers()

    def build(
        self,
        config: config.Config | None = None,
        notices: tuple[str, ...] = (),
        judging: dict[str, Judging] | None = None,
    ) -> Path:
        """Build the report of the benchmark ``bench`` and return its folder."""
        folder = self.root / "report"
        settings = config or configuration()
        raw = dataclasses.asdict(settings)
        recipe = {"type": "t", "model": None, "revision": "0" * 64, "params": {}, "rubric": {"name": "r"}}
        origin = Origin(
            raw,
            dict.fromkeys(settings.editors, recipe),
            dict.fromkeys(settings.judges, recipe),
            {"commit": None, "changed": None},
        )
        build_report(
            settings, "bench", self.categories, folder / "index.html", judging or {}, origin, notices
        )
        return folder


def item(identifier: str, category: str, **more: Any) -> Item:
    """Return an item with one source image."""
    given = {
        "images": [f"images/{safe_name(identifier)}.png"],
        "image_sha256s": ["0" * 64],
        "instruction": "Make it blue.",
        **more,
    }
    return Item(id=identifier, category=category, **given)


def edit(identifier: str, **more: Any) -> Edit:
    """Return an edit that worked."""
    return Edit(item=identifier, status="ok", image=f"images/{safe_name(identifier)}.png", **more)


def score(identifier: str, value: float | None, **more: Any) -> Score:
    """Return a score whose metrics are its value and its double, or one that could not be read."""
    if value is None:
        return Score(identifier, "unparsed", values={"half": None, "double": None}, error="no number", **more)
    return Score(identifier, "ok", values={"half": value / 2, "double": value * 2}, score=value, **more)


def configuration(
    editors: dict[str, Any] | None = None, judges: dict[str, Any] | None = None, **run: Any
) -> config.Config:
    """Return a configuration with one benchmark, ``bench``."""
    raw = {
        "benchmarks": {"bench": {"format": "base64_json", "path": "bench.json"}},
        "editors": editors
        or {"tiny": {"type": "qwen_image_edit", "model": "tiny"}, "blank": {"type": "blank"}},
        "judges": judges or {"vl": {"type": "qwen3_vl", "model": "vl"}},
        "run": run,
    }
    return config.from_dict(config.normalise(raw, "config.yaml"))
