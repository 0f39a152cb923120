import math

import pytest
import yaml
from judging_by_hand import item

from snakedit.errors import ConfigError
from snakedit.judges.rubric import RUBRICS, fill, load_rubric


@pytest.mark.parametrize("path", sorted(RUBRICS.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_shipped_rubric_loads_and_cites_its_source(path):
    rubric = load_rubric(path.stem)
    assert rubric.name == path.stem
    assert len(yaml.safe_load(path.read_text(encoding="utf-8"))["source"]) > 40
    for metric in rubric.metrics:
        assert rubric.question(metric, item())


@pytest.mark.parametrize(
    ("values", "score"),
    [
        ({"success": 8, "overediting": 6, "naturalness": 9, "artefacts": 7}, math.sqrt(6 * 7)),
        ({"success": 0, "overediting": 10, "naturalness": 10, "artefacts": 10}, 0),
        ({"success": 10, "overediting": 10, "naturalness": 10, "artefacts": 10}, 10),
        ({"success": 8, "overediting": None, "naturalness": 9, "artefacts": 7}, None),
    ],
)
def test_viescore_is_the_root_of_the_lower_of_each_pair(values, score):
    assert load_rubric("viescore").score(values, item()) == (score if score is None else pytest.approx(score))


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
    assert rubric.question(metric, other).startswith("The first picture")
    assert rubric.system_prompt(other) == "You are a careful judge of edited photos."


def test_a_template_is_filled_from_plain_names_and_keeps_doubled_braces():
    filled = fill('{{"score": …}} {subset} {tags} {original_description}', item(tags=["a", "b"]))
    assert filled == '{"score": …} c a, b '


def test_what_an_item_says_is_never_a_template():
    assert fill("{instruction}", item(instruction="{id.__class__} {0} }{")) == "{id.__class__} {0} }{"


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("{instrction}", "did you mean 'instruction'"),
        ("{instruction.__class__}", "no field"),
        ("{instruction[0]}", "no field"),
        ("{instruction!r}", "no field"),
        ("{instruction:>99}", "no field"),
        ("{}", "no field"),
        ('{"score": 1}', "meant as {{"),
        ("{", "meant as {{"),
    ],
)
def test_a_template_that_names_no_field_is_refused_before_the_run(template, message):
    with pytest.raises(ConfigError, match=message):
        load_rubric("single", {"c": {"user_prompt_template": template}})


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


@pytest.mark.parametrize("name", ["viescor", "nowhere/mine.yaml"])
def test_a_missing_rubric_names_those_there_are(name):
    with pytest.raises(ConfigError, match="single, viescore"):
        load_rubric(name)


def test_prompts_need_a_rubric_of_one_metric():
    with pytest.raises(ConfigError, match="such as single"):
        load_rubric("viescore", {"c": {"user_prompt_template": "?"}})
