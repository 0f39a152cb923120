"""A server's address, and how much may be asked of it at a time."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Server:
    """A server, by its address, and how many items may be with it at a time."""

    address: str
    at_once: int
