"""Configuration files with one editor and one judge, as the first version had them."""

import pytest
import yaml

from snakedit.config.load import CONFIG_FOLDER, from_dict, load, normalise
from snakedit.core.errors import ConfigError


def single_model(**changes):
    data = yaml.safe_load((CONFIG_FOLDER / "six_gpus.yaml").read_text(encoding="utf-8"))
    for section, values in changes.items():
        data[section] = {**data.get(section, {}), **values}
    return data


def test_the_six_gpu_file_is_read_as_it_is(capsys):
    config = from_dict(normalise(single_model(), "six.yaml"))
    assert list(config.benchmarks) == ["demo"]
    editor = config.editors["multi_gpu_qwen_edit"]
    assert (editor.type, editor.params["num_inference_steps"]) == ("qwen_image_edit", 2)
    judge = config.judges["qwen3_vl"]
    assert (judge.rubric, judge.reading, judge.batch_size) == ("single", "generate", 4)
    assert set(judge.prompts) == {"colour", "geometry"}
    assert config.run.devices.kind == "cuda"
    assert config.run.devices.ids == (0, 1, 2, 3, 4, 5)
    assert "enable_batch_sync' has no meaning here" in capsys.readouterr().err


@pytest.mark.parametrize(("device", "params"), [("auto", {"device": "auto"}), ("cuda:1", {}), (None, {})])
def test_a_reward_model_may_be_spread_over_devices_but_is_not_put_on_one(device, params):
    reward_model = {
        "type": "qwen3_vl",
        "params": {"model_name": "m", **({"device": device} if device else {})},
    }
    config = from_dict(normalise(single_model(reward_model=reward_model), "six.yaml"))
    assert config.judges["qwen3_vl"].params == params


def test_the_one_gpu_file_judges_one_by_one():
    config = load(CONFIG_FOLDER / "single_gpu.yaml")
    assert config.judges["qwen3_vl"].batch_size == 1
    assert config.run.devices.kind == "cuda"


def test_the_run_section_of_a_single_model_file_chooses_the_cpu():
    data = single_model(run={"devices": {"kind": "cpu"}})
    assert from_dict(normalise(data, "six.yaml")).run.devices.kind == "cpu"


def test_a_run_section_without_a_kind_leaves_a_single_model_file_its_gpus():
    devices = from_dict(normalise(single_model(run={"devices": {"count": 2}}), "six.yaml")).run.devices
    assert (devices.kind, devices.count) == ("cuda", 2)


def test_a_single_model_file_takes_an_editors_params():
    params = {"model_name": "m", "offload": "model", "vae_tiling": True, "mrope_repair": False}
    editor = {"type": "qwen_image_edit", "params": params}
    config = from_dict(normalise(single_model(diffusion_model=editor), "six.yaml"))
    assert config.editors["qwen_image_edit"].params == {k: v for k, v in params.items() if k != "model_name"}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"diffusion_model": {"type": "multi_gpu_qwen"}}, "did you mean 'multi_gpu_qwen_edit'"),
        ({"reward_model": {"type": "clip"}}, "'reward_model.type': 'clip'.*qwen3_vl"),
        ({"diffusion_model": {"params": {"model_name": "m", "step": 2}}}, r"'diffusion_model\.params\.step'"),
        ({"diffusion_model": {"params": {}}}, "model_name' is missing"),
        ({"diffusion_model": {"params": "fast"}}, r"'diffusion_model\.params': 'fast' is not a mapping"),
        ({"reward_model": {"params": ["fast"]}}, r"'reward_model\.params': \['fast'\] is not a mapping"),
        (
            {"diffusion_model": {"params": {"model_name": "m", "device": "cuda:one"}}},
            r"'diffusion_model\.params\.device': 'cuda:one' is not known.*cuda:0",
        ),
        ({"diffusion_model": {"params": {"model_name": "m", "device": "mps"}}}, "'mps' is not known.*cpu"),
        ({"benchmark": {"data_pth": "x"}}, "did you mean 'data_path'"),
        ({"promts": {}}, "did you mean 'prompts'"),
    ],
)
def test_a_mistake_in_a_single_model_file_is_one_line(changes, message):
    with pytest.raises(ConfigError, match=message):
        normalise(single_model(**changes), "six.yaml")


def test_a_run_section_that_is_no_mapping_is_one_line():
    with pytest.raises(ConfigError, match="'run': 'fast' is not a mapping"):
        normalise({**single_model(), "run": "fast"}, "six.yaml")
