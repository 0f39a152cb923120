import json
import os
import subprocess
import sys

import pytest
from places import REPOSITORY, SCRIPTS

from tools.bench import benches
from tools.bench.measurement import Measurement


@pytest.fixture
def two_benches(monkeypatch):
    def bench(name, value):
        return lambda folder: [Measurement(name, value, f"{len(list(folder.iterdir()))} files beside it")]

    monkeypatch.setattr(benches, "BENCHES", {"one": bench("one_s", 1.0), "two": bench("two_s", 2.0)})


def test_a_bench_run_alone_replaces_its_own_values_only(two_benches, tmp_path):
    output = tmp_path / "bench.json"
    assert benches.run_benches([], output) == [
        ("one_s", 1.0, "0 files beside it"),
        ("two_s", 2.0, "0 files beside it"),
    ]
    output.write_text(json.dumps({"one_s": 7.0, "two_s": 7.0}), encoding="utf-8")
    benches.run_benches(["two"], output)
    assert json.loads(output.read_text(encoding="utf-8")) == {"one_s": 7.0, "two_s": 2.0}


def test_an_unknown_bench_is_named_in_one_line_with_the_known_ones(tmp_path):
    process = subprocess.run(
        [sys.executable, "-m", "tools.bench", "--only", "driver_memroy", "--output", tmp_path / "bench.json"],
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONPATH": str(SCRIPTS)},
        capture_output=True,
        text=True,
    )
    assert process.returncode == 2
    assert process.stderr.splitlines() == [
        "snakedit: ConfigError: ONLY=driver_memroy: no bench is called that; did you mean 'driver_memory'?;"
        f" allowed: {', '.join(benches.BENCHES)}"
    ]
