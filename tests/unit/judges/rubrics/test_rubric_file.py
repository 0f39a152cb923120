"""Reading a rubric's file."""

import pytest
import yaml
from judging_by_hand import item

from snakedit.core.errors import ConfigError
from snakedit.judges.rubrics.rubric_file import RUBRICS, load_rubric


@pytest.mark.parametrize("path", sorted(RUBRICS.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_shipped_rubric_loads_and_cites_its_source(path):
    rubric = load_rubric(path.stem)
    assert rubric.name == path.stem
    assert len(yaml.safe_load(path.read_text(encoding="utf-8"))["source"]) > 40
    for metric in rubric.metrics:
        for category in ("c", *metric.questions):
            question = rubric.question(metric, item(category=category))
            assert ("make it red" in question) == ("source" in metric.shows)


def test_a_comment_changes_no_content_and_a_word_does(tmp_path):
    text = (RUBRICS / "viescore.yaml").read_text(encoding="utf-8")
    path = tmp_path / "mine.yaml"
    contents = []
    for changed in (text, "# a comment\n" + text, text.replace("Answer", "Reply", 1)):
        path.write_text(changed, encoding="utf-8")
        contents.append(load_rubric(str(path)).content())
    assert contents[0] == contents[1] != contents[2]


def test_single_asks_each_category_with_its_own_prompt():
    prompts = {"c": {"system_prompt": "Be strict.", "user_prompt_template": "{edit_instruction}: 0 to 10?"}}
    rubric = load_rubric("single", prompts)
    (metric,) = rubric.metrics
    assert rubric.question(metric, item()) == "make it red: 0 to 10?"
    assert rubric.system_prompt(item()) == "Be strict."
    other = item(category="other")
    assert rubric.question(metric, other).startswith("The edited picture was made from the source")
    assert rubric.system_prompt(other) == "You are a careful judge of edited photos."


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"formula": "viescor"}, "did you mean 'viescore'"),
        ({"formla": "mean"}, "unknown key 'formla'"),
        ({"metrics": {}}, "metrics"),
        ({"metrics": {"score": {"shows": ["edit"], "scale": [0, 10], "question": "?"}}}, "score"),
        ({"metrics": {"a": {"shows": ["edit"], "scale": [0, 5], "question": "?"}}}, "other metrics"),
        (
            {"formula": "mean", "metrics": {"a": {"shows": ["edit"], "scale": [5, 5], "question": "?"}}},
            "scale",
        ),
        ({"formula": "mean", "metrics": {"a": {"shows": ["sky"], "scale": [0, 5], "question": "?"}}}, "sky"),
        (
            {"formula": "mean", "metrics": {"a": {"shows": ["edit"], "scale": [0, 5], "question": "{x}"}}},
            "no field",
        ),
        ({"cap_by": "succes"}, "did you mean 'success'"),
        ({"formula": "mean", "of": ["sucess"]}, "did you mean 'success'"),
        ({"of": ["success"]}, "other metrics"),
        ({"formula": "rise"}, "other metrics"),
        ({"formula": "mean_of_hundred"}, "another scale"),
        ({"derived": {"low": {"formula": "minn"}}}, "did you mean 'min'"),
        ({"derived": {"success": {"formula": "min"}}}, "a metric already"),
        ({"derived": {"all_five": {"formula": "all_fives"}}}, "another scale"),
        ({"fields": ["a.b"]}, "'a.b' cannot be a field; allowed: letters, digits"),
        (
            {"metrics": {"Good-Looks": {"shows": ["edit"], "scale": [0, 5], "question": "?"}}},
            "'Good-Looks' cannot be a metric; allowed: a to z",
        ),
        (
            {"formula": "mean", "metrics": {"a": {"shows": ["edit"], "scale": "yesno", "question": "?"}}},
            "yes_no, or both ends",
        ),
        (
            {
                "formula": "mean",
                "metrics": {
                    "a": {"shows": ["edit"], "scale": [0, 5], "question": "?", "when": {"has": ["rational"]}}
                },
            },
            "did you mean 'rationale'",
        ),
        (
            {
                "formula": "mean",
                "metrics": {
                    "a": {"shows": ["edit"], "scale": [0, 5], "question": "?", "questions": {"物理": "{x}"}}
                },
            },
            "questions.物理",
        ),
    ],
)
def test_a_wrong_rubric_file_is_one_line(tmp_path, change, message):
    data = yaml.safe_load((RUBRICS / "viescore.yaml").read_text(encoding="utf-8"))
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump({**data, **change}), encoding="utf-8")
    with pytest.raises(ConfigError, match=message) as caught:
        load_rubric(str(path))
    assert "\n" not in str(caught.value)
    assert "mine.yaml" in str(caught.value)


@pytest.mark.parametrize(
    ("name", "metric"), [("viescore", "success"), ("viescore", "artefacts"), ("rise", "reasoning")]
)
@pytest.mark.parametrize("change", [{"when": {"has": ["tags"]}}, {"shows": ["edit", "reference"]}])
def test_a_metric_that_a_formula_needs_must_be_asked_of_every_item(tmp_path, name, metric, change):
    data = yaml.safe_load((RUBRICS / f"{name}.yaml").read_text(encoding="utf-8"))
    data["metrics"][metric] |= change
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump(data), encoding="utf-8")
    with pytest.raises(ConfigError, match=f"mine.yaml: 'formula': '{name}' needs '{metric}' of every item"):
        load_rubric(str(path))


@pytest.mark.parametrize("name", ["viescor", "nowhere/mine.yaml"])
def test_a_missing_rubric_names_those_there_are(name):
    with pytest.raises(ConfigError, match="imgedit, kris, reedit, rise, single, viescore"):
        load_rubric(name)


def test_prompts_need_a_rubric_of_one_metric():
    with pytest.raises(ConfigError, match="such as single"):
        load_rubric("viescore", {"c": {"user_prompt_template": "?"}})
