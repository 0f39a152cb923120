import hashlib
import io
from pathlib import Path
from typing import ClassVar

import pytest
from PIL import Image
from sources_by_hand import benchmark, prepared

from snakedit.config.params import FamilyParams
from snakedit.core.errors import ConfigError
from snakedit.sources import open_source
from snakedit.sources.format import Format
from snakedit.sources.index import read_index
from snakedit.sources.rows import Place, SourceRow

TYPE = f"{__name__}:Lines"


class LinesParams(FamilyParams):
    grey: int = 128
    suffix: str = ""


class Lines(Format):
    """A text file with an instruction a line, for one grey picture. It always reads from the first row."""

    Params: ClassVar[type] = LinesParams
    languages: ClassVar[tuple[str, ...] | None] = ("en",)

    def stamp(self):
        return str(Path(self.benchmark.path).stat().st_mtime_ns)

    def rows(self, start=None):
        for number, line in enumerate(Path(self.benchmark.path).read_text().splitlines(), start=1):
            digest = hashlib.sha256(f"{line}{self.params}".encode()).hexdigest()
            fields = {"instruction": line + self.params.suffix}
            yield SourceRow(Place(number), "c", f"l{number}", digest, (self._picture,), fields=fields)

    def _picture(self):
        buffer = io.BytesIO()
        Image.new("L", (8, 8), self.params.grey).save(buffer, "PNG")
        return buffer.getvalue()


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "lines.txt"
    path.write_text("turn it\nturn it again\n", encoding="utf-8")
    return path


def test_a_format_takes_params_of_its_own(tmp_path, source):
    items, _ = prepared(tmp_path, source, format=TYPE, params={"suffix": "!"})
    assert [item.instruction for item in items] == ["turn it!", "turn it again!"]


def test_only_params_that_are_not_at_their_default_are_in_the_index(tmp_path, source):
    def index(**params):
        settings = benchmark(source, format=TYPE, params=params)
        return read_index(settings, tmp_path / "index.json"), (tmp_path / "index.json").read_text()

    bare, text = index()
    assert (bare.params, '"params"' in text) == ({}, False)
    assert index(suffix="", grey=128) == (bare, text)
    changed, text = index(suffix="!")
    assert (changed.params, '"suffix": "!"' in text) == ({"suffix": "!"}, True)
    assert changed.categories["c"].sha256 != bare.categories["c"].sha256


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"params": {"gray": 5}}, r"benchmarks\.b\.params\.gray.*did you mean 'grey'"),
        ({"params": {"grey": "x"}}, r"benchmarks\.b\.params\.grey"),
        (
            {"language": "zh"},
            r"benchmarks\.b\.language: the format '.*Lines' has no instructions in 'zh'; allowed: en",
        ),
        ({"format": "folder", "params": {"grey": 5}}, r"benchmarks\.b\.params\.grey"),
    ],
)
def test_params_and_languages_that_a_format_does_not_have_are_refused(source, changes, message):
    with pytest.raises(ConfigError, match=message):
        open_source(benchmark(source, **{"format": TYPE, **changes}))
