"""The shipped demo without its editor: what `make run` says of the controls."""

import csv
from pathlib import Path

import yaml
from experiments import Experiment
from places import REPOSITORY

CATEGORIES = ["additions", "colour"]


def test_the_demos_leaderboard_has_the_reference_first_and_says_what_its_judge_knows(tmp_path: Path) -> None:
    """Two of the five categories."""
    config = yaml.safe_load((REPOSITORY / "config" / "config.yaml").read_text(encoding="utf-8"))
    del config["editors"]["tiny"]
    config["benchmarks"]["demo"]["categories"] = CATEGORIES
    (tmp_path / "experiment.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    run = Experiment(tmp_path).run()
    assert run.code == 0, run.output
    report = tmp_path / "results" / "demo" / "report"
    rows = csv.DictReader((report / "leaderboard.csv").read_text(encoding="utf-8").splitlines())
    standing = {row["editor"]: row for row in rows if (row["level"], row["metric"]) == ("macro", "score")}
    assert {row["judge"] for row in standing.values()} == {"demo"}
    reference = standing.pop("reference")
    assert float(reference["coverage"]) == 1.0
    assert set(standing) == {"identity", "shuffled", "blank"}
    for name, row in standing.items():
        assert float(row["mean"]) < float(reference["mean"]), name
        assert float(row["ci_high"]) < float(reference["ci_low"]), name
    pages = [path.read_text(encoding="utf-8") for path in report.glob("*.html")]
    assert len(pages) == 2
    for page in [*pages, (report / "leaderboard.md").read_text(encoding="utf-8")]:
        assert "is a demo judge: it knows only the demo" in page
        assert "random weights" not in page
