"""Altair charts as SVGs that suit a light page, a dark page and a paper. Works offline."""

import hashlib
import json
import re
import resource
from typing import Any

import altair as alt
import vl_convert

from snakedit.core.errors import StageError

FONT = "system-ui, sans-serif"
# Okabe and Ito's palette, safe for colour-blind readers; grey is for time without work.
COLOURS = {
    "blue": "#0072b2",
    "orange": "#e69f00",
    "green": "#009e73",
    "red": "#d55e00",
    "grey": "#9aa0a6",
    "pale": "#d0d4d9",
}
# Text and lines take the colour of the text around the plot, so that it follows the page's theme.
INK = "currentColor"

# Virtual memory that vl-convert's JavaScript reserves, used or not; without it the process aborts.
ADDRESSES = 68 * 2**30


def values(rows: list[dict[str, Any]]) -> alt.InlineData:
    """Return rows as data inside the chart itself."""
    return alt.InlineData(values=rows)


def to_svg(chart: Any) -> str:
    """Return a chart as SVG. No address is opened, and text is escaped.

    Raises:
        StageError: if a limit on this process's memory leaves too few addresses for it.
    """
    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    if limit != resource.RLIM_INFINITY and limit < ADDRESSES:
        raise StageError(
            f"the limit of {limit / 2**30:.0f} GiB on virtual memory (ulimit -v) leaves no room for plots",
            allowed=f"{ADDRESSES // 2**30} GiB or more, of which few are used",
            hint="run `ulimit -v unlimited`, or start snakemake where there is no such limit",
        )
    themed = (
        chart.configure(background="transparent", font=FONT)
        .configure_view(stroke=None)
        .configure_axis(
            labelColor=INK,
            titleColor=INK,
            domainColor=INK,
            tickColor=INK,
            gridColor=INK,
            gridOpacity=0.12,
            domainOpacity=0.4,
            tickOpacity=0.4,
            titleFontWeight="normal",
            labelLimit=240,
        )
        .configure_header(labelColor=INK, titleColor=INK, labelFontWeight="bold", labelLimit=240)
        .configure_legend(labelColor=INK, titleColor=INK, orient="bottom", title=None)
        .configure_text(color=INK)
        .configure_title(color=INK, fontSize=11, anchor="start")
    )
    specification = themed.to_dict()
    svg = str(vl_convert.vegalite_to_svg(specification, allowed_base_urls=[]))
    # Vega numbers gradients over the life of the process; on a page each needs a unique name.
    name = hashlib.sha256(json.dumps(specification).encode()).hexdigest()[:12]
    return re.sub(r"\bgradient_\d+", f"shades-{name}", svg)
