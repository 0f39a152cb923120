"""Reading the configuration: checked against the models of `snakedit.config.schema`, completed with defaults.

`normalise` also reads the single-model form of older pipelines (one `diffusion_model`, one
`reward_model`), which `snakedit.config.single_model` turns into the general one.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from snakedit.config.schema import Config
from snakedit.config.single_model import is_single_model, to_general
from snakedit.config.strict_yaml import check_json_values, read_yaml
from snakedit.config.texts import typed_texts
from snakedit.config.validation import validated
from snakedit.core.errors import ConfigError

CONFIG_FOLDER = Path(__file__).resolve().parents[3] / "config"
# The demo's benchmark, its judge, and models with random weights are built here when they are needed.
DEMO_FOLDER = Path("results/.demo")
DEMO_JUDGE_NAME = "demo-judge"


def load(path: str | Path) -> Config:
    """Read a configuration file (YAML or JSON); see `read` for the errors."""
    return from_dict(read(path))


def read(path: str | Path) -> dict[str, Any]:
    """Return a configuration file's content (YAML or JSON), normalised.

    Raises:
        ConfigError: if it is unreadable or not what the models allow.
    """
    return normalise(read_yaml(path), str(path))


def normalise(raw: Any, where: str, given: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return the configuration in its general form, checked and complete.

    Args:
        raw: as read from YAML, in the general or the single-model form. It is not changed.
        where: the file's name, for messages.
        given: the part of `raw` that comes from the command line, where nested values are texts. They are
            read by their schema's types, but for `params`.

    Raises:
        ConfigError: naming the first key that is wrong and what is allowed there.
    """
    if not isinstance(raw, dict):
        raise ConfigError("not a mapping of keys to values", where=where)
    check_json_values(raw, where)
    data: dict[str, Any] = json.loads(json.dumps(raw))
    if is_single_model(data):
        data = to_general(data, where)
    elif given:
        data = typed_texts(Config, data, given)
    return validated(Config, data, where).model_dump(mode="json")


def from_dict(data: dict[str, Any]) -> Config:
    """Return a normalised configuration as a model."""
    return Config.model_validate(data)
