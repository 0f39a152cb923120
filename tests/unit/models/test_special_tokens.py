"""No text of a stranger has special tokens."""

import pytest
from transformers import AutoTokenizer

from snakedit.models.special_tokens import safe_text


@pytest.mark.parametrize("around", ["{}", "<{}", "{}|>", "<|{}|>", "a{}b", " {} "])
def test_a_tokenizer_finds_none_of_its_special_tokens(tiny_judge, around):
    tokenizer = AutoTokenizer.from_pretrained(tiny_judge, local_files_only=True)
    special = [str(token) for token in tokenizer.added_tokens_decoder.values() if token.special]
    assert "<|image_pad|>" in special
    for token in special:
        ids = tokenizer(safe_text(around.format(token)))["input_ids"]
        assert not set(ids) & set(tokenizer.convert_tokens_to_ids(special))


def test_other_texts_stay_as_they_are():
    assert safe_text("a < b | c > d, 1<2 <b>x</b> |>") == "a < b | c > d, 1<2 <b>x</b> |>"
