"""The base of the `params` that each editor, judge and benchmark format declares for itself."""

from typing import Any, TypeVar

from pydantic import BaseModel

from snakedit.config.schema import STRICT
from snakedit.config.validation import validated
from snakedit.core.errors import ConfigError


class FamilyParams(BaseModel):
    """The keys allowed in an entry's `params`: a frozen model without unknown keys or conversions of types.

    A subclass declares its fields with `pydantic.Field`: a default, bounds, and a description for
    config/README.md.
    """

    model_config = STRICT


class NoParams(FamilyParams):
    """The params of a type that takes none."""


Params = TypeVar("Params", bound=FamilyParams)


def read_params(kind: type[Params], raw: dict[str, Any], where: str) -> Params:
    """Return an entry's `params` as the model of its type, with the defaults filled in.

    Args:
        where: the place of `raw` in the configuration, as ``file: key`` or ``key``.

    Raises:
        ConfigError: for an unknown or missing key, a value that is not allowed, or a class that is no model.
    """
    if not issubclass(kind, FamilyParams):
        raise ConfigError(
            f"the class '{kind.__qualname__}' cannot hold the params of a type",
            where=where,
            allowed="a subclass of snakedit.config.params.FamilyParams",
        )
    file, _, key = where.rpartition(": ")
    return validated(kind, raw, file, key)
