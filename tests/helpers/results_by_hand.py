"""A small benchmark's results, written by hand as the stages would write them."""

import base64
import json
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from snakedit.config.load import from_dict, normalise
from snakedit.config.schema import EditorConfig, JudgeConfig
from snakedit.core.names import safe_name
from snakedit.core.records import Edit, Item, Score, write_records
from snakedit.editors import EDITORS
from snakedit.editors.editor import Editor
from snakedit.judges import JUDGES
from snakedit.judges.judge import Judge
from snakedit.judges.rubrics.rubric import Metric, Rubric
from snakedit.report.build_report import build_report
from snakedit.report.data.numbers import Collector, Numbers
from snakedit.report.data.read import Category, CategoryFiles, category_files, read_categories
from snakedit.workflow.resolved import ResolvedEditor, ResolvedJudge, Run

DEFAULT_EDITORS = ("tiny", "blank")
DEFAULT_JUDGES = ("vl",)
NO_GIT = {"commit": None, "changed": None}


@dataclass
class ResultsByHand:
    """Writes categories below ``root`` and remembers where their records lie."""

    root: Path
    editors: tuple[str, ...] = DEFAULT_EDITORS
    judges: tuple[str, ...] = DEFAULT_JUDGES
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

    def build(self, run: Run | None = None, notices: tuple[str, ...] = (), **options: Any) -> Path:
        """Build the report of the benchmark ``bench`` and return its folder."""
        folder = self.root / "report"
        output = folder / "index.html"
        build_report(run or planned_run(), "bench", self.categories, output, NO_GIT, notices, **options)
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


def planned_run(
    editors: dict[str, Any] | None = None,
    judges: dict[str, Any] | None = None,
    headline: str = "macro",
    **run: Any,
) -> Run:
    """Return a run with one benchmark, ``bench``; types and models need not exist, as none is loaded.

    Args:
        headline: the total that orders the editors, by every judge.
        run: keys of the configuration's `run`.
    """
    raw = {
        "benchmarks": {"bench": {"format": "base64_json", "path": "bench.json"}},
        "editors": editors
        or {"tiny": {"type": "qwen_image_edit", "model": "tiny"}, "blank": {"type": "blank"}},
        "judges": judges or {"vl": {"type": "qwen3_vl", "model": "vl"}},
        "run": run,
    }
    source = normalise(raw, "config.yaml")
    config = from_dict(source)
    return Run(
        config,
        {name: _editor(editor) for name, editor in config.editors.items()},
        {name: _judge(judge, headline) for name, judge in config.judges.items()},
        source,
    )


def _editor(editor: EditorConfig) -> ResolvedEditor:
    family = EDITORS.get(editor.type)
    shows = list(family.shows(family.Params(**editor.params))) if family else []
    family = family or Editor
    return ResolvedEditor(
        **_common(editor, family),
        role=family.role,
        is_right=family.is_right,
        shows=shows,
    )


def _judge(judge: JudgeConfig, headline: str) -> ResolvedJudge:
    metric = Metric("overall", ("edit",), 0, 10, "How good is it?")
    rubric = Rubric("r", headline, "mean", None, (metric,), {}).content()
    common = _common(judge, JUDGES.get(judge.type, Judge))
    common["recipe"]["rubric"] = rubric
    return ResolvedJudge(
        **common,
        rubric=rubric,
        rubric_name=judge.rubric,
        reading=judge.reading,
        batch_size=judge.batch_size,
        devices=None,
        min_scale_mass=judge.min_scale_mass,
        samples=judge.samples,
    )


def _common(entry: EditorConfig | JudgeConfig, family: Any) -> dict[str, Any]:
    return {
        "name": entry.name,
        "type": entry.type,
        "model": entry.model,
        "revision": "f" * 64,
        "params": entry.params,
        "recipe": {"type": entry.type, "model": entry.model, "revision": "f" * 64, "params": entry.params},
        "simulated": family.simulated,
        "needs_device": family.needs_device,
        "asks_server": False,
    }


def received(folder: Path, name: str) -> Any:
    """Return the content that a data file of the gallery hands to the page."""
    text = (folder / "data" / f"{name}.js").read_text(encoding="utf-8")
    start, end = f'snakedit.receive("{name}",', ");\n"
    assert text.startswith(start)
    assert text.endswith(end)
    return json.loads(text[len(start) : -len(end)])


def unpacked(columns: dict[str, Any]) -> list[list[float | None]]:
    """Return packed numbers as the page's scripts read them."""
    numbers = []
    for text in columns["columns"]:
        data = base64.b64decode(text)
        steps = struct.unpack(f"<{len(data) // 2}H", data)
        factor = 10.0 ** columns["decimals"]
        numbers.append([None if k == 0 else columns["low"] + (k - 1) / factor for k in steps])
    return numbers
