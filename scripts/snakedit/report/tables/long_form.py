"""scores.csv and scores.parquet: every value that a judge gave, one a row, written category by category."""

from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from snakedit.core.spreadsheet import cell
from snakedit.report.data.numbers import CategoryNumbers, value_of
from snakedit.report.data.read import Category
from snakedit.report.tables.columns import SCORES

# Enough of a source image's sha256 to identify it.
SOURCE_DIGITS = 16
SCORES_SCHEMA = pa.schema(
    [(name, pa.float64() if name in ("value", "spread") else pa.string()) for name in SCORES.header]
)
# Columns whose texts come with the benchmark.
UNTRUSTED = (SCORES_SCHEMA.get_field_index("category"), SCORES_SCHEMA.get_field_index("item"))


class ScoreTables:
    """Writes the two files. Open for the length of a with block."""

    def __init__(self, folder: Path, benchmark: str) -> None:
        self._benchmark = benchmark
        self._file = open(folder / "scores.csv", "wb")
        # pyarrow would put the header in quotes, unlike those of the other tables.
        self._file.write((",".join(SCORES.header) + "\n").encode())
        options = pyarrow.csv.WriteOptions(include_header=False, quoting_style="needed")
        self._csv = pyarrow.csv.CSVWriter(self._file, SCORES_SCHEMA, write_options=options)
        self._parquet = pyarrow.parquet.ParquetWriter(folder / "scores.parquet", SCORES_SCHEMA)

    def __enter__(self) -> "ScoreTables":
        return self

    def __exit__(self, *exc: object) -> None:
        self._csv.close()
        self._file.close()
        self._parquet.close()

    def add(self, category: Category, numbers: CategoryNumbers) -> None:
        """Write a category's values: a row for every item, editor, judge and metric that was asked."""
        sources = [item.image_sha256s[0][:SOURCE_DIGITS] for item in category.items]
        for (judge, editor), scores in category.scores.items():
            for metric in numbers.metrics(judge):
                asked = numbers.is_asked(judge, metric)
                rows = [
                    (item.id, source, scores.get(item.id))
                    for item, source, is_asked in zip(category.items, sources, asked, strict=True)
                    if is_asked
                ]
                columns = [
                    *([text] * len(rows) for text in (self._benchmark, judge, editor, category.name)),
                    [item for item, _, _ in rows],
                    [source for _, source, _ in rows],
                    [metric] * len(rows),
                    [value_of(score, metric) for _, _, score in rows],
                    [score.spread.get(metric) if score else None for _, _, score in rows],
                    [score.status if score else "missing" for _, _, score in rows],
                ]
                arrays = [pa.array(c, f.type) for c, f in zip(columns, SCORES_SCHEMA, strict=True)]
                self._parquet.write_batch(pa.record_batch(arrays, schema=SCORES_SCHEMA))
                for place in UNTRUSTED:
                    arrays[place] = pa.array(map(cell, columns[place]), pa.string())
                self._csv.write_batch(pa.record_batch(arrays, schema=SCORES_SCHEMA))
