import pytest
from speed_by_hand import START, job, serial, two_devices_a_run

from snakedit.core.errors import StageError
from snakedit.speed.comparison.compare import compare, pipeline_shares
from snakedit.telemetry.runs import RunTrace, runs_that_made


def test_a_run_is_timed_from_snakemakes_start_to_the_last_devices_end():
    run = two_devices_a_run()
    assert (run.start, run.end, run.wall) == (START, START + 9, 9)
    assert run.devices() == ["simulated:0", "simulated:1"]


def test_the_sample_is_multiplied_and_said_to_be():
    found = compare("b", [serial()], [], [two_devices_a_run()], ["c"])
    total = found.rows[-1]
    assert total.serial.total == 20
    assert (total.serial.edit, total.serial.score, total.serial.switch) == (8, 4, 8)
    assert total.serial.loads == 8
    assert total.serial.seconds_an_image == 5
    assert found.is_extrapolated
    assert not compare("b", [serial(measured=4)], [], [two_devices_a_run()], ["c"]).is_extrapolated


def test_the_serial_sides_start_counts_once_and_in_no_category():
    before = [("simulated:0", "switch", 0, 1, None), ("simulated:0", "load", 1, 2, None)]
    jobs = [
        job("serial_category", name, [*before, ("simulated:0", "load", 3, 1, "i0")], run="3:3")
        for name in "cd"
    ]
    found = compare("b", [serial()], jobs, [two_devices_a_run()], ["c"])
    assert found.serial_start == 3
    assert (found.rows[0].serial.total, found.rows[-1].serial.total) == (20, 23)
    assert (found.rows[0].serial.switch, found.rows[-1].serial.switch) == (8, 11)


def test_the_pipelines_parts_are_device_seconds_over_devices():
    total = compare("b", [serial()], [], [two_devices_a_run()], ["c"]).rows[-1]
    assert (total.pipeline.total, total.pipeline.edit, total.pipeline.score) == (9, 4, 1)
    assert (total.pipeline.switch, total.pipeline.loads) == (2, 4)
    assert total.speedup == pytest.approx(20 / 9)


def test_categories_share_the_wall_time_by_their_work_and_add_up_to_it():
    run = two_devices_a_run()
    run.jobs.append(job("edit_category", "d", [("simulated:0", "edit", 9, 5, "j0")]))
    found = compare("b", [serial(), serial("d", items=1, measured=1)], [], [run], ["c", "d"])
    c, d, total = found.rows
    assert c.pipeline.total + d.pipeline.total == pytest.approx(total.pipeline.total) == 14
    assert c.pipeline.total / d.pipeline.total == pytest.approx((8 + 2) / 5)
    assert c.pipeline.loads is None


def test_the_shares_of_the_devices_time_add_up_and_what_nothing_covers_is_snakemakes():
    shares = pipeline_shares([two_devices_a_run()])
    assert shares == pytest.approx(
        {"edit": 8 / 18, "judge": 2 / 18, "load": 4 / 18, "idle": 0, "Snakemake": 4 / 18}
    )


def test_the_latest_run_that_did_everything_counts_alone():
    whole = two_devices_a_run()
    part = RunTrace([job("edit_category", "c", [("simulated:0", "edit", 50, 2, "i0")], run="2:2")])
    assert runs_that_made([whole, part]) == [whole]
    other = RunTrace([job("edit_category", "c", [("simulated:0", "edit", 50, 2, "new")], run="2:2")])
    assert runs_that_made([whole, other]) == [whole, other]


def test_a_whole_serial_side_is_not_set_against_a_part_of_the_pipelines_work():
    with pytest.raises(StageError, match=r"has 4 of 8 edits by 'm' in 'c'.*--forcerun"):
        compare("b", [serial(items=8)], [], [two_devices_a_run()], ["c"])
    with pytest.raises(StageError, match="no telemetry"):
        compare("b", [serial()], [], [], ["c"])


def test_a_simulated_device_is_called_simulated():
    assert compare("b", [serial()], [], [two_devices_a_run()], ["c"]).simulated
