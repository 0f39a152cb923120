"""The comparison's pictures: what the devices of both sides did, and what limits each side."""

from collections.abc import Sequence
from dataclasses import replace

import altair as alt

from snakedit.report.figures.plots import ROW_HEIGHT, timeline
from snakedit.report.figures.svg import COLOURS, to_svg, values
from snakedit.speed.comparison.compare import SHARES, SpeedComparison
from snakedit.telemetry.runs import JobTrace, RunTrace
from snakedit.telemetry.trace import Span

SHARE_COLOURS = {
    "edit": COLOURS["blue"],
    "judge": COLOURS["green"],
    "load": COLOURS["orange"],
    "idle": COLOURS["pale"],
    "Snakemake": COLOURS["grey"],
}


def pipeline_timeline(runs: Sequence[RunTrace]) -> str | None:
    """Return what each of the pipeline's devices did; None where none did anything."""
    return timeline(_in_turn([run.spans() for run in runs]))


def serial_timeline(jobs: Sequence[JobTrace]) -> str | None:
    """Return what the serial side's device did, its jobs put one behind the other; None without any."""
    # What a job does before its first item counts once for all of them, and stands in the notes.
    items = [[span for span in RunTrace([job]).spans() if span.item is not None] for job in jobs]
    return timeline(_in_turn([spans for spans in items if spans]))


def shares_plot(comparison: SpeedComparison) -> str:
    """Return where the device time of both sides goes, as bars that add up to 1."""
    sides = {"one by one": comparison.serial_shares, "pipeline": comparison.pipeline_shares}
    rows = [
        {"side": side, "what": name, "share": shares[name], "order": SHARES.index(name)}
        for side, shares in sides.items()
        for name in SHARES
    ]
    chart = (
        alt.Chart(values(rows))
        .mark_bar(height=ROW_HEIGHT - 8)
        .encode(
            x=alt.X("share:Q", title="share of the devices' time", axis=alt.Axis(format="%")),
            y=alt.Y("side:N", sort=list(sides), title=None),
            order="order:Q",
            color=alt.Color(
                "what:N", scale=alt.Scale(domain=list(SHARES), range=[SHARE_COLOURS[n] for n in SHARES])
            ),
        )
        .properties(width=520, height=ROW_HEIGHT * len(sides))
    )
    return to_svg(chart)


def _in_turn(groups: Sequence[Sequence[Span]]) -> list[Span]:
    """Put groups of spans one behind the other, each from its own first start."""
    shifted: list[Span] = []
    at = 0.0
    for group in groups:
        begin = min(span.start for span in group)
        shifted += [replace(span, start=span.start - begin + at) for span in group]
        at += max(span.start + span.seconds for span in group) - begin
    return shifted
