"""What the devices did, from telemetry written by hand."""

import json

import pytest

from snakedit.telemetry.activity import MAX_STRETCHES, read_activity, stretches
from snakedit.telemetry.trace import Sample, Span, Trace, TracedJob


def write(folder, rule, category, events, run=""):
    with Trace(folder, TracedJob(rule, "model", category, run=run)) as trace:
        for event in events:
            trace.add(event)


def on(device, name, start, seconds, item=None):
    """A span of a leased device."""
    return Span(device, name, start, seconds, item, (device,))


def test_what_devices_did_is_counted_by_device_and_together(tmp_path):
    events = [
        on("cuda:0", "load", 1000.0, 10.0),
        on("cuda:0", "edit", 1010.0, 30.0, "a"),
        on("cuda:1", "load", 1000.0, 20.0),
        on("cuda:1", "edit", 1020.0, 10.0, "b"),
        Sample("cuda:0", "gpu_memory_mb", 1011.0, 40_000.0),
        Sample("cuda:0", "gpu_memory_mb", 1012.0, 60_000.0),
        Sample("cuda:0", "gpu_utilisation_percent", 1011.0, 90.0),
        Sample("cuda:0", "gpu_utilisation_percent", 1012.0, 70.0),
        Sample("cuda:1", "rss_mb", 1012.0, 900.0),
        Sample("driver", "rss_mb", 1012.0, 5000.0),
    ]
    write(tmp_path, "edit_category", "c", events)
    first, second, together = read_activity(tmp_path).uses()
    assert (first.device, first.items, first.loads, first.wall) == ("cuda:0", 1, 1, 40.0)
    assert (first.busy, second.busy, together.busy) == (0.75, 0.25, 0.5)
    assert (first.peak_memory_mb, first.mean_utilisation, first.peak_rss_mb) == (60_000.0, 80.0, None)
    assert (second.peak_memory_mb, second.mean_utilisation, second.peak_rss_mb) == (None, None, 900.0)
    assert together.seconds == {"load": 30.0, "edit": 40.0}
    assert (together.device, together.items, together.loads) == ("all", 2, 2)


def test_places_with_a_server_are_no_devices(tmp_path):
    write(tmp_path, "edit_category", "c", [on("cuda:0", "edit", 1000.0, 10.0, "a")])
    lanes = [Span(f"endpoint:{lane}", "score", 1000.0, 1.0, str(lane)) for lane in range(8)]
    write(tmp_path, "score_category", "c", lanes)
    activity = read_activity(tmp_path)
    assert activity.leased == ["cuda:0"]
    assert activity.uses()[-1].busy == 1.0


def test_a_model_that_is_spread_keeps_each_of_its_devices_busy_and_is_one(tmp_path):
    events = [
        on("cuda:0", "edit", 1000.0, 10.0, "a"),
        Span("cuda:0+1", "load", 1010.0, 10.0, None, ("cuda:0", "cuda:1")),
        Span("cuda:0+1", "score", 1020.0, 20.0, "b", ("cuda:0", "cuda:1")),
        Sample("cuda:1", "gpu_memory_mb", 1021.0, 60_000.0),
    ]
    write(tmp_path, "edit_category", "c", events)
    activity = read_activity(tmp_path)
    first, second, together = activity.uses()
    assert activity.leased == [first.device, second.device] == ["cuda:0", "cuda:1"]
    assert (first.busy, second.busy, together.busy) == (0.75, 0.5, 0.625)
    assert (second.peak_memory_mb, together.items, together.loads) == (60_000.0, 2, 1)
    assert {stretch.device for stretch in stretches(activity.spans)} == {"cuda:0", "cuda:1"}


def test_only_the_latest_run_is_shown_and_the_others_are_counted(tmp_path):
    write(tmp_path, "edit_category", "a", [on("cpu:0", "edit", 1000.0, 5.0, "x")], run="1:1")
    write(tmp_path, "score_category", "a", [on("cpu:0", "score", 1010.0, 5.0, "x")], run="1:1")
    write(tmp_path, "edit_category", "b", [on("cpu:0", "edit", 1020.0, 5.0, "x")], run="2:2")
    activity = read_activity(tmp_path)
    assert (activity.runs, [span.start for span in activity.spans]) == (2, [1020.0])


@pytest.mark.parametrize(("gap", "runs"), [(500.0, 1), (700.0, 2)])
def test_jobs_that_do_not_know_their_run_are_told_apart_by_time(tmp_path, gap, runs):
    write(tmp_path, "edit_category", "a", [on("cuda:0", "edit", 1000.0, 5.0, "x")])
    write(tmp_path, "edit_category", "b", [Span("cuda:0", "edit", 1005.0 + gap, 5.0, "x")])
    assert read_activity(tmp_path).runs == runs


def test_without_telemetry_there_is_nothing_to_show(tmp_path):
    assert read_activity(tmp_path) is None
    write(tmp_path, "edit_category", "a", [])
    assert read_activity(tmp_path) is None


def test_a_trace_that_was_cut_off_is_read_as_far_as_it_goes(tmp_path):
    write(tmp_path, "edit_category", "a", [on("cpu:0", "edit", 1000.0 + n, 1.0, str(n)) for n in range(9)])
    (path,) = tmp_path.glob("*/*/*.json")
    path.write_bytes(path.read_bytes()[:-200])
    assert 5 <= len(read_activity(tmp_path).spans) < 9
    path.write_text("[", encoding="utf-8")
    assert read_activity(tmp_path) is None


def test_a_hundred_thousand_edits_are_drawn_as_few_stretches_without_losing_time():
    names = ("edit", "idle")
    spans = [Span("cuda:0", names[n % 2], n * 1.0, 1.0) for n in range(100_000)]
    drawn = stretches(spans)
    assert len(drawn) <= MAX_STRETCHES
    assert sum(span.seconds for span in drawn) == pytest.approx(100_000, rel=0.01)


def test_a_load_is_not_drawn_over_by_its_neighbours():
    spans = [on("cuda:0", "load", 0.0, 50.0), *(on("cuda:0", "edit", 50.0 + n, 1.0) for n in range(500))]
    drawn = stretches(spans)
    assert [(span.name, span.seconds) for span in drawn] == [("load", 50.0), ("edit", 500.0)]
    assert json.dumps([span.start for span in drawn]) == "[0.0, 50.0]"
