"""A new editor, judge, rubric or format is one file and one line, or a module of the user's own."""

import os
from pathlib import Path

import pytest
from experiments import Experiment, add, copy_of_the_repository, write_small_experiment

EDITOR = '''\
"""Turns the picture upside down."""

from PIL import Image

from snakedit.editors.editor import Editor, EditRequest


class UpsideDown(Editor):
    """A toy."""

    def edit(self, request: EditRequest) -> Image.Image:
        return request.sources[0].transpose(Image.Transpose.ROTATE_180)
'''

JUDGE = '''\
"""Likes what is bright."""

from collections.abc import Sequence

from PIL import ImageStat

from snakedit.judges.judge import Judge, JudgeRequest, Verdict


class Brightness(Judge):
    """A toy."""

    def judge(self, requests: Sequence[JudgeRequest]) -> list[Verdict]:
        return [self._verdict(request) for request in requests]

    def _verdict(self, request: JudgeRequest) -> Verdict:
        value = ImageStat.Stat(request.edit.convert("L")).mean[0] / 25.5
        return Verdict(status="ok", values={"brightness": value}, score=value)
'''

FORMAT = '''\
"""A text file: one category, one instruction a line, all on a grey picture."""

import hashlib
import io
from pathlib import Path

from PIL import Image

from snakedit.config.params import FamilyParams
from snakedit.sources.format import Format
from snakedit.sources.rows import Place, SourceRow


def grey() -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (32, 32), "grey").save(buffer, "PNG")
    return buffer.getvalue()


class LinesParams(FamilyParams):
    skip: int = 0


class Lines(Format):
    """A toy."""

    Params = LinesParams

    def stamp(self):
        return str(Path(self.benchmark.path).stat().st_mtime_ns)

    def rows(self, start=None):
        lines = Path(self.benchmark.path).read_text().splitlines()[self.params.skip :]
        for number, line in enumerate(lines, start=1):
            digest = hashlib.sha256(line.encode()).hexdigest()
            fields = {"instruction": line}
            yield SourceRow(Place(number), "lines", f"l{number}", digest, (grey,), fields=fields)
'''

RUBRIC = """\
name: brightness
source: "A toy: the mean of the picture's grey values."
formula: mean
metrics:
  brightness:
    shows: [edit]
    scale: [0, 10]
    question: How bright is it, from 0 to 10?
"""


def test_a_toy_of_each_kind_runs_end_to_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repository = copy_of_the_repository(tmp_path)
    add(repository, "editors", '"toy": "snakedit.editors.toy:UpsideDown",', EDITOR)
    # The judge and the format are the user's own: no fork, only the path of their modules.
    (tmp_path / "brightness.py").write_text(JUDGE, encoding="utf-8")
    (tmp_path / "lines.py").write_text(FORMAT, encoding="utf-8")
    monkeypatch.setattr(
        Experiment, "environment", lambda experiment: {**os.environ, "PYTHONPATH": str(tmp_path)}
    )
    folder = tmp_path / "run"
    folder.mkdir()
    experiment = Experiment(write_small_experiment(folder).folder, repository)
    (folder / "small.txt").write_text("# a head\nturn it\nturn it again\n", encoding="utf-8")
    (repository / "config" / "rubrics" / "brightness.yaml").write_text(RUBRIC, encoding="utf-8")
    experiment.configure(
        lambda config: config.update(
            benchmarks={"small": {"format": "lines:Lines", "path": "small.txt", "params": {"skip": 1}}},
            editors={"toy": {"type": "toy"}},
            judges={"toy": {"type": "brightness:Brightness", "rubric": "brightness"}},
        )
    )
    run = experiment.run()
    assert run.code == 0, run.output
    scores = experiment.records("scores/toy/toy/lines/scores.jsonl")
    assert [round(score["score"], 2) for score in scores] == [5.02, 5.02]
    leaderboard = (experiment.results / "report" / "leaderboard.csv").read_text(encoding="utf-8")
    assert "small,toy,toy,category,lines,brightness,2,2,1.0,5.01" in leaderboard
