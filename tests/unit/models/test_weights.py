import errno
import fnmatch
import json
import shutil
import socket
from pathlib import Path
from types import SimpleNamespace

import huggingface_hub
import numpy as np
import pytest
from huggingface_hub._tree_cache import TreeCacheEntry, write_tree_cache
from huggingface_hub.errors import LocalEntryNotFoundError, OfflineModeIsEnabled
from judging_by_hand import settings
from safetensors.numpy import save_file

from snakedit.core.errors import CheckpointError
from snakedit.editors.qwen_image_edit import QwenImageEdit, QwenImageEditParams
from snakedit.judges.qwen3_vl import Qwen3VL
from snakedit.judges.qwen3_vl_params import Qwen3VLParams
from snakedit.models.identity import HUB_TIMEOUT_S, hub_revision
from snakedit.models.weights import FILES, loaded_bytes, local_folder, own_files

COMMIT = "0123456789abcdef0123456789abcdef01234567"


class TransportError(Exception):
    """Stands for what the hub client's HTTP library raises without a network."""


class FakeHttpError(Exception):
    """Stands for the errors of the hub client's HTTP library, which are no OSError."""


@pytest.fixture
def hub(monkeypatch, tmp_path):
    """Stands for the hub: an empty local cache, the files of a model, and the outcome of a download."""
    hub = SimpleNamespace(cache=tmp_path / "hub", names=[], model_index=None, outcome="somewhere", calls=[])

    class Api:
        def model_info(self, model, revision, timeout):
            hub.calls.append(("info", timeout))
            if isinstance(hub.outcome, Exception):
                raise hub.outcome
            return SimpleNamespace(siblings=[SimpleNamespace(rfilename=name) for name in hub.names])

    def hf_hub_download(model, name, revision):
        path = tmp_path / name
        path.write_text(json.dumps(hub.model_index))
        return str(path)

    def snapshot_download(model, revision, allow_patterns):
        hub.calls.append((model, revision, allow_patterns))
        return hub.outcome

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(hub.cache))
    monkeypatch.setattr(huggingface_hub, "HfApi", Api)
    monkeypatch.setattr(huggingface_hub, "hf_hub_download", hf_hub_download)
    monkeypatch.setattr(huggingface_hub, "snapshot_download", snapshot_download)
    return hub


def in_cache(hub, files, tree=None):
    """Write a snapshot as the hub's client does; `tree` is its list of all files of the commit."""
    repository = hub.cache / "models--owner--name"
    for name, content in files.items():
        path = repository / "snapshots" / COMMIT / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    if tree is not None:
        entries = {
            name: TreeCacheEntry(size=1, blob_id="0" * 40, lfs_sha256=None, lfs_size=None, xet_hash=None)
            for name in tree
        }
        write_tree_cache(str(repository), COMMIT, entries)
    return str(repository / "snapshots" / COMMIT)


def test_a_local_folder_is_taken_as_it_is(tmp_path):
    assert local_folder(str(tmp_path), None) == str(tmp_path)


@pytest.mark.parametrize("model", ["./nowhere", "/nowhere/at/all", "results/.demo/nowhere"])
def test_a_missing_folder_is_told_in_one_line(model):
    with pytest.raises(CheckpointError, match="no such folder"):
        local_folder(model, None)


def test_a_hub_model_is_downloaded_at_its_commit(hub):
    hub.names = ["config.json", "model.safetensors"]
    assert local_folder("owner/name", COMMIT) == "somewhere"
    assert hub.calls == [("info", HUB_TIMEOUT_S), ("owner/name", COMMIT, hub.names)]


PIPELINE = {
    "_class_name": "QwenImageEditPlusPipeline",
    "transformer": ["diffusers", "QwenImageTransformer2DModel"],
    "text_encoder": ["transformers", "Qwen2_5_VLForConditionalGeneration"],
    "scheduler": ["diffusers", "FlowMatchEulerDiscreteScheduler"],
    "safety_checker": [None, None],
}
OWN = [
    "model_index.json",
    "transformer/config.json",
    "transformer/diffusion_pytorch_model.safetensors.index.json",
    "transformer/diffusion_pytorch_model-00001-of-00002.safetensors",
    "transformer/diffusion_pytorch_model-00002-of-00002.safetensors",
    "text_encoder/config.json",
    "text_encoder/model.safetensors",
    "scheduler/scheduler_config.json",
]
TWINS = [
    "qwen_image_edit_2511.safetensors",
    "split_files/diffusion_models/qwen_bf16.safetensors",
    "transformer/diffusion_pytorch_model.fp16.safetensors",
    "text_encoder/model.fp16.safetensors",
    "safety_checker/model.safetensors",
    "transformer/diffusion_pytorch_model.bin",
]


def test_only_the_pipelines_own_files_are_downloaded(hub):
    hub.names, hub.model_index = [*TWINS, *OWN, "README.md"], PIPELINE
    local_folder("owner/name", COMMIT)
    assert hub.calls[-1] == ("owner/name", COMMIT, OWN)


@pytest.mark.parametrize(
    ("names", "own"),
    [
        (["a/x [1].json"], ["a/x [1].json"]),
        (["model.safetensors", "consolidated.safetensors", "model.fp8.safetensors"], ["model.safetensors"]),
        # A family of the user's may have its own layout.
        (["ema.safetensors", "vae/ae.safetensors"], ["ema.safetensors", "vae/ae.safetensors"]),
    ],
)
def test_of_a_model_that_is_no_pipeline_only_twins_are_left_out(names, own):
    assert own_files(names, None) == own


SHARDS = json.dumps({"weight_map": {"a": OWN[3].split("/")[1], "b": OWN[4].split("/")[1]}})
WHOLE = {**dict.fromkeys(OWN, "{}"), OWN[0]: json.dumps(PIPELINE), OWN[2]: SHARDS}


@pytest.mark.parametrize("tree", [None, [*OWN, *TWINS]], ids=["older library", "with its list of files"])
def test_cached_weights_are_taken_without_asking_the_hub(hub, tree):
    folder = in_cache(hub, WHOLE, tree)
    assert local_folder("owner/name", COMMIT) == folder
    assert hub.calls == []


@pytest.mark.parametrize("kind", ["judge", "editor"])
def test_an_offline_node_loads_cached_weights_without_a_single_request(hub, kind, request, monkeypatch):
    requests = []

    def refuse(*address):
        requests.append(address)
        raise OSError("Network is unreachable")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    shutil.copytree(request.getfixturevalue(f"tiny_{kind}"), in_cache(hub, {}))
    folder = local_folder("owner/name", COMMIT)
    if kind == "judge":
        Qwen3VL(folder, Qwen3VLParams(dtype="float32"), "cpu", settings())
    else:
        QwenImageEdit(folder, QwenImageEditParams(dtype="float32"), "cpu")
    assert (hub.calls, requests) == ([], [])


@pytest.mark.parametrize("tree", [None, [*OWN, *TWINS]], ids=["older library", "with its list of files"])
@pytest.mark.parametrize("missing", [OWN[4], OWN[6], OWN[7]])
def test_a_download_that_was_cut_off_is_completed(hub, tree, missing):
    in_cache(hub, {name: content for name, content in WHOLE.items() if name != missing}, tree)
    hub.names, hub.model_index = OWN, PIPELINE
    assert local_folder("owner/name", COMMIT) == "somewhere"
    assert hub.calls[-1] == ("owner/name", COMMIT, OWN)


@pytest.mark.parametrize(
    ("files", "is_whole"),
    [
        ({"config.json": "{}", "model.safetensors": ""}, True),
        ({"config.json": "{}"}, False),
        ({"tokenizer.json": "{}"}, False),
    ],
)
def test_a_cached_judge_is_whole_with_its_weights(hub, files, is_whole):
    folder = in_cache(hub, files)
    assert local_folder("owner/name", COMMIT) == (folder if is_whole else "somewhere")


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
        (OfflineModeIsEnabled("offline mode is enabled"), "where there is a network"),
        (TransportError("[Errno -3] Temporary failure in name resolution"), "where there is a network"),
        (OSError(errno.ENOSPC, "No space left on device"), "set HF_HOME to another disk"),
        (FakeHttpError("connection refused"), "connection refused"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_download_that_fails_is_told_in_one_line_with_a_way_on(hub, error, hint):
    hub.outcome = error
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
