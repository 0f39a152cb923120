"""The comparison's pictures."""

from speed_by_hand import job, two_devices_a_run

from snakedit.speed.comparison.charts import pipeline_timeline, serial_timeline


def test_each_device_of_the_pipeline_has_a_row():
    picture = pipeline_timeline([two_devices_a_run()])
    assert picture is not None
    assert all(device in picture for device in ("simulated:0", "simulated:1"))


def test_serial_jobs_follow_each_other_without_what_came_before_their_first_item():
    def one_item(start: float, item: str) -> list[tuple[str, str, float, float, str | None]]:
        return [("cpu", "load", start, 50, None), ("cpu", "edit", start + 50, 2, item)]

    jobs = [job("serial_category", "a", one_item(0, "x")), job("serial_category", "b", one_item(900, "y"))]
    picture = serial_timeline(jobs)
    assert picture is not None
    # Two edits of 2 s: the axis ends far before the second job's own start.
    assert "900" not in picture


def test_nothing_done_is_no_picture():
    assert pipeline_timeline([]) is None
    assert serial_timeline([]) is None
