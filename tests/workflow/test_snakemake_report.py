"""`snakemake --report`: the tables, the plots and the page, each with its caption."""

import zipfile
from pathlib import Path

from experiments import Experiment


def test_the_report_archive_has_tables_plots_and_page_with_captions(finished: Experiment) -> None:
    run = finished.run("--report", "report.zip")
    assert run.code == 0, run.output
    with zipfile.ZipFile(finished.folder / "report.zip") as archive:
        names = {Path(name).name: name for name in archive.namelist()}
        index = archive.read(names["report.html"]).decode()
        page = archive.read(names["index.html"]).decode()
        made = (finished.results / "report" / "leaderboard.csv").read_bytes()
        assert archive.read(names["leaderboard.csv"]) == made
    assert {"leaderboard.md", "failures.csv", "standings-judge.svg", "timeline.svg"} <= set(names)
    assert {"leaderboard.tex", "comparisons.csv", "provenance.json"} <= set(names)
    assert ">Leaderboard</h2>" in page
    assert "<style>" in page
    captions = ("with the number of items", "what each device did", "None of them is in a mean")
    for words in (*captions, "corrected by Holm", "weight hashes", "a gallery of all images"):
        assert words in index
