"""Parameters of editors, judges and benchmark formats."""

from dataclasses import dataclass


@dataclass(frozen=True)
class NoParams:
    """The parameters of a family that has none."""
