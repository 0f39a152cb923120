from snakedit.sources.keys import NAMES, KeyNames, is_base64, is_known, language_name, names_of


def test_no_name_belongs_to_two_parts():
    names = [name for part in NAMES for name in names_of(part)]
    assert len(names) == len(set(names))


def test_a_formats_own_names_go_first_and_languages_in_their_order():
    names = KeyNames({"instruction": ("ins",)}, "zh", {"ins": "fr"})
    assert names.of("instruction")[0] == "ins"
    translated = list(names.translated("instruction").items())
    assert translated[:3] == [("ins_zh", "zh"), ("ins_cn", "zh"), ("ins_chinese", "zh")]
    order = [name for name, _ in translated]
    assert order.index("prompt_cn") < order.index("ins") < order.index("ins_en")
    assert names.translated("instruction")["ins"] == "fr"


def test_the_names_of_a_language_are_one_language():
    assert [language_name(text) for text in ("cn", "CN", "zh", "English", "fr")] == [
        "zh",
        "zh",
        "zh",
        "en",
        "fr",
    ]


def test_a_path_is_no_base64_and_a_key_is_known_in_each_language():
    assert not is_base64("image", "/9j/a.png")
    assert is_base64("image", "/9j/" + "A" * 100)
    assert is_base64("image", " data:image/png;base64,aGk=")
    assert is_known(["x", "prompt_cn"])
    assert not is_known(["x"])
