"""Strangers' texts as cells of CSV files, which are opened in spreadsheets."""

import re

# What a spreadsheet begins to compute at; a number is only a number.
_FORMULA = re.compile(r"[=+\-@\t\r](?![0-9.]+$)")
# Terminals obey these, and some turn the direction of all that follows. Tabs and line breaks are text.
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def cell(text: str) -> str:
    """Return a text with ``'`` before it if a spreadsheet would take it for a formula.

    Control characters become ``�``.

    Source: OWASP, CSV Injection.

    >>> cell("=1+1"), cell("light"), cell("-1")
    ("'=1+1", 'light', '-1')
    """
    text = _CONTROL.sub("�", text)
    return f"'{text}" if _FORMULA.match(text) else text
