"""A report as a whole: the same to the byte, all or nothing, and by the script."""

import json
import threading

import build_report as build_script
import pytest
import show_leaderboard
from results_by_hand import ResultsByHand

from snakedit.core.errors import ConfigError, RecordError
from snakedit.report.build_report import _new_folder


@pytest.fixture
def hand(tmp_path):
    return ResultsByHand(tmp_path / "results" / "bench")


def test_a_report_of_the_same_records_is_the_same_to_the_byte(hand):
    hand.add_scored("c", tiny=[1.0, None], blank=[1.0, 3.0])

    def contents() -> dict[str, bytes]:
        hand.build()
        files = [path for path in (hand.root / "report").rglob("*") if path.is_file()]
        return {str(path): path.read_bytes() for path in files}

    assert contents() == contents()


def test_the_front_page_is_not_written_when_a_category_cannot_be_shown(hand):
    hand.add_scored("c", tiny=[1.0], blank=[1.0])
    hand.categories[0].scores["vl", "tiny"].unlink()
    with pytest.raises(RecordError, match=r"scores\.jsonl: no such file"):
        hand.build()
    assert not [path for path in (hand.root / "report").rglob("*") if path.is_file()]


def test_a_report_that_cannot_be_made_leaves_the_former_one_as_it_was(hand):
    hand.add_scored("c", tiny=[1.0], blank=[1.0])
    hand.build()
    report = hand.root / "report"
    before = {path: path.read_bytes() for path in report.rglob("*") if path.is_file()}
    hand.add_scored("d", tiny=[2.0], blank=[1.0])
    hand.categories[1].scores["vl", "tiny"].write_text("{")
    with pytest.raises(RecordError, match=r"scores\.jsonl:1: not JSON"):
        hand.build()
    assert {path: path.read_bytes() for path in report.rglob("*") if path.is_file()} == before


def test_a_second_build_of_a_report_waits_for_the_first(tmp_path):
    folder = tmp_path / "preview"

    def build_again():
        with _new_folder(folder) as new:
            (new / "index.html").write_text("second", encoding="utf-8")

    second = threading.Thread(target=build_again)
    with _new_folder(folder) as new:
        (new / "index.html").write_text("first", encoding="utf-8")
        second.start()
        second.join(1)
        assert second.is_alive()
        assert (new / "index.html").read_text(encoding="utf-8") == "first"
    second.join()
    assert (folder / "index.html").read_text(encoding="utf-8") == "second"
    assert [path.name for path in folder.iterdir()] == ["index.html"]


def test_the_scripts_build_the_report_and_print_its_leaderboard(hand, tmp_path, capsys):
    hand.add_scored("物理", tiny=[8.0], blank=[2.0])
    path = tmp_path / "config.json"
    source = tmp_path / "b.json"
    source.write_text(json.dumps([{"subset": "物理"}]), encoding="utf-8")
    path.write_text(
        json.dumps(
            {
                "benchmarks": {"bench": {"format": "base64_json", "path": str(source)}},
                "editors": {"tiny": {"type": "identity"}, "blank": {"type": "blank"}},
                "judges": {"vl": {"type": "simulated"}},
            }
        )
    )
    report = hand.root / "report"
    build_script.main(
        [
            "--config",
            str(path),
            "--benchmark",
            "bench",
            "--results",
            str(hand.root),
            "--output",
            str(report / "index.html"),
            "--index",
            str(tmp_path / "index.json"),
        ]
    )
    show_leaderboard.main([str(report)])
    printed = capsys.readouterr().out
    assert "| tiny   | 8.00 (1/1) |" in printed
    assert "Simulated judge" in printed
    assert printed.endswith(f"report: {report / 'index.html'}\n")


def test_a_benchmark_that_is_not_in_the_configuration_is_one_line(hand, tmp_path):
    path = tmp_path / "config.json"
    path.write_text(
        json.dumps(
            {
                "benchmarks": {"bench": {"format": "folder", "path": "b"}},
                "editors": {"blank": {"type": "blank"}},
                "judges": {"vl": {"type": "simulated"}},
            }
        )
    )
    with pytest.raises(ConfigError, match=r"--benchmark: 'bensh' is not known; did you mean 'bench'\?"):
        build_script.main(
            ["--config", str(path), "--benchmark", "bensh", "--index", "i.json", "--output", "x/index.html"]
        )


def test_showing_a_report_that_is_not_there_is_one_line(tmp_path):
    with pytest.raises(RecordError, match=r"holds no leaderboard\.md; run snakemake first"):
        show_leaderboard.main([str(tmp_path)])
