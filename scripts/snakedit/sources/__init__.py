"""Benchmark formats. To add one, write its module and add its line here."""

from typing import Any

from snakedit.config.params import read_params
from snakedit.config.schema import BenchmarkConfig
from snakedit.core.errors import ConfigError
from snakedit.core.registry import Registry
from snakedit.sources.format import Format

FORMATS: Registry[type[Format]] = Registry(
    {
        "base64_json": "snakedit.sources.base64_json:Base64Json",
        "folder": "snakedit.sources.folder:Folder",
    },
    base="snakedit.sources.format:Format",
    group="snakedit.formats",
)


def open_source(benchmark: BenchmarkConfig) -> Format:
    """Return a benchmark's format, ready to read.

    Raises:
        ConfigError: for an unknown format, params that it does not take, or a language that it does not have.
    """
    key = f"benchmarks.{benchmark.name}"
    kind = FORMATS.find(benchmark.format, f"{key}.format")
    if kind.languages is not None and benchmark.language not in kind.languages:
        raise ConfigError(
            f"the format '{benchmark.format}' has no instructions in '{benchmark.language}'",
            where=f"{key}.language",
            allowed=", ".join(kind.languages),
        )
    params: Any = read_params(kind.Params, benchmark.params, f"{key}.params")
    return kind(benchmark, params)
