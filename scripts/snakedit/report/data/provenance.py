"""provenance.json: what a report's numbers came from, so that somebody else can get them again.

It holds neither API keys, which no configuration contains, nor names of users and hosts.
"""

import json
import os
import platform
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import psutil

import snakedit
from snakedit.core.hashing import fingerprint
from snakedit.report.data.how_made import Made, Making

LIBRARIES = ("snakemake", "numpy", "scipy", "pandas", "pyarrow", "altair", "vl-convert-python")
_USER_IN_ADDRESS = re.compile(r"(?<=://)[^/@\s]+@")


@dataclass(frozen=True)
class Origin:
    """What a report was made from beside its records.

    Attributes:
        config: the whole configuration, normalised.
        editors, judges: name → what its results depend on (`snakedit.recipe`): type, model, revision or
            weight hash, parameters; a judge's also holds its rubric.
        git: what `git_state` returns.
    """

    config: Mapping[str, Any]
    editors: Mapping[str, Mapping[str, Any]]
    judges: Mapping[str, Mapping[str, Any]]
    git: Mapping[str, Any]


def provenance(benchmark: str, origin: Origin, making: Making) -> dict[str, Any]:
    """Return the content of provenance.json; only what differs between two reports differs in it."""
    content: dict[str, Any] = _without_places(
        {
            "benchmark": benchmark,
            "snakedit": {"version": snakedit.__version__, "git": dict(origin.git)},
            "editors": {
                name: {**_model(origin.config["editors"][name], recipe), **_made(making.editors[name])}
                for name, recipe in origin.editors.items()
            },
            "judges": {
                name: {
                    **_model(origin.config["judges"][name], recipe),
                    "rubric": recipe["rubric"]["name"],
                    "rubric_sha256": fingerprint(recipe["rubric"]),
                    **_made(making.judges[name]),
                }
                for name, recipe in origin.judges.items()
            },
            "report": {
                "python": platform.python_version(),
                "libraries": {name: _version(name) for name in LIBRARIES},
                "machine": machine(),
            },
            "config": origin.config,
        }
    )
    return content


def provenance_text(content: Mapping[str, Any]) -> str:
    """Return it as JSON, indented."""
    return json.dumps(content, ensure_ascii=False, indent=1) + "\n"


def machine() -> dict[str, Any]:
    """Return what this machine is, without its name."""
    return {
        "system": platform.system(),
        "release": platform.release(),
        "architecture": platform.machine(),
        "cpus": os.cpu_count(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
    }


def git_state(folder: Path) -> dict[str, Any]:
    """Return a checkout's commit and whether it was changed since; nulls where it is no checkout."""

    def git(*arguments: str) -> str | None:
        try:
            done = subprocess.run(
                ["git", "-C", str(folder), *arguments], capture_output=True, text=True, timeout=30
            )
        except (OSError, subprocess.TimeoutExpired):
            return None
        return done.stdout.strip() if done.returncode == 0 else None

    commit = git("rev-parse", "HEAD")
    changed = git("status", "--porcelain", "--untracked-files=no") if commit else None
    return {"commit": commit, "changed": None if changed is None else bool(changed)}


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _model(entry: Mapping[str, Any], recipe: Mapping[str, Any]) -> dict[str, Any]:
    """A model by the name in the configuration and by what its weights are."""
    return {
        "type": recipe["type"],
        "model": entry["model"],
        "revision": entry["revision"],
        # A hub model's commit, or the hash of a folder's json and safetensors files.
        "weights": recipe["revision"],
        "params": recipe["params"],
    }


def _made(made: Made) -> dict[str, Any]:
    return {
        "records": dict(sorted(made.statuses.items())),
        "first_started": made.first or None,
        "last_started": made.last or None,
        "median_seconds": made.median_seconds,
        "made_with": {name: dict(sorted(used.items())) for name, used in sorted(made.versions.items())},
    }


def _without_places(value: Any) -> Any:
    """Put ``~`` for the home folder and ``.`` for the working directory, and take users out of addresses."""
    if isinstance(value, Mapping):
        return {key: _without_places(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_without_places(entry) for entry in value]
    if not isinstance(value, str):
        return value
    for folder, short in ((Path.cwd(), "."), (Path.home(), "~")):
        if folder != Path("/") and (value == str(folder) or value.startswith(f"{folder}/")):
            value = short + value[len(str(folder)) :]
    return _USER_IN_ADDRESS.sub("", value)
