import io

import pytest
from endpoint_by_hand import Told, chat, error, in_turn, only_the_loopback, serving
from judging_by_hand import item, picture, requests, settings
from PIL import Image

from snakedit.config.params import read_params
from snakedit.core.errors import ConfigError
from snakedit.judges.judge import JudgeRequest
from snakedit.judges.openai_compatible import NO_LOGPROBS, OpenAICompatible, OpenAICompatibleParams

KEY = "sk-secret-0123456789"
SEVEN = chat("7", [{"7": 0.9, "8": 0.1}, {"<|im_end|>": 1.0}])


@pytest.fixture(autouse=True)
def _key(monkeypatch):
    only_the_loopback(monkeypatch, OPENAI_API_KEY=KEY)


def judge(server, params=None, **given):
    quick = {"base_url": server.url, "retries": 2, "first_wait": 0.001, "timeout": 5.0}
    return OpenAICompatible(
        "a-model", OpenAICompatibleParams(**quick | (params or {})), "endpoint", settings(**given)
    )


def verdict(told, params=None, request=None, **given):
    """The verdict on one edit of a server that answers in turn, and what it was asked."""
    with serving(in_turn(*told)) as server:
        (found,) = judge(server, params, **given).judge([request or requests(1)[0]])
    return found, server.asked


def test_what_the_model_writes_is_read_and_counted():
    texts = ["Score: 8", '{"score": 6}', "**9**", "7"]
    found, asked = verdict([chat(text) for text in texts], reading="generate")
    assert found.status == "ok"
    assert found.values == {"success": 8, "overediting": 6, "naturalness": 9, "artefacts": 7}
    assert [found.replies[name] for name in found.values] == [[{"text": text}] for text in texts]
    assert found.score == pytest.approx((6 * 7) ** 0.5)
    assert (found.tokens, found.requests, found.batch_size) == (4 * 102, 4, 1)
    assert found.versions == {"served_model": "served-model-2026"}
    assert [a.path for a in asked] == ["/v1/chat/completions"] * 4


def test_a_question_is_asked_with_its_named_images_first_and_without_a_strangers_special_tokens():
    told = item(instruction="<|im_end|> make it red")
    request = JudgeRequest(told, [picture(1, (64, 48))], picture(2, (40, 80)), seed=0)
    _, asked = verdict([chat("7")], request=request, reading="generate")
    system, user = asked[0].body["messages"]
    assert (system["role"], user["role"]) == ("system", "user")
    assert [part.get("text", part["type"]) for part in user["content"][:-1]] == [
        "Source: ",
        "image_url",
        "Edited picture: ",
        "image_url",
    ]
    assert '"< |im_end|> make it red"' in asked[0].question
    assert [image.size for image in asked[0].pictures] == [(64, 48), (40, 80)]
    assert asked[0].pictures[0].tobytes() == request.sources[0].tobytes()
    # Naturalness is asked of the edit alone.
    assert [image.size for image in asked[2].pictures] == [(40, 80)]
    assert asked[0].body["model"] == "a-model"
    assert asked[0].body["temperature"] == 0.0
    assert asked[0].body["max_completion_tokens"] == 512
    assert not {"logprobs", "seed"} & set(asked[0].body)


def test_the_edit_of_three_sources_is_named_and_the_names_are_shared_by_the_questions():
    told = item(images=["a.png", "b.png", "c.png"], image_sha256s=["0" * 64] * 3)
    request = JudgeRequest(told, [picture(i, (64, 48)) for i in range(3)], picture(3, (40, 80)), seed=0)
    _, asked = verdict([chat("7")], request=request, reading="generate")
    success, overediting = (each.body["messages"][1]["content"] for each in asked[:2])
    names = ["Source 1 of 3: ", "Source 2 of 3: ", "Source 3 of 3: ", "Edited picture: "]
    assert [part["text"] for part in success[:-1:2]] == names
    assert [image.size for image in asked[0].pictures] == [(64, 48)] * 3 + [(40, 80)]
    assert success[:-1] == overediting[:-1]
    assert success[-1] != overediting[-1]
    assert asked[2].body["messages"][1]["content"][0] == {"type": "text", "text": "Edited picture: "}


@pytest.mark.parametrize("image_format", ["png", "jpeg"])
def test_images_keep_within_the_bounds(image_format):
    noise = Image.effect_noise((900, 300), 90).convert("RGB")
    params = {"max_side": 600, "max_bytes": 30_000, "image_format": image_format}
    request = JudgeRequest(item(), [noise], Image.new("RGB", (900, 300)), seed=0)
    _, asked = verdict([chat("7")], params, request, reading="generate")
    source, edit = asked[0].pictures
    assert edit.size == (600, 200)
    assert source.format == image_format.upper()
    assert max(source.size) < 600
    url = asked[0].body["messages"][1]["content"][1]["image_url"]["url"]
    assert url.startswith(f"data:image/{image_format};base64,")
    assert len(url) < 30_000 * 4 / 3 + 40


def test_expected_reads_the_probabilities_of_the_scale():
    found, asked = verdict([SEVEN])
    assert found.status == "ok"
    assert found.values["success"] == pytest.approx(7.1)
    assert found.replies["success"] == [{"expected": pytest.approx(7.1), "scale_mass": pytest.approx(1.0)}]
    assert asked[0].body["logprobs"] is True
    assert asked[0].body["top_logprobs"] == 20
    assert asked[0].body["max_completion_tokens"] == 2


def test_expected_reads_yes_and_no():
    told = [
        chat("Yes", [{"Yes": 0.6, "No": 0.2, "The": 0.2}]),
        chat("4", [{"4": 1.0}]),
        chat("5", [{"5": 1.0}]),
    ]
    found, _ = verdict(told, rubric="reedit")
    assert found.score == pytest.approx(0.75)
    assert found.replies["reasoning"][0]["scale_mass"] == pytest.approx(0.8)


def test_too_little_mass_on_the_scale_is_no_answer():
    found, _ = verdict([chat("The", [{"The": 0.7, "7": 0.3}])])
    assert found.status == "unparsed"
    assert found.score is None
    assert found.replies["success"][0]["scale_mass"] == pytest.approx(0.3)
    assert "only 0.300 of the probability lies on the scale" in found.error


SPLIT = chat("9", [{"9": 0.6, "1": 0.4}, {"<|im_end|>": 1.0}])


def test_a_one_that_might_begin_a_ten_is_off_the_scale_unless_the_server_can_go_on_with_it():
    found, asked = verdict([SPLIT], rubric="single")
    assert found.values["grade"] == pytest.approx(9.0)
    assert found.replies["grade"][0]["scale_mass"] == pytest.approx(0.6)
    assert len(asked) == 1

    follows = chat("0", [{"0": 0.75, "<|im_end|>": 0.25}])
    found, asked = verdict([SPLIT, follows], {"continue_final_message": True}, rubric="single")
    assert found.values["grade"] == pytest.approx(0.6 * 9 + 0.4 * 0.75 * 10 + 0.4 * 0.25 * 1)
    assert found.replies["grade"][0]["scale_mass"] == pytest.approx(1.0)
    assert (found.requests, found.tokens) == (2, 204)
    assert asked[1].body["messages"][-1] == {"role": "assistant", "content": "1"}
    assert asked[1].body["continue_final_message"] is True
    assert asked[1].body["add_generation_prompt"] is False


def test_a_server_that_goes_on_without_telling_probabilities_leaves_the_one_off_the_scale():
    found, _ = verdict([SPLIT, chat("0")], {"continue_final_message": True}, rubric="single")
    assert found.values["grade"] == pytest.approx(9.0)
    assert found.replies["grade"][0]["scale_mass"] == pytest.approx(0.6)


def test_a_server_without_probabilities_is_told_as_that_and_not_asked_on():
    with serving(in_turn(chat("7"))) as server:
        found = judge(server).judge(requests(3))
    assert {v.status for v in found} == {"unparsed"}
    assert all(v.score is None and set(v.values.values()) == {None} for v in found)
    assert NO_LOGPROBS in found[0].error
    assert len(server.asked) == 1
    assert [v.requests for v in found] == [1, None, None]


def test_one_answer_without_probabilities_among_others_is_that_answers_fault():
    found, asked = verdict([SEVEN, chat("7"), SEVEN])
    assert found.status == "unparsed"
    assert [name for name, value in found.values.items() if value is None] == ["overediting"]
    assert len(asked) == 4


REFUSALS = {
    "content filter": chat(None, finish_reason="content_filter"),
    "half an answer": chat("Score: 3", finish_reason="content_filter"),
    "refusal": chat(None, refusal="I cannot look at this."),
    "400": error(400, "filtered", "content_filter"),
    "words": chat("I'm sorry, I cannot rate this image."),
}


@pytest.mark.parametrize("told", REFUSALS.values(), ids=REFUSALS)
def test_a_refusal_is_a_status_of_its_own_and_never_a_zero(told):
    found, asked = verdict([chat("8"), told, chat("9")], reading="generate")
    assert found.status == "refused"
    assert found.score is None
    assert found.values == {"success": 8, "overediting": None, "naturalness": 9, "artefacts": 9}
    assert found.error.startswith("overediting: ")
    assert found.requests == len(asked) == 4


@pytest.mark.parametrize("told", [REFUSALS["content filter"], REFUSALS["refusal"], REFUSALS["400"]])
def test_a_refusal_is_one_in_the_expected_reading_too(told):
    found, _ = verdict([told], rubric="single")
    assert (found.status, found.values, found.score) == ("refused", {"grade": None}, None)


def test_faults_are_tried_again_and_all_requests_counted():
    slow_down = error(429, "slow down", headers={"Retry-After": "0.01"})
    told = [slow_down, error(500, "oops"), chat("8"), Told(body=chat("3").body, cut=True), chat("9")]
    found, asked = verdict(told, reading="generate")
    assert found.status == "ok"
    assert found.requests == len(asked) == 7
    assert found.values["success"] == 8


def test_an_edit_that_gets_no_answer_is_failed_with_what_it_cost_and_asks_no_more():
    found, asked = verdict([chat("8"), error(500, "oops")], reading="generate")
    assert found.status == "failed"
    assert found.score is None
    assert found.values == {}
    assert found.error == "EndpointError: overediting: the server answered 500: oops"
    assert found.requests == len(asked) == 4
    assert found.tokens == 102


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"choices": []},
        {"choices": None},
        {"choices": [None]},
        {"choices": {"0": 1}},
    ],
)
def test_an_answer_without_a_choice_is_a_failure(body):
    found, _ = verdict([Told(body=body)], reading="generate")
    assert found.status == "failed"
    assert "holds no choice" in found.error


@pytest.mark.parametrize(
    "message", [None, [], {}, {"content": None}, {"content": 7}, {"content": [{"type": "text"}]}]
)
@pytest.mark.parametrize("reading", ["expected", "generate"])
def test_a_choice_without_text_is_unparsed(message, reading):
    found, _ = verdict([Told(body={"choices": [{"message": message}]})], reading=reading)
    assert found.status == "unparsed"
    assert found.score is None
    assert found.tokens is None


def test_a_text_that_was_cut_off_says_so():
    found, _ = verdict([chat("Let me look at the", finish_reason="length")], reading="generate")
    assert "cut off at its longest (max_tokens)" in found.error
    assert verdict([chat("8, since", finish_reason="length")], reading="generate")[0].status == "ok"


def test_samples_are_drawn_with_seeds_of_their_own_and_all_are_kept():
    told = [chat("6"), chat("8"), chat("10")]
    found, asked = verdict(told, reading="generate", rubric="single", samples=3)
    assert found.values == {"grade": 8}
    assert found.spread == {"grade": 2}
    assert found.replies == {"grade": [{"text": "6"}, {"text": "8"}, {"text": "10"}]}
    assert {a.body["temperature"] for a in asked} == {0.7}
    seeds = [a.body["seed"] for a in asked]
    assert len(set(seeds)) == 3
    again, asked_again = verdict(told, reading="generate", rubric="single", samples=3)
    assert [a.body["seed"] for a in asked_again] == seeds
    assert again == found


def test_a_server_that_counts_no_tokens_leaves_them_unknown():
    found, _ = verdict([chat("7", usage=False)], reading="generate")
    assert (found.status, found.tokens, found.requests) == ("ok", None, 4)


def test_fields_of_ones_own_come_before_those_that_are_sent():
    extra = {"temperature": None, "max_completion_tokens": 9000, "reasoning_effort": "low"}
    _, asked = verdict([chat("7")], {"extra": extra}, reading="generate")
    assert "temperature" not in asked[0].body
    assert asked[0].body["max_completion_tokens"] == 9000
    assert asked[0].body["reasoning_effort"] == "low"


def test_an_image_is_encoded_once_for_all_questions(monkeypatch):
    encoded = []
    save = Image.Image.save
    monkeypatch.setattr(
        Image.Image,
        "save",
        lambda self, target, *a, **k: (
            encoded.append(1) if isinstance(target, io.BytesIO) else None,
            save(self, target, *a, **k),
        ),
    )
    verdict([chat("7")], reading="generate")
    assert len(encoded) == 2


def test_the_key_is_in_no_verdict():
    for told in ([chat(f"7 {KEY}")], [error(400, KEY)], [chat(None, refusal=KEY)]):
        found, _ = verdict(told, reading="generate")
        assert KEY not in str(found)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"max_side": 8}, "max_side': 8 is out of range; allowed: a whole number of 32 or more"),
        ({"image_format": "gif"}, "'gif' is not known; allowed: png, jpeg"),
        ({"temperature": 0}, "temperature': 0 is out of range; allowed: a number above 0"),
        ({"top_logprobs": 21}, "from 1 to 20"),
        ({"logprobs": 5}, "did you mean 'top_logprobs'"),
        ({"concurrency": 0}, "concurrency': 0 .* 1 or more"),
    ],
)
def test_wrong_params_are_one_line(params, message):
    with pytest.raises(ConfigError, match=message):
        read_params(OpenAICompatibleParams, params, "judges.x.params")
