import pytest

from snakedit.demo.checkpoints.tokenizer import SPECIAL_TOKENS, build_tokenizer


@pytest.fixture(scope="module")
def tokenizer():
    return build_tokenizer()


@pytest.mark.parametrize("text", ["Turn it grey.", 'Say "no".\nThen \x07 猫 10 <|im_end|>', "  naïve …  "])
def test_it_can_spell_any_text(tokenizer, text):
    ids = tokenizer(text, add_special_tokens=False)["input_ids"]
    assert tokenizer.decode(ids) == text


@pytest.mark.parametrize("word", [*"0123456789", "yes", "no", "Yes", "No", *SPECIAL_TOKENS])
def test_digits_and_the_words_of_yes_or_no_are_single_tokens(tokenizer, word):
    assert len(tokenizer(word, add_special_tokens=False)["input_ids"]) == 1


def test_ten_is_two_tokens(tokenizer):
    ids = tokenizer("10", add_special_tokens=False)["input_ids"]
    assert ids == tokenizer.convert_tokens_to_ids(["1", "0"])
