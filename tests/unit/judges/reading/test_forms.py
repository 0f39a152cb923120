import pytest

from snakedit.judges.reading.forms import NUMBER, YES_NO, labelled, leading, unwrapped


@pytest.mark.parametrize(
    ("text", "value", "top"),
    [
        ("7", 7, None),
        ("(7).", 7, None),
        ("$7$", 7, None),
        ("-1", -1, None),
        ("7,5", 7.5, None),
        ("7/10", 7, 10),
        ("8分/10分", 8, 10),
        ("4/5 stars", 4, 5),
        ("7 out of 10 (good)", 7, 10),
        ("二十五分", 25, None),
        ("一百分", 100, None),
        ("一百零五分", 105, None),
    ],
)
def test_a_number_with_what_belongs_to_it(text, value, top):
    answer = NUMBER.read(text)
    assert (answer.value, answer.top) == (value, top)


@pytest.mark.parametrize(
    "text", ["7 hats", "7)", "$7", "~7", "7+", "7%", "1e1", "1,000", "7-8", "- 1", "七", "7²", '7"']
)
def test_what_is_no_number_by_itself(text):
    assert NUMBER.read(text) is None


@pytest.mark.parametrize(
    "text",
    [
        *(
            "Score: 7",
            "Final score (0-10): 7",
            "the answer is 7",
            "score 7",
            "Overall: 7",
            "Success: 7",
            "success score: 7",
        ),
        *("I'd give this edit a 7", "The edit deserves a rating of 7, as the sky was lost", "所以我给7分"),
        *(
            "Score: 7 because the sky is lost",
            "Score: 7 - the sky is lost",
            "On a scale from 0 to 10, I rate it 7",
        ),
    ],
)
def test_a_line_that_states_its_answer(text):
    assert labelled(text, NUMBER, "success").value == 7


@pytest.mark.parametrize(
    "text",
    [
        *(
            "Success 7",
            "Success: 7 hats",
            "Success: 7, as it should be",
            "Consistency: 7",
            "Expected score: 7",
        ),
        *(
            "Score: 7 hats",
            "Score 7: all is done",
            "Score: 7 (success), 3 (rest)",
            "Score: 7, if the sky were kept",
        ),
        *(
            "Score: 7 or 8",
            "A score of 7 is given",
            "给7只猫",
            "I rate it 7 hats",
            "Score: - 7",
            "The score of the game: 7",
        ),
    ],
)
def test_a_line_that_states_none(text):
    assert labelled(text, NUMBER, "success") is None


def test_a_reply_begins_with_its_answer_unless_it_lists_the_scale():
    assert leading(["8 - the sky is kept"], NUMBER)[0][0].value == 8
    assert leading(["No. The sky is lost."], YES_NO) == ([YES_NO.read("no")], " The sky is lost.")
    assert leading(["0: nothing", "5: half"], NUMBER)[0] == []
    assert leading(["No. 5 is gone."], YES_NO)[0] == []


@pytest.mark.parametrize(
    ("text", "top"),
    [
        *(
            ("Score (1-5): 4", 5),
            ("Rating (out of 5): 4", 5),
            ("Score (1–5): 4/10", 10),
            ("Score 0-10: 4", 10),
        ),
        *(("On a scale of 1 to 5, I rate this 4.", 5), ("Score: 4 (on a scale of 1 to 5)", 5)),
        *(("Score (1): 4", None), ("Score: 4", None)),
    ],
)
def test_an_answer_knows_the_scale_that_stands_beside_it(text, top):
    answer = labelled(text, NUMBER, "success")
    assert (answer.value, answer.top) == (4, top)


@pytest.mark.parametrize("begin", ["Score: ", "Given the edit, "])
def test_a_beginning_that_is_repeated_without_end_is_no_error(begin):
    assert labelled(begin * 5000, NUMBER, "success") is None


def test_only_whole_pairs_are_unwrapped():
    assert (unwrapped("(“7”)."), unwrapped('7"'), unwrapped("")) == ("7", '7"', "")
