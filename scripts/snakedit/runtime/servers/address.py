"""A server's address and its limit of concurrent requests."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Server:
    """A server's address, and how many items it may process at a time."""

    address: str
    at_once: int
