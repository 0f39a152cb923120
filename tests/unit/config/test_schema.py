"""What a configuration may say."""

import json

import pytest
from configs_by_hand import SMALL, changed

from snakedit.config.load import from_dict, normalise
from snakedit.core.errors import ConfigError


def test_defaults_are_filled_in_and_the_given_is_kept():
    config = from_dict(normalise(changed("run", "seed", value=7), "x.yaml"))
    assert (config.run.seed, config.run.devices.kind, config.run.item_timeout) == (7, "auto", 600)
    assert config.judges["j"].rubric == "viescore"
    assert config.benchmarks["b"].categories is None
    assert config.report.min_control_auc == 0.8


def test_an_entry_is_named_by_its_key():
    assert from_dict(normalise(SMALL, "x.yaml")).editors["e"].name == "e"
    with pytest.raises(ConfigError, match="'editors': 'e' holds a 'name'"):
        normalise(changed("editors", "e", value={"type": "identity", "name": "f"}), "x.yaml")


def test_a_number_of_a_recipe_stays_as_it_was_written():
    data = changed("judges", "j", value={"type": "simulated", "min_scale_mass": 0})
    assert json.dumps(from_dict(normalise(data, "x.yaml")).judges["j"].min_scale_mass) == "0"


def test_samples_that_would_never_be_drawn_are_refused():
    data = changed("judges", "j", value={"type": "simulated", "samples": 3})
    with pytest.raises(ConfigError, match=r"'judges.j.samples': 3 .*reading: generate"):
        normalise(data, "mine.yaml")
    assert normalise(
        changed("judges", "j", value={**data["judges"]["j"], "reading": "generate"}), "mine.yaml"
    )
