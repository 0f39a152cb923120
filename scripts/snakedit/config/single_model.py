"""The single-model configuration form: one benchmark, one `diffusion_model`, one `reward_model`.

Frozen: files of older scripts are read as they are; new keys belong to the general form.
"""

import re
import sys
from pathlib import Path
from typing import Any

from snakedit.core.errors import ConfigError, did_you_mean

TOP_KEYS = ("benchmark", "diffusion_model", "reward_model", "prompts", "run", "report")
EDITOR_TYPES = {
    "qwen_image_edit": "qwen_image_edit",
    "multi_gpu_qwen_edit": "qwen_image_edit",
    "multi_gpu_qwen_image_edit": "qwen_image_edit",
}
JUDGE_TYPES = {"qwen3_vl": "qwen3_vl"}
EDITOR_PARAMS = (
    "dtype",
    "num_inference_steps",
    "true_cfg_scale",
    "negative_prompt",
    "height",
    "width",
    "condition_side",
    "vae_side",
    "mrope_repair",
    "vae_tiling",
    "offload",
)
JUDGE_PARAMS = ("dtype", "max_new_tokens", "max_pixels", "attention", "device")
_DEVICE = re.compile(r"cuda(?::(?P<index>[0-9]{1,3}))?|auto|cpu")
WITHOUT_MEANING = ("enable_batch_sync", "enable_progress_bar", "use_safetensors")


def is_single_model(raw: dict[str, Any]) -> bool:
    """Whether a configuration is in the single-model form, and not the general one with a key misspelt."""
    if "diffusion_model" in raw or "reward_model" in raw:
        return True
    return "benchmark" in raw and not raw.keys() & {"editors", "judges"}


def to_general(raw: dict[str, Any], where: str) -> dict[str, Any]:
    """Return a single-model configuration in the general form.

    The benchmark is named by its file's stem, editor and judge by their type; the prompts become those
    of the rubric `single`. Keys without a meaning here are named in a warning on stderr.

    Raises:
        ConfigError: naming the key that is missing or unknown.
    """
    for key in raw:
        if key not in TOP_KEYS:
            raise ConfigError(
                f"unknown key '{key}'{did_you_mean(key, TOP_KEYS)}",
                where=where,
                allowed=", ".join(TOP_KEYS),
            )
    benchmark = _section(raw, "benchmark", ("data_path", "categories"), where)
    editor = _section(raw, "diffusion_model", ("type", "params"), where)
    judge = _section(raw, "reward_model", ("type", "params"), where)
    data_path = _required(benchmark, "data_path", "benchmark", where)
    editor_type = _known_type(editor, EDITOR_TYPES, "diffusion_model", where)
    judge_type = _known_type(judge, JUDGE_TYPES, "reward_model", where)
    editor_params = _mapping(editor, "params", "diffusion_model.params", where)
    judge_params = _mapping(judge, "params", "reward_model.params", where)

    run = _mapping(raw, "run", "run", where)
    devices, given = _devices(editor_params, where), run.setdefault("devices", {})
    if isinstance(given, dict) and "kind" not in given:
        run["devices"] = {**devices, **given}
    if "seed" in editor_params:
        run.setdefault("seed", editor_params.pop("seed"))

    return {
        "benchmarks": {
            Path(data_path).stem: {
                "format": "base64_json",
                "path": data_path,
                **({"categories": benchmark["categories"]} if benchmark.get("categories") else {}),
            }
        },
        "editors": {
            editor["type"]: {
                "type": EDITOR_TYPES[editor_type],
                "model": _model(editor_params, "diffusion_model", where),
                "params": _kept(editor_params, EDITOR_PARAMS, "diffusion_model", where),
            }
        },
        "judges": {
            judge["type"]: {
                "type": JUDGE_TYPES[judge_type],
                "rubric": "single",
                "reading": "generate",
                "batch_size": _batch_size(judge_params),
                "model": _model(judge_params, "reward_model", where),
                "prompts": raw.get("prompts") or {},
                "params": _kept(judge_params, JUDGE_PARAMS, "reward_model", where),
            }
        },
        "run": run,
        **({"report": raw["report"]} if raw.get("report") else {}),
    }


def _section(raw: dict[str, Any], name: str, known: tuple[str, ...], where: str) -> dict[str, Any]:
    section = raw.get(name)
    if not isinstance(section, dict):
        raise ConfigError(f"the key '{name}' must hold {', '.join(known)}", where=where)
    for key in section:
        if key not in known:
            raise ConfigError(
                f"unknown key '{name}.{key}'{did_you_mean(key, known)}",
                where=where,
                allowed=", ".join(known),
            )
    return section


def _mapping(section: dict[str, Any], key: str, name: str, where: str) -> dict[str, Any]:
    """Return a copy of what a key holds, empty where it holds nothing."""
    value = section.get(key) or {}
    if not isinstance(value, dict):
        raise ConfigError(f"'{name}': {value!r} is not a mapping of keys to values", where=where)
    return dict(value)


def _required(section: dict[str, Any], key: str, name: str, where: str) -> str:
    if not isinstance(section.get(key), str):
        raise ConfigError(f"the key '{name}.{key}' is missing or not a text", where=where)
    return str(section[key])


def _known_type(section: dict[str, Any], types: dict[str, str], name: str, where: str) -> str:
    value = _required(section, "type", name, where)
    if value not in types:
        raise ConfigError(
            f"'{name}.type': '{value}' is not known{did_you_mean(value, types)}",
            where=where,
            allowed=", ".join(types),
        )
    return value


def _model(params: dict[str, Any], name: str, where: str) -> str:
    return _required({"model_name": params.pop("model_name", None)}, "model_name", f"{name}.params", where)


def _devices(editor_params: dict[str, Any], where: str) -> dict[str, Any]:
    """Return `run.devices`. These files were written for GPUs: without one they must not use the CPU."""
    ids = editor_params.pop("device_ids", None)
    device = str(editor_params.pop("device", None) or "cuda")
    known = _DEVICE.fullmatch(device)
    if known is None:
        raise ConfigError(
            f"'diffusion_model.params.device': '{device}' is not known",
            where=where,
            allowed="cuda, cuda:0, cuda:1 and so on, auto, cpu",
        )
    if device == "cpu":
        return {"kind": "cpu"}
    if known["index"] and ids is None:
        ids = [int(known["index"])]
    return {"kind": "cuda", **({"ids": ids} if ids is not None else {})}


def _batch_size(judge_params: dict[str, Any]) -> int:
    size = judge_params.pop("batch_size", 4)
    return size if judge_params.pop("use_batch_inference", False) else 1


def _kept(params: dict[str, Any], known: tuple[str, ...], name: str, where: str) -> dict[str, Any]:
    # Where a judge runs follows from run.devices; whether it may be spread over several, from `auto`.
    if params.get("device") != "auto":
        params.pop("device", None)
    params = {key: value for key, value in params.items() if key not in ("device_ids", "seed")}
    for key in WITHOUT_MEANING:
        if key in params:
            print(
                f"snakedit: {where}: '{name}.params.{key}' has no meaning here and is passed over",
                file=sys.stderr,
            )
            del params[key]
    for key in params:
        if key not in known:
            raise ConfigError(
                f"unknown key '{name}.params.{key}'{did_you_mean(key, known)}",
                where=where,
                allowed=", ".join((*known, *WITHOUT_MEANING)),
            )
    return params
