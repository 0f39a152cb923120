"""The model that a pool loads, and the job that uses it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from snakedit.runtime.devices.replicas import MemoryNeed
from snakedit.runtime.servers.address import Server


@dataclass(frozen=True)
class Work:
    """The model that a pool loads.

    Attributes:
        stage: ``edit`` or ``score``, or ``serial`` for both in turn.
        settings: the loader's argument in each worker; JSON only.
        key: fingerprint of everything that the loaded model depends on.
        needs_device: whether it occupies a device.
        weights: bytes of the model if it may be spread over devices, else None.
        need: what it takes if it is never spread and that is known, else None.
        server: the server that does the work, or None if this host does it.
    """

    stage: str
    settings: dict[str, Any]
    key: str
    needs_device: bool = True
    weights: int | None = None
    need: MemoryNeed | None = None
    server: Server | None = None


@dataclass(frozen=True)
class JobContext:
    """The job and the resources that it may use.

    Attributes:
        label: the editor's or the judge's name.
        device_limit: how many devices its pool may have.
        total: how many items it has to process.
        shard: empty in a job of the whole category.
        telemetry_folder: where `{rule}/{label}/{category}.{run}.json` is written, or None for no telemetry.
        resident_command: starts a resident pool (scripts/serve_pool.py), or None for workers of its own.
    """

    rule: str
    label: str
    category: str
    benchmark: str
    device_limit: int
    total: int
    telemetry_folder: Path | None = None
    resident_command: list[str] | None = None
    shard: str = ""

    @property
    def part(self) -> str:
        """The category, or ``{category}~{shard}`` in the job of a shard."""
        return f"{self.category}~{self.shard}" if self.shard else self.category
