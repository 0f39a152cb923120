"""A rubric that shows the reference: the judge gets it, and a changed one is judged again."""

import json

import yaml
from experiments import Experiment, add, as_base64, copy_of_the_repository, picture, rows

JUDGE = '''\
"""How far the edit is from the reference."""

from PIL import ImageChops, ImageStat

from snakedit.judges.judge import Judge, Verdict


class Distance(Judge):
    """A toy."""

    def judge(self, requests):
        return [self._verdict(request) for request in requests]

    def _verdict(self, request):
        if request.reference is None:
            return Verdict("failed", error="no reference")
        reference = request.reference.resize(request.edit.size)
        difference = ImageStat.Stat(ImageChops.difference(request.edit, reference)).mean[0]
        return Verdict("ok", values={"likeness": 10 - difference / 25.5}, score=10 - difference / 25.5)
'''


def test_the_reference_is_shown_and_a_changed_one_is_judged_again(experiment: Experiment) -> None:
    experiment.repository = copy_of_the_repository(experiment.folder)
    add(experiment.repository, "judges", '"distance": "snakedit.judges.toy:Distance",', JUDGE)
    rubric = {
        "name": "likeness",
        "source": "A toy.",
        "formula": "mean",
        "metrics": {
            "likeness": {"shows": ["edit", "reference"], "scale": [0, 10], "question": "How alike are they?"}
        },
    }
    (experiment.folder / "likeness.yaml").write_text(yaml.safe_dump(rubric), encoding="utf-8")
    source = rows("c", 3)
    source[0]["reference_img_b64"] = source[0]["src_img_b64"]
    source[1]["reference_img_b64"] = as_base64(picture(9))
    path = experiment.folder / "small.json"
    path.write_text(json.dumps(source), encoding="utf-8")
    experiment.configure(
        lambda config: config.update(
            editors={"identity": {"type": "identity"}},
            judges={"judge": {"type": "distance", "rubric": "likeness.yaml"}},
        )
    )
    run = experiment.run()
    assert run.code == 0, run.output
    first = experiment.records("scores/judge/identity/c/scores.jsonl")
    assert [score["status"] for score in first] == ["ok", "ok", "failed"]
    assert first[0]["score"] == 10.0 > first[1]["score"]

    source[1]["reference_img_b64"] = source[1]["src_img_b64"]
    path.write_text(json.dumps(source), encoding="utf-8")
    run = experiment.run()
    assert run.code == 0, run.output
    second = experiment.records("scores/judge/identity/c/scores.jsonl")
    assert second[0] == first[0]
    assert second[1]["score"] == 10.0
