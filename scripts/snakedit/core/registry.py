"""Finding what a name stands for: the types that a configuration can name, and its own entries."""

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Generic, TypeVar

from snakedit.core.errors import ConfigError, did_you_mean

Registered = TypeVar("Registered")


class Registry(Mapping[str, Registered], Generic[Registered]):
    """A type's name → what carries it out, written as ``module:attribute``.

    A module is imported when its type is first asked for, so that a dry run imports only what the
    configuration names, and adding a type is one line.
    """

    def __init__(self, places: Mapping[str, str]) -> None:
        self._places = dict(places)
        self._loaded: dict[str, Registered] = {}

    def __getitem__(self, name: str) -> Registered:
        if name not in self._loaded:
            module, _, attribute = self._places[name].partition(":")
            self._loaded[name] = getattr(import_module(module), attribute)
        return self._loaded[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)

    def find(self, name: str, where: str) -> Registered:
        """Return what carries a type out; see `find`."""
        return find(self, name, where)


def find(known: Mapping[str, Registered], name: str, where: str) -> Registered:
    """Return what a name stands for.

    Raises:
        ConfigError: naming the nearest known name.
    """
    if name not in known:
        raise ConfigError(
            f"'{name}' is not known{did_you_mean(name, known)}", where=where, allowed=", ".join(known)
        )
    return known[name]
