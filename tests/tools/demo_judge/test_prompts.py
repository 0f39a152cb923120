import pytest
from PIL import Image

from tools.demo_judge.edits import NAMES
from tools.demo_judge.prompts import Prompts, build_judge_tokenizer
from tools.demo_judge.wordings import wordings


@pytest.fixture(scope="module")
def prompts():
    return Prompts(build_judge_tokenizer())


@pytest.mark.parametrize("text", ["Turn it grey.", 'Say "no".\nThen \x07 猫 10 <|im_end|>', "  naïve …  "])
def test_the_tokenizer_can_spell_any_text(prompts, text):
    ids = prompts.tokenizer(text, add_special_tokens=False)["input_ids"]
    assert prompts.tokenizer.decode(ids) == text


def test_ten_is_two_tokens_and_a_digit_is_one(prompts):
    ids = prompts.tokenizer("10", add_special_tokens=False)["input_ids"]
    assert ids == [prompts.digits[1], prompts.digits[0]]
    assert len(set(prompts.digits)) == 10


@pytest.mark.parametrize("name", NAMES)
def test_training_reads_the_tokens_that_the_product_sends(prompts, name, monkeypatch, tmp_path_factory):
    from snakedit.core.records import Item
    from snakedit.judges import local
    from snakedit.judges.judge import JudgeRequest
    from snakedit.judges.qwen3_vl import Qwen3VL
    from snakedit.judges.qwen3_vl_params import Qwen3VLParams

    judge = object.__new__(Qwen3VL)
    judge.params = Qwen3VLParams()
    judge.settings = type("Settings", (), {"rubric": prompts.rubric})()
    judge.processor = prompts.tokenizer
    image = Image.new("RGB", (32, 32))
    for text in wordings(name, held_out=True)[:1]:
        request = JudgeRequest(Item("i", "c", ["s.png"], ["0" * 64], text), [image], image, 0)
        for shows, ours in ((("source", "edit"), prompts.pair(text)), (("edit",), prompts.single())):
            metrics = [metric for metric in prompts.rubric.metrics if metric.shows == shows]
            prompted = [judge._prompt(request, metric) for metric in metrics]
            lead = local.common_lead([after for _, after in prompted])
            tokens = [
                prompts.tokenizer(part, add_special_tokens=False)["input_ids"]
                for part in (prompted[0][0] + lead,)
            ]
            assert tuple(tokens[0]) == (*ours.before, *ours.lead)
            for (_, after), question in zip(prompted, ours.questions, strict=True):
                rest = after.removeprefix(lead)
                assert tuple(prompts.tokenizer(rest, add_special_tokens=False)["input_ids"]) == question
