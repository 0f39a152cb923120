"""A new editor, judge, rubric or benchmark format is one new file and, but for a rubric, one line."""

from pathlib import Path

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

from snakedit.sources.rows import Place, SourceRow


def grey() -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (32, 32), "grey").save(buffer, "PNG")
    return buffer.getvalue()


class Lines:
    """A toy."""

    def stamp(self, benchmark):
        return str(Path(benchmark.path).stat().st_mtime_ns)

    def rows(self, benchmark, start=None):
        for number, line in enumerate(Path(benchmark.path).read_text().splitlines(), start=1):
            digest = hashlib.sha256(line.encode()).hexdigest()
            place, fields = Place(number, 0), {"instruction": line}
            yield SourceRow(place, "lines", f"l{number}", digest, (grey,), fields=fields)
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


def test_a_toy_of_each_kind_runs_end_to_end(tmp_path: Path) -> None:
    repository = copy_of_the_repository(tmp_path)
    add(repository, "editors", '"toy": "snakedit.editors.toy:UpsideDown",', EDITOR)
    add(repository, "judges", '"toy": "snakedit.judges.toy:Brightness",', JUDGE)
    add(repository, "sources", '"lines": "snakedit.sources.toy:Lines",', FORMAT)
    folder = tmp_path / "run"
    folder.mkdir()
    experiment = Experiment(write_small_experiment(folder).folder, repository)
    (folder / "small.txt").write_text("turn it\nturn it again\n", encoding="utf-8")
    (repository / "config" / "rubrics" / "brightness.yaml").write_text(RUBRIC, encoding="utf-8")
    experiment.configure(
        lambda config: config.update(
            benchmarks={"small": {"format": "lines", "path": "small.txt"}},
            editors={"toy": {"type": "toy"}},
            judges={"toy": {"type": "toy", "rubric": "brightness"}},
        )
    )
    run = experiment.run()
    assert run.code == 0, run.output
    scores = experiment.records("scores/toy/toy/lines/scores.jsonl")
    assert [round(score["score"], 2) for score in scores] == [5.02, 5.02]
    leaderboard = (experiment.results / "report" / "leaderboard.csv").read_text(encoding="utf-8")
    assert "small,toy,toy,category,lines,brightness,2,2,1.0,5.01" in leaderboard
