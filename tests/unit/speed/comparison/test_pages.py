import json

import pytest
from speed_by_hand import serial, two_devices_a_run

from snakedit.speed.comparison.compare import compare
from snakedit.speed.comparison.pages import lines, markdown, write_comparison


@pytest.fixture
def comparison():
    return compare("<b>bench</b>", [serial()], [], [two_devices_a_run()], ["c"])


def test_everything_is_written_and_the_page_loads_nothing_from_elsewhere(tmp_path, comparison):
    run = two_devices_a_run()
    write_comparison(comparison, [run], run.jobs, tmp_path / "index.html")
    names = {"index.html", "speed.md", "speed.json", "report.css", "link.css"}
    names |= {"timeline-serial.svg", "timeline-pipeline.svg", "shares.svg"}
    assert {path.name for path in tmp_path.iterdir()} == names
    page = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert "&lt;b&gt;bench&lt;/b&gt;" in page
    assert "<b>bench</b>" not in page
    assert 'src="http' not in page
    assert 'href="http' not in page
    assert '<a href="../report/index.html">Report</a>' in page
    content = json.loads((tmp_path / "speed.json").read_text(encoding="utf-8"))
    assert content["speedup"] == pytest.approx(20 / 9)
    assert content["simulated"] is True
    assert content["extrapolated"] is True


def test_simulated_and_extrapolated_stand_above_the_numbers(comparison):
    text = markdown(comparison)
    assert text.index("Simulated devices") < text.index("| category")
    assert text.index("Extrapolated: one by one was measured on 2 of 4 edits") < text.index("| category")


def test_a_serial_side_of_two_processors_is_said_to_be_one():
    def told(*processors):
        serials = [serial(processors=[name]) for name in processors]
        return markdown(compare("b", serials, [], [two_devices_a_run()], ["c"]))

    assert "measured on different processors" not in told("A100", "A100")
    assert "times are none of a single machine: A100, H100." in told("H100", "A100")


def test_both_sides_stand_in_the_table_with_the_speed_up(comparison):
    assert lines(comparison)[-2:] == [
        ["all categories", "one by one", "20.0", "8.0", "4.0", "8.0", "8", "5.00", "1.00 ×"],
        ["all categories", "pipeline", "9.0", "4.0", "1.0", "2.0", "4", "2.25", "2.22 ×"],
    ]
