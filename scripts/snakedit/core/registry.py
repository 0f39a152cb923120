"""Look up the types that a configuration can name: ours, the user's own, and other packages'."""

from collections.abc import Iterator, Mapping
from importlib import import_module
from importlib.metadata import entry_points
from typing import Any, Generic, TypeVar

from snakedit.core.errors import ConfigError, did_you_mean

Registered = TypeVar("Registered")


class Registry(Mapping[str, Registered], Generic[Registered]):
    """The types of one kind: name → class, imported when it is first asked for.

    A type is a name in the constructor's table, ``package.module:Class`` from any package that Python can
    import, or an entry point of an installed package. So a dry run imports only the families that the
    configuration names, and nobody needs a fork. Iteration goes over the table alone.
    """

    def __init__(self, places: Mapping[str, str], base: str, group: str) -> None:
        """Make a registry.

        Args:
            places: name → ``module:attribute``.
            base: ``module:attribute`` of the class that every type must be a subclass of.
            group: of the entry points of other packages.
        """
        self._places, self._base, self._group = dict(places), base, group
        self._loaded: dict[str, Registered] = {}

    def __getitem__(self, name: str) -> Registered:
        try:
            return self.find(name, name)
        except ConfigError as error:
            raise KeyError(str(error)) from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)

    def find(self, name: str, where: str) -> Registered:
        """Return the class that a type stands for.

        Args:
            where: the key that names it, for messages.

        Raises:
            ConfigError: if it is not known, cannot be imported, or is not a subclass of the base.
        """
        if name not in self._loaded:
            self._loaded[name] = self._load(name, where)
        return self._loaded[name]

    def _load(self, name: str, where: str) -> Registered:
        if name in self._places:
            found: Registered = _attribute(self._places[name])
            return found
        place = name if ":" in name else self._place_by_entry_point(name, where)
        try:
            found = _attribute(place)
        except (ImportError, AttributeError, ValueError) as error:
            raise ConfigError(
                f"'{name}' cannot be imported ({error})",
                where=where,
                hint="install its package, or put the folder that holds it on PYTHONPATH",
            ) from None
        base: Any = _attribute(self._base)
        if not (isinstance(found, type) and issubclass(found, base)):
            raise ConfigError(f"'{name}' is not a subclass of {self._base.replace(':', '.')}", where=where)
        return found

    def _place_by_entry_point(self, name: str, where: str) -> str:
        others = {point.name: point.value for point in entry_points(group=self._group)}
        return find({**self._places, **others}, name, where, also="package.module:Class")


def _attribute(place: str) -> Any:
    module, _, attribute = place.partition(":")
    return getattr(import_module(module), attribute)


def find(known: Mapping[str, Registered], name: str, where: str, also: str = "") -> Registered:
    """Return what a name stands for.

    Args:
        also: what else is allowed, for the message.

    Raises:
        ConfigError: naming the nearest known name.
    """
    if name not in known:
        allowed = ", ".join([*known, also] if also else known)
        raise ConfigError(f"'{name}' is not known{did_you_mean(name, known)}", where=where, allowed=allowed)
    return known[name]
