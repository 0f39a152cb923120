from snakedit.judges.reading.forms import NUMBER
from snakedit.judges.reading.prose import TAIL_CHARACTERS, TAIL_LINES, answers_in, lines_of, table_pairs


def values(text):
    return [answer.value for answer in answers_in(lines_of(text), NUMBER, "success")]


def test_lines_lose_their_markup_and_blanks():
    assert lines_of("## **Score:**  7\n\n```json\n \t\n`x`") == ["Score: 7", "x"]


def test_of_a_long_reply_the_beginning_and_the_end_are_looked_at():
    many = lines_of("first\n" + "x\n" * 1000 + "last")
    assert (many[0], many[-1], len(many)) == ("first", "last", TAIL_LINES + 1)
    wide = lines_of("first\n" + "x" * 100_000 + " last. 7")
    assert wide[0] == "first"
    assert wide[-1].endswith("last. 7")
    assert sum(map(len, wide)) < TAIL_CHARACTERS + 100
    assert values("x" * 100_000 + ". 7") == [7]


def test_a_quoted_text_and_a_number_in_a_sentence_are_no_answers():
    assert values('The sign says "Score: 3." and 4 hats.\n7') == [7]
    assert values("“Score: 3” is written there.\n7") == [7]


def test_all_answers_are_given_and_what_takes_one_back():
    assert values("Score: 3\nScore: 7") == [3, 7]
    assert values("7\nActually, 6.") == [7, 6]
    assert values("7\nA score of 10 would mean more.") == [7]


def test_a_table_of_one_row_or_two_columns_is_names_and_values():
    assert table_pairs(["| Score | Why |", "|---|:-:|", "| 7 | red |", "x"]) == (
        [("Score", "7"), ("Why", "red")],
        ["x"],
    )
    rows = ["| Metric | Score |", "|---|---|", "| success | 7 |", "| quality | 3 |"]
    assert table_pairs(rows)[0] == [("Metric", "Score"), ("success", "7"), ("quality", "3")]
