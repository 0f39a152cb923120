"""Runs of the pipeline and serial measurements, made by hand for the tests of the comparison."""

from snakedit.speed.baseline.serial import Serial
from snakedit.telemetry.runs import JobTrace, RunTrace
from snakedit.telemetry.trace import Sample, Span

START = 1_000_000.0


def job(rule, category, spans, label="m", run="1:1", samples=(), run_began=None):
    """A job's trace; spans are (device, name, start, seconds, item), times from the run's start."""
    made = [
        Span(device, name, START + start, seconds, item, parts=(device,))
        for device, name, start, seconds, item in spans
    ]
    return JobTrace(
        rule,
        label,
        category,
        run=run,
        run_began=None if run_began is None else START + run_began,
        spans=sorted(made, key=lambda span: span.start),
        samples=list(samples),
    )


def two_devices_a_run():
    """2 s of Snakemake, loads of 1 s, four edits of 2 s, two batches of 1 s, on two devices: 9 s in all."""
    first = [(f"simulated:{d}", "load", 2, 1, None) for d in (0, 1)]
    first += [(f"simulated:{d}", "edit", 3 + 2 * n, 2, f"i{2 * n + d}") for d in (0, 1) for n in (0, 1)]
    then = [(f"simulated:{d}", "load", 7, 1, None) for d in (0, 1)]
    then += [(f"simulated:{d}", "score", 8, 1, f"i{d}") for d in (0, 1)]
    return RunTrace([job("edit_category", "c", first, run_began=0), job("score_category", "c", then)])


def serial(category="c", items=4, measured=2, **changes):
    """Items of 5 s: 1 s to load each of two models, 2 s to edit, 1 s to judge, nothing to unload."""
    fields = {
        "editor": "m",
        "category": category,
        "items": items,
        "measured": measured,
        "swap": "reload",
        "loads": 2 * measured,
        "seconds": {
            "total": 5.0 * measured,
            "load": 2.0 * measured,
            "edit": 2.0 * measured,
            "score": 1.0 * measured,
            "unload": 0.0,
        },
        "began": START,
        "processors": ["a processor"],
        "compared": measured,
        "identical": measured,
        "largest_difference": 1e-6,
        "device": "simulated:0",
    }
    return Serial(**{**fields, **changes})


def memory(device, second, megabytes):
    """A reading of a process's memory."""
    return Sample(device, "rss_mb", START + second, megabytes)
