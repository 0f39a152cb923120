"""What a pool must load, and the job that asks for it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from snakedit.runtime.servers.address import Server


@dataclass(frozen=True)
class Work:
    """What a pool must load.

    Attributes:
        stage: ``edit`` or ``score``, or ``serial`` for both in turn.
        settings: given to the loader in each worker; all JSON.
        key: fingerprint of all that the loaded thing depends on.
        needs_device: whether it occupies a device.
        weights: bytes of a model that may be spread over devices, None for one that may not.
        server: which server does the work, or None for work that is done here.
    """

    stage: str
    settings: dict[str, Any]
    key: str
    needs_device: bool = True
    weights: int | None = None
    server: Server | None = None


@dataclass(frozen=True)
class JobContext:
    """Which job this is, and what it may use.

    Attributes:
        label: the editor's or the judge's name.
        category: ``{category}~{shard}`` in the job of a shard.
        device_limit: how many devices its pool may have.
        total: how many items there are to do.
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
