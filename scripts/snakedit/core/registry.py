"""Types by name: those of this library, of installed packages, and of a user's own modules."""

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any, Generic, TypeVar

from snakedit.core.errors import ConfigError, did_you_mean

Registered = TypeVar("Registered")


class Registry(Mapping[str, Registered], Generic[Registered]):
    """The classes that a configuration can name as a type. Iteration yields this library's own names.

    A name is one of this library's, the name of an entry point of an installed package, or the place of a
    class, ``package.module:Class``. A module is imported when its type is first asked for.
    """

    def __init__(self, places: Mapping[str, str], base: str, group: str) -> None:
        """Keep the names; nothing is imported.

        Args:
            places: name → ``module:Class``.
            base: ``module:Class`` that a class from elsewhere must be a subclass of.
            group: of the entry points.
        """
        self._places, self._base, self._group = dict(places), base, group
        self._loaded: dict[str, Registered] = {}

    def __getitem__(self, name: str) -> Registered:
        if name not in self._loaded:
            self._loaded[name] = self._load(name)
        return self._loaded[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)

    def find(self, name: str, where: str) -> Registered:
        """Return the class of a type.

        Args:
            where: the key of the configuration that holds the name.

        Raises:
            ConfigError: if there is no such type, or it cannot be imported, or it is not of the right kind.
        """
        try:
            return self[name]
        except KeyError:
            known = [*self, *self._entry_points()]
            raise ConfigError(
                f"'{name}' is not known{did_you_mean(name, known)}",
                where=where,
                allowed=", ".join([*known, "package.module:Class"]),
            ) from None
        except ConfigError as error:
            raise ConfigError(error.what, where=where, allowed=error.allowed, hint=error.hint) from None

    def _load(self, name: str) -> Any:
        if name in self._places:
            return _attribute(self._places[name])
        return _imported(name if ":" in name else self._entry_points()[name], _attribute(self._base))

    def _entry_points(self) -> dict[str, str]:
        """Return name → place of the installed packages' types."""
        places: dict[str, str] = {}
        # It takes a while to import, and most types are this library's.
        from importlib import metadata

        for point in metadata.entry_points(group=self._group):
            if point.name in self._places or places.get(point.name, point.value) != point.value:
                package = point.dist.name if point.dist else point.module
                raise ConfigError(
                    f"the package '{package}' registers '{point.name}' in '{self._group}', which is taken",
                    hint="uninstall it, or name a class as package.module:Class",
                )
            places[point.name] = point.value
        return places


def _attribute(place: str) -> Any:
    module, _, attribute = place.partition(":")
    return getattr(import_module(module), attribute)


def _imported(place: str, base: type) -> Any:
    """Return a class that is not this library's."""
    module_name, _, attribute = place.partition(":")
    try:
        module = import_module(module_name)
    except Exception as error:
        if isinstance(error, ModuleNotFoundError) and f"{module_name}.".startswith(f"{error.name}."):
            raise ConfigError(
                f"there is no module '{error.name}'",
                hint="install its package, or add its folder to PYTHONPATH",
            ) from None
        raise ConfigError(
            f"the module '{module_name}' cannot be imported ({type(error).__name__}: {error})"
        ) from error
    family = getattr(module, attribute, None)
    if family is None:
        near = did_you_mean(attribute, vars(module))
        raise ConfigError(f"the module '{module_name}' has no class '{attribute}'{near}")
    if not isinstance(family, type) or not issubclass(family, base):
        raise ConfigError(
            f"'{place}' is of another kind", allowed=f"a subclass of {base.__module__}.{base.__qualname__}"
        )
    missing = sorted(getattr(family, "__abstractmethods__", ()))
    if missing:
        raise ConfigError(f"the class '{place}' does not define {', '.join(missing)}")
    return family


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
