import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(autouse=True)
def own_folders(tmp_path, monkeypatch):
    """Locks and sockets of a test are its own. The path is short, since a socket's must be."""
    import tempfile

    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        monkeypatch.setattr(tempfile, "tempdir", folder)
        monkeypatch.setenv("TMPDIR", folder)
        monkeypatch.delenv("SNAKEDIT_LOCK_DIR", raising=False)
        monkeypatch.delenv("SLURM_JOB_ID", raising=False)
        yield
