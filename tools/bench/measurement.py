"""The result of a bench."""

from typing import NamedTuple


class Measurement(NamedTuple):
    """One measured or computed number.

    Attributes:
        name: its key in bench.json.
        explanation: what it is and how it was obtained, for the table.
    """

    name: str
    value: float
    explanation: str
