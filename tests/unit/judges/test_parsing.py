import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snakedit.judges.parsing import UnreadableReplyError, read_number


@pytest.mark.parametrize(
    ("reply", "number"),
    [
        ("7", 7),
        (" 7.\n", 7),
        ("8.500", 8.5),
        ("**4**", 4),
        ("Score: 4", 4),
        ("score = 7", 7),
        ("Score - 3", 3),
        ("Rating: **6**", 6),
        ("I would give it a score of 5.", 5),
        ("4/10", 4),
        ("9 out of 10", 9),
        ("Score: 8/10, since the sky is kept.", 8),
        ('{"score": 3}', 3),
        ('```json\n{"reasoning": "2 hats", "score": 6}\n```', 6),
        ("<think>maybe 3, maybe 4</think>\n5", 5),
        ("评分：8", 8),
        ("得分：７", 7),
        ("The edit follows the instruction. 9", 9),
        ("Score: 4. Again: score: 4", 4),
    ],
)
def test_an_answer_that_can_be_read_is_read(reply, number):
    assert read_number(reply, 0, 10) == number


@pytest.mark.parametrize(
    "reply",
    [
        "",
        "   ",
        "I cannot judge this image.",
        "11",
        "-3",
        "Score: 4/5",
        "between 3 and 4",
        "Score: 3 ... Score: 5",
        '{"score": 3} {"score": 4}',
        "100%",
        "7-8",
        "v2.1.3",
        "Score: seven",
    ],
)
def test_an_answer_that_cannot_be_read_for_certain_is_refused(reply):
    with pytest.raises(UnreadableReplyError):
        read_number(reply, 0, 10)


@given(
    st.one_of(st.text(), st.from_regex(r"[a-zA-Z ]{0,9}[:=]? ?\*{0,2}[0-9]{1,3}(\.[0-9]+)?(/[0-9]+)?.{0,9}"))
)
def test_no_number_is_returned_that_does_not_stand_in_the_text(reply):
    try:
        number = read_number(reply, 0, 10)
    except UnreadableReplyError:
        return
    written = re.findall(r"\d+(?:\.\d+)?", unicodedata.normalize("NFKC", reply))
    assert number in {float(text) for text in written}
    assert 0 <= number <= 10
