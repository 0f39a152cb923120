import json

import pytest

from snakedit.report.data.predictions import read_predictions


def write(folder, text):
    (folder / "speed").mkdir()
    (folder / "speed" / "prediction.json").write_text(text, encoding="utf-8")


def test_what_a_run_has_left_behind_is_read(tmp_path):
    write(tmp_path, json.dumps({"rows": [{"what": "run", "predicted": 2, "measured": 2.5}]}))
    assert read_predictions(tmp_path) == [("run", 2.0, 2.5)]


@pytest.mark.parametrize("text", ["", "[]", '{"rows": 1}', '{"rows": [{"what": "run"}]}'])
def test_a_damaged_file_is_no_prediction(tmp_path, text):
    write(tmp_path, text)
    assert read_predictions(tmp_path) == []
