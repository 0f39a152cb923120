"""A server's address and its limit of concurrent requests."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Server:
    """A server's address, and how many items it may process at a time.

    Attributes:
        model: its name on the server; each has its own limit.
    """

    address: str
    at_once: int
    model: str = ""
