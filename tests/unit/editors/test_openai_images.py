import io
import threading

import pytest
from editing_by_hand import item, picture, request
from endpoint_by_hand import Told, error, in_turn, only_the_loopback, picture_told, serving
from PIL import Image

from snakedit.core.errors import ImageError
from snakedit.editors.editor import EditRequest
from snakedit.editors.openai_images import OpenAIImages, OpenAIImagesParams
from snakedit.runtime.servers.errors import EndpointError, RefusedError
from snakedit.stages.edit_category import EditWorker

RED = Image.new("RGB", (50, 40), "red")


@pytest.fixture(autouse=True)
def _key(monkeypatch):
    only_the_loopback(monkeypatch, OPENAI_API_KEY="sk-secret")


def editor(server, **params):
    quick = {"base_url": server.url, "retries": 2, "first_wait": 0.001, "timeout": 5.0}
    return OpenAIImages("a-model", OpenAIImagesParams(**quick | params), "endpoint")


def test_the_edit_is_what_the_server_gives_and_the_source_what_it_gets():
    source = picture(3)
    with serving(in_turn(picture_told(RED))) as server:
        edit = editor(server).edit(request("Make it red.", sources=[source]))
    assert edit.tobytes() == RED.tobytes()
    (asked,) = server.asked
    assert asked.path == "/v1/images/edits"
    assert {name: asked.body[name] for name in ("model", "prompt", "size", "n")} == {
        "model": "a-model",
        "prompt": "Make it red.",
        "size": "auto",
        "n": "1",
    }
    (sent,) = asked.body["image"]
    assert Image.open(io.BytesIO(sent)).tobytes() == source.tobytes()


def test_several_sources_are_sent_in_order_and_within_the_bounds():
    with serving(in_turn(picture_told(RED))) as server:
        editor(server, max_side=32, size="1024x1024").edit(
            request(sources=[picture(1, (64, 48)), picture(2, (20, 90))])
        )
    sent = [Image.open(io.BytesIO(data)).size for data in server.asked[0].body["image"]]
    assert sent == [(32, 24), (7, 32)]
    assert server.asked[0].body["size"] == "1024x1024"


def test_the_record_names_size_policy_tokens_and_requests(tmp_path):
    with serving(in_turn(error(500, "oops"), picture_told(RED))) as server:
        picture().save(tmp_path / "source.png")
        worker = EditWorker(editor(server), "endpoint")
        result = worker.handle(
            {
                "item": vars(item()),
                "sources": [str(tmp_path / "source.png")],
                "inputs": {},
                "seed": None,
                "image": "images/a.png",
                "output": str(tmp_path / "images" / "a.png"),
                "text": {},
            }
        )
    assert (result["width"], result["height"]) == (50, 40)
    assert result["size_policy"] == "as the server gives it"
    assert (result["tokens"], result["requests"]) == (250, 2)
    assert result["versions"]["asked_size"] == "auto"
    assert result["versions"]["processor"] == "endpoint"


def test_each_thread_reads_the_usage_of_its_own_edit():
    with serving(in_turn(picture_told(RED), picture_told(RED, usage=False))) as server:
        shared = editor(server)
        shared.edit(request())
        other = threading.Thread(target=shared.edit, args=(request(),))
        other.start()
        other.join()
    assert shared.usage == {"tokens": 250, "requests": 1}


def test_a_refusal_is_the_items_failure():
    with serving(in_turn(error(400, "blocked by our safety system", "moderation_blocked"))) as server:
        with pytest.raises(RefusedError, match=r"the server refused \(400\): blocked"):
            editor(server).edit(request())
        assert len(server.asked) == 1


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"data": []},
        {"data": [{}]},
        {"data": [{"b64_json": None}]},
        {"data": {"b64_json": "x"}},
        {"data": [{"error": {"message": "the worker ran out of memory"}}]},
    ],
)
def test_an_answer_without_an_image_is_the_items_failure(body):
    with (
        serving(in_turn(Told(body=body))) as server,
        pytest.raises(ImageError, match="holds no image"),
    ):
        editor(server).edit(request())


@pytest.mark.parametrize(
    "body",
    [
        {"data": [{"finish_reason": "content_filter"}]},
        {"data": [{"b64_json": None, "error": {"code": "content_policy_violation", "message": "no"}}]},
        {"data": [], "finish_reason": "SAFETY"},
    ],
)
def test_an_answer_that_tells_of_a_filter_in_the_place_of_an_image_is_a_refusal(body):
    with (
        serving(in_turn(Told(body=body))) as server,
        pytest.raises(RefusedError, match="the server refused: "),
    ):
        editor(server).edit(request())


def test_no_other_address_is_asked_for_an_image():
    body = {"data": [{"url": "http://127.0.0.1:1/image.png"}]}
    with (
        serving(in_turn(Told(body=body))) as server,
        pytest.raises(EndpointError, match="holds no image as b64_json, but an address"),
    ):
        editor(server).edit(request())


@pytest.mark.parametrize(
    ("text", "kind", "message"),
    [("%%%", ImageError, "no base64"), ("AAAA", ImageError, "the edit of 'a': not an image")],
)
def test_what_is_no_base64_or_no_image_is_a_failure(text, kind, message):
    told = Told(body={"data": [{"b64_json": text}]})
    with serving(in_turn(told)) as server, pytest.raises(kind, match=message):
        editor(server).edit(request())


def test_an_image_of_too_many_pixels_is_not_decoded():
    large = Image.new("1", (9000, 9000))
    with (
        serving(in_turn(picture_told(large))) as server,
        pytest.raises(ImageError, match="9000 × 9000 pixels"),
    ):
        editor(server).edit(request())


def test_fields_of_ones_own_come_before_those_that_are_sent():
    with serving(in_turn(picture_told(RED))) as server:
        editor(server, extra={"n": None, "quality": "high"}).edit(EditRequest(item(), [picture()], 0))
    assert "n" not in server.asked[0].body
    assert server.asked[0].body["quality"] == "high"
