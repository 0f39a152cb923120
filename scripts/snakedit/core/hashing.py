"""Canonical JSON and sha256: the one hash of a value or a file."""

import hashlib
import json
from pathlib import Path


def canonical(value: object) -> str:
    """Return the one JSON text that equal values share: sorted keys, no spaces, UTF-8."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def fingerprint(value: object) -> str:
    """Return the sha256 of a value's canonical JSON, 64 hex digits."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()


def file_sha256(path: str | Path) -> str:
    """Return a file's sha256, 64 hex digits."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
