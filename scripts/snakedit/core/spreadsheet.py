"""Strangers' texts as cells of CSV files, which are opened in spreadsheets."""

import re

# What a spreadsheet begins to compute at; a number is only a number.
_FORMULA = re.compile(r"[=+\-@\t\r](?![0-9.]+$)")


def cell(text: str) -> str:
    """Return a text with ``'`` before it if a spreadsheet would take it for a formula.

    Source: OWASP, CSV Injection.

    >>> cell("=1+1"), cell("light"), cell("-1")
    ("'=1+1", 'light', '-1')
    """
    return f"'{text}" if _FORMULA.match(text) else text
