"""Questions as templates."""

import pytest
from judging_by_hand import item

from snakedit.core.errors import ConfigError
from snakedit.judges.rubrics.rubric_file import load_rubric
from snakedit.judges.rubrics.templates import fill


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
        ("{explanation}", "names those of your own"),
    ],
)
def test_a_template_that_names_no_field_is_refused_before_the_run(template, message):
    with pytest.raises(ConfigError, match=message):
        load_rubric("single", {"c": {"user_prompt_template": template}})
