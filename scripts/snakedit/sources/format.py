"""The base class of benchmark formats."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any, ClassVar

from snakedit.config.params import FamilyParams, NoParams
from snakedit.config.schema import BenchmarkConfig
from snakedit.sources.rows import Place, SourceRow


class Format(ABC):
    """A benchmark in one format. It reads the benchmark's rows; nothing is read by the constructor.

    Class attributes:
        Params: a model whose fields are the keys allowed in the benchmark's `params`. Those that
            are not at their default are part of what the items depend on.
        languages: the values that it takes as the benchmark's `language`; None for any.
    """

    Params: ClassVar[type[FamilyParams]] = NoParams
    languages: ClassVar[tuple[str, ...] | None] = None

    def __init__(self, benchmark: BenchmarkConfig, params: Any) -> None:
        """Keep the benchmark's configuration.

        Args:
            params: an instance of `Params`.
        """
        self.benchmark, self.params = benchmark, params

    @abstractmethod
    def stamp(self) -> str:
        """Return a text that changes when the source may have changed, without reading its content.

        Raises:
            SourceError: if the source does not exist.
        """

    @abstractmethod
    def rows(self, start: Place | None = None) -> Iterator[SourceRow]:
        """Yield the rows in the source's order, one in memory at a time.

        Args:
            start: the place of a row, as it came from this format, of an unchanged source. The rows before
                it may be skipped, which saves time. A format may ignore it.

        Raises:
            SourceError: naming the file and the line, if the source as a whole cannot be read.
        """
