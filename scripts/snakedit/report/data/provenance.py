"""provenance.json: the origin of a report's numbers, so that others can reproduce them.

It holds no API keys, which no configuration contains, and no names of users and hosts.
"""

import json
import os
import platform
import re
import subprocess
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import psutil

import snakedit
from snakedit.core.hashing import fingerprint
from snakedit.report.data.how_made import RecordStats, ResultStats
from snakedit.workflow.resolved import ResolvedModel, Run

REPORT_LIBRARIES = ("snakemake", "numpy", "scipy", "pandas", "pyarrow", "altair", "vl-convert-python")
_USER_IN_ADDRESS = re.compile(r"(?<=://)[^/@\s]+@")


def provenance(benchmark: str, run: Run, git: Mapping[str, Any], stats: ResultStats) -> dict[str, Any]:
    """Return the content of provenance.json. Reports that differ in nothing have equal contents.

    Args:
        git: as `git_state` returns it.
    """
    content: dict[str, Any] = _anonymous(
        {
            "benchmark": benchmark,
            "snakedit": {"version": snakedit.__version__, "git": dict(git)},
            "editors": {
                name: {**_identity(run.source["editors"][name], editor), **_records(stats.editors[name])}
                for name, editor in run.editors.items()
            },
            "judges": {
                name: {
                    **_identity(run.source["judges"][name], judge),
                    "rubric": judge.recipe["rubric"]["name"],
                    "rubric_sha256": fingerprint(judge.recipe["rubric"]),
                    **_records(stats.judges[name]),
                }
                for name, judge in run.judges.items()
            },
            "report": {
                "python": platform.python_version(),
                "libraries": {name: _version(name) for name in REPORT_LIBRARIES},
                "machine": machine(),
            },
            "config": run.source,
        }
    )
    return content


def provenance_text(content: Mapping[str, Any]) -> str:
    """Return the content as indented JSON."""
    return json.dumps(content, ensure_ascii=False, indent=1) + "\n"


def machine() -> dict[str, Any]:
    """Return a description of this machine, without its name."""
    return {
        "system": platform.system(),
        "release": platform.release(),
        "architecture": platform.machine(),
        "cpus": os.cpu_count(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
    }


def git_state(folder: Path) -> dict[str, Any]:
    """Return a checkout's commit and whether it was changed since; None for both where it is no checkout."""

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


def _identity(entry: Mapping[str, Any], model: ResolvedModel) -> dict[str, Any]:
    """A model by its name in the configuration and by its weights."""
    recipe = model.recipe
    return {
        "type": recipe["type"],
        "model": entry["model"],
        "revision": entry["revision"],
        # A hub model's commit, or the hash of a folder's json and safetensors files.
        "weights": recipe["revision"],
        "params": recipe["params"],
    }


def _records(stats: RecordStats) -> dict[str, Any]:
    return {
        "records": dict(sorted(stats.statuses.items())),
        "first_started": stats.first or None,
        "last_started": stats.last or None,
        "median_seconds": stats.median_seconds,
        "made_with": {name: dict(sorted(counts.items())) for name, counts in sorted(stats.versions.items())},
    }


def _anonymous(value: Any) -> Any:
    """Put ``~`` for the home folder and ``.`` for the working directory, and drop users from addresses."""
    if isinstance(value, Mapping):
        return {key: _anonymous(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_anonymous(entry) for entry in value]
    if not isinstance(value, str):
        return value
    for folder, short in ((Path.cwd(), "."), (Path.home(), "~")):
        if folder != Path("/") and (value == str(folder) or value.startswith(f"{folder}/")):
            value = short + value[len(str(folder)) :]
    return _USER_IN_ADDRESS.sub("", value)
