import errno
import fnmatch
from pathlib import Path

import huggingface_hub
import numpy as np
import pytest
from huggingface_hub.errors import LocalEntryNotFoundError
from safetensors.numpy import save_file

from snakedit.core.errors import CheckpointError
from snakedit.models.identity import hub_revision
from snakedit.models.weights import FILES, loaded_bytes, local_folder

COMMIT = "0123456789abcdef0123456789abcdef01234567"


class FakeHttpError(Exception):
    """Stands for the errors of the hub client's HTTP library, which are no OSError."""


@pytest.fixture
def download(monkeypatch):
    """Let `snapshot_download` raise what the test puts in, or return a folder."""

    def set_outcome(outcome):
        def snapshot_download(model, **options):
            calls.append((model, options))
            if isinstance(outcome, Exception):
                raise outcome
            return outcome

        monkeypatch.setattr(huggingface_hub, "snapshot_download", snapshot_download)
        return calls

    calls: list[tuple[str, dict[str, object]]] = []
    return set_outcome


def test_a_local_folder_is_taken_as_it_is(tmp_path):
    assert local_folder(str(tmp_path), None) == str(tmp_path)


@pytest.mark.parametrize("model", ["./nowhere", "/nowhere/at/all", "results/.demo/nowhere"])
def test_a_missing_folder_is_told_in_one_line(model):
    with pytest.raises(CheckpointError, match="no such folder"):
        local_folder(model, None)


def test_a_hub_model_is_downloaded_at_its_commit(download):
    calls = download("somewhere")
    assert local_folder("owner/name", COMMIT) == "somewhere"
    assert calls == [("owner/name", {"revision": COMMIT, "allow_patterns": list(FILES)})]


@pytest.mark.parametrize(
    ("name", "is_wanted"),
    [
        ("model_index.json", True),
        ("transformer/diffusion_pytorch_model-00001-of-00005.safetensors", True),
        ("tokenizer/merges.txt", True),
        ("tokenizer/tokenizer.model", True),
        ("processor/chat_template.jinja", True),
        ("pytorch_model.bin", False),
        ("model.pt", False),
        ("model.ckpt", False),
        ("model.pickle", False),
        ("pipeline.py", False),
    ],
)
def test_neither_pickles_nor_code_are_downloaded(name, is_wanted):
    assert any(fnmatch.fnmatch(name, pattern) for pattern in FILES) is is_wanted


@pytest.mark.parametrize(
    ("error", "hint"),
    [
        (LocalEntryNotFoundError("offline\nand more"), "where there is a network"),
        (ConnectionError("offline mode is enabled"), "where there is a network"),
        (OSError(errno.ENOSPC, "No space left on device"), "set HF_HOME to another disk"),
        (FakeHttpError("connection refused"), "connection refused"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_download_that_fails_is_told_in_one_line_with_a_way_on(download, error, hint):
    download(error)
    with pytest.raises(CheckpointError) as caught:
        local_folder("owner/name", COMMIT)
    assert f"owner/name@{COMMIT}: could not be downloaded" in str(caught.value)
    assert hint in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_hub_that_cannot_be_reached_is_told_in_one_line(tmp_path, monkeypatch):
    class Offline(huggingface_hub.HfApi):
        def model_info(self, *args, **options):
            raise FakeHttpError("[Errno 111] Connection refused")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(huggingface_hub, "HfApi", Offline)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(Path(tmp_path, "hub")))
    with pytest.raises(CheckpointError, match=r"owner/name: .*Connection refused.*give a local folder"):
        hub_revision("owner/name", None)


@pytest.mark.parametrize(("dtype", "expected"), [("bfloat16", 2 * 18), ("float32", 4 * 18)])
def test_weights_take_their_numbers_in_the_type_they_are_loaded_as(tmp_path, dtype, expected):
    for name, shape in (("a", (3, 4)), ("b", (6,))):
        save_file({name: np.zeros(shape, "float16")}, tmp_path / f"{name}.safetensors")
    assert loaded_bytes(str(tmp_path), dtype) == expected
    assert loaded_bytes(str(tmp_path), "auto") == sum(p.stat().st_size for p in tmp_path.iterdir())
