import copy
import math
from datetime import date

import pytest
import yaml
from configs_by_hand import SMALL, changed

from snakedit.config.load import CONFIG_FOLDER, load, normalise
from snakedit.core.errors import ConfigError

# As YAML's anchors can make it.
IN_ITSELF = {}
IN_ITSELF["devices"] = IN_ITSELF


def test_what_was_read_is_not_changed():
    data = copy.deepcopy(SMALL)
    normalise(data, "x.yaml")
    assert data == SMALL


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (changed("editrs", value={}), "unknown key 'editrs'.*did you mean 'editors'"),
        (changed("editors", "e", "modle", value="x"), r"'editors\.e\.modle'.*did you mean 'model'"),
        (changed("benchmarks", "b", "catgories", value=[]), "did you mean 'categories'"),
        (changed("judges", "j", "batchsize", value=4), "did you mean 'batch_size'"),
        (changed("run", "devices", "knd", value="cpu"), r"'run\.devices\.knd'.*did you mean 'kind'"),
        (changed("report", "min_auc", value=1), "did you mean 'min_control_auc'"),
        (
            changed("run", "seed", value="seven"),
            r"'run\.seed': 'seven' has the wrong type; allowed: .* from 0 to 4294967295$",
        ),
        (
            changed("benchmarks", "b", "limit", value="ten"),
            "'ten' .*; allowed: a whole number of 1 or more, null$",
        ),
        (
            changed("editors", "e", value=None),
            "'editors.e': null has.*; allowed: a mapping of keys to values$",
        ),
        (changed("run", "resident", value="yes"), "'yes' has the wrong type; allowed: true, false$"),
        (
            changed("run", "seed", value=-1),
            r"'run\.seed': -1 is out of range; allowed: .* from 0 to 4294967295$",
        ),
        (changed("run", "idle_timeout", value=0), "0 is out of range; allowed: a number above 0$"),
        (changed("report", "min_control_auc", value=2), "2 is out of range; allowed: a number from 0 to 1$"),
        (changed("judges", "j", "reading", value="logits"), "'logits' is not known.*expected, generate"),
        (changed("judges", "j", "batch_size", value=0), r"'judges\.j\.batch_size'"),
        (changed("benchmarks", "b", "categories", value=[True]), r"benchmarks\.b\.categories\.0"),
        (changed("benchmarks", "b", "limit", value=0), r"benchmarks\.b\.limit"),
        (changed("run", "refresh", value=["edit"]), "'edit' is not known.*edits, scores"),
        (changed("editors", "a/b", value={"type": "identity"}), "'a/b' cannot be a name"),
        (changed("editors", "a\n", value={"type": "identity"}), r"'a\\n' cannot be a name"),
        (changed("benchmark", value={"b": {}}), "unknown key 'benchmark'; did you mean 'benchmarks'"),
        (changed("benchmarks", ".run", value={"format": "folder", "path": "x"}), "'.run' cannot be a name"),
        (
            changed("benchmarks", "b", "path", value="a{x}.json"),
            r"'benchmarks\.b\.path': 'a\{x\}.json' cannot be a path; allowed: one without",
        ),
        ({k: v for k, v in SMALL.items() if k != "judges"}, "the key 'judges' is missing"),
        (changed("editors", "e", value={}), "'editors.e': the key 'type' is missing"),
        (
            changed("editors", "e", "revision", value=date(2026, 1, 2)),
            r"'editors\.e\.revision': 2026-01-02.*quotes",
        ),
        (changed("editors", date(2026, 1, 2), value={}), r"'editors\.2026-01-02'.*quotes"),
        (changed("run", "ids", value={"a"}), r"'run\.ids': .*type set"),
        (changed("run", "item_timeout", value=math.nan), r"'run\.item_timeout': nan.*a finite number"),
        (changed("run", "devices", "ids", value=[0, math.inf]), r"'run\.devices\.ids\.1': inf"),
        (changed("run", "devices", value=IN_ITSELF), r"'run\.devices\.devices' is nested"),
        ([], "not a mapping"),
        (None, "not a mapping"),
    ],
)
def test_a_mistake_is_one_line_that_names_the_file_and_the_key(data, message):
    with pytest.raises(ConfigError, match=message) as caught:
        normalise(data, "mine.yaml")
    assert str(caught.value).startswith("mine.yaml: ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("run:\n  seed: seven\n", r"x\.yaml:2: 'run\.seed': 'seven' has the wrong type"),
        ("run:\n  devices: {kind: gpu}\n", r"x\.yaml:2: 'run\.devices\.kind': 'gpu' is not known"),
        ("run:\n  refresh:\n  - edits\n  - score\n", r"x\.yaml:4: 'run\.refresh\.1': 'score' .* 'scores'"),
        ("run: {}\nreprot: {}\n", r"x\.yaml:2: unknown key 'reprot'; did you mean 'report'"),
        ("report:\n  a: 2026-01-02\n", r"x\.yaml:2: 'report\.a': 2026-01-02 is of type date"),
        ("run:\n  devices:\n    <<: {kind: gpu}\n", r"x\.yaml:3: 'run\.devices\.kind': 'gpu' is not known"),
    ],
)
def test_a_mistake_in_a_file_names_its_line(tmp_path, text, message):
    path = tmp_path / "x.yaml"
    path.write_text(text + yaml.safe_dump(SMALL))
    with pytest.raises(ConfigError, match=message):
        load(path)


def test_a_value_from_elsewhere_than_the_file_has_no_line(tmp_path):
    path = tmp_path / "x.yaml"
    path.write_text("run: {seed: 1}\n" + yaml.safe_dump(SMALL))
    with pytest.raises(ConfigError, match=r"x\.yaml: 'run\.seed': -1 is out of range"):
        normalise(changed("run", "seed", value=-1), str(path))


@pytest.mark.parametrize("name", [path.name for path in CONFIG_FOLDER.glob("*.yaml")])
def test_every_shipped_file_is_valid(name):
    config = load(CONFIG_FOLDER / name)
    assert config.editors
    assert config.judges


@pytest.mark.parametrize(
    "text", ["!!python/object/apply:os.system [id]", "a: [", "\xff", "a: b: c"], ids=range(4)
)
def test_yaml_that_is_broken_or_not_safe_is_one_line(tmp_path, text):
    path = tmp_path / "x.yaml"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(ConfigError, match=r"x\.yaml: (not YAML|cannot be read)") as caught:
        load(path)
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_one_line(tmp_path):
    with pytest.raises(ConfigError, match="cannot be read"):
        load(tmp_path / "none.yaml")


@pytest.mark.parametrize("allowed", [0, 3, 0.05, None])
def test_failures_are_allowed_as_a_number_or_a_share(allowed):
    assert normalise({**SMALL, "run": {"max_failures": allowed}}, "c")["run"]["max_failures"] == allowed


@pytest.mark.parametrize("wrong", [-1, 0.0, 1.0, 1.5, "5%", True])
def test_what_is_neither_a_number_nor_a_share_is_refused(wrong):
    with pytest.raises(
        ConfigError, match="allowed: a whole number of 0 or more, a number between 0 and 1, null"
    ):
        normalise({**SMALL, "run": {"max_failures": wrong}}, "c")
