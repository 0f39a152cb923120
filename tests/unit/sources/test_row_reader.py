import json
import math

import pytest
from sources_by_hand import benchmark, encoded, picture, prepared, row, written

from snakedit.sources import open_source


@pytest.fixture
def folder(tmp_path):
    source = tmp_path / "source"
    (source / "inner").mkdir(parents=True)
    for number, name in enumerate(("a.png", "b.png", "inner/c.png")):
        picture(number).save(source / name)
    return source


def read(folder, *rows):
    text = "".join(json.dumps(fields) + "\n" for fields in rows)
    (folder / "items.jsonl").write_text(text, encoding="utf-8")
    return list(open_source(benchmark(folder, format="folder")).rows())


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (35, "35"),
        (2.5, "2.5"),
        (True, "True"),
        (["it must be", 35, None], "it must be, 35"),
        ("35", "35"),
        ({"why": ["x"]}, '{"why": ["x"]}'),
        ([["x"]], '[["x"]]'),
        (math.nan, None),
        ([], None),
        (" ", None),
    ],
)
@pytest.mark.parametrize("key", ["rationale", "description", "difficulty"])
@pytest.mark.parametrize("source_format", ["folder", "base64_json"])
def test_a_value_of_another_type_becomes_text(tmp_path, folder, source_format, key, value, text):
    if source_format == "folder":
        (source_row,) = read(folder, {"image": "a.png", "instruction": "x", key: value})
    else:
        path = written(tmp_path, [row(0, **{key: value})])
        (source_row,) = open_source(benchmark(path)).rows()
    assert (source_row.problem, source_row.fields[key]) == (None, text)


@pytest.mark.parametrize(
    ("value", "category"),
    [(3, "3"), (["causal", "temporal"], "causal, temporal"), (math.nan, "uncategorised"), ("c", "c")],
)
def test_a_category_of_another_type_becomes_a_name(folder, value, category):
    (source_row,) = read(folder, {"image": "a.png", "instruction": "x", "category": value})
    assert source_row.category == category


@pytest.mark.parametrize(
    ("value", "tags"),
    [
        (5, ["5"]),
        ({"size": "large"}, ["size: large"]),
        (["x", None, 3], ["x", "3"]),
        ("x, y", ["x", "y"]),
        ([{"a": 1}], ['{"a": 1}']),
        (math.nan, []),
    ],
)
def test_tags_of_another_type_become_a_list(folder, value, tags):
    assert read(folder, {"image": "a.png", "instruction": "x", "tags": value})[0].fields["tags"] == tags


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        (["first do this", "then that"], "the column 'instruction' holds a list of 2; allowed: one text"),
        ({"en": "x"}, "the column 'instruction' holds an object"),
        (math.nan, "the instruction is empty"),
        (["only this"], None),
        (35, None),
    ],
)
def test_an_instruction_is_one_text(folder, value, problem):
    (source_row,) = read(folder, {"image": "a.png", "instruction": value})
    assert (source_row.problem or "").startswith(problem or "")
    assert (source_row.problem is None) == (problem is None)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"ori_img": "a.png", "ins_en": "x", "explain_en": "why", "gt_img": "b.png", "type": "t"}, "why"),
        ({"input_image": "a.png", "prompt": "x", "knowledge_prompt": "why", "topic": "t"}, "why"),
        ({"source": "a.png", "edit_prompt": "x", "reference": "a red hat", "category": "t"}, "a red hat"),
        ({"path": "./a.png", "edited_prompt": "x", "target": 35, "edit_type": "t"}, "35"),
        ({"path_src": "a.png", "instruction_chinese": "x", "reference_txt": "why", "task_type": "t"}, "why"),
        ({"original_image_path": "a.png", "edit_instruction": "x", "subset": "t", "explain": "why"}, "why"),
        ({"images": ["a.png"], "instruction_en": "x", "task": "t", "rationale_short_en": "why"}, "why"),
    ],
)
def test_the_names_of_the_field_are_known(folder, fields, expected):
    (source_row,) = read(folder, fields)
    assert source_row.problem is None
    assert (source_row.category, source_row.fields["instruction"]) == ("t", "x")
    assert (source_row.fields["rationale"], source_row.unused) == (expected, ())
    assert source_row.images[0]() == (folder / "a.png").read_bytes()
    assert (source_row.reference is not None) == ("gt_img" in fields)


def test_a_picture_in_base64_is_read_in_a_table_too(folder):
    (source_row,) = read(folder, {"src_img_b64": encoded(picture(4)), "prompt": "x", "image": "gone.png"})
    assert source_row.problem is None
    (source_row,) = read(folder, {"image": encoded(picture(4)), "prompt": "x"})
    assert source_row.problem is None


def test_a_list_of_paths_under_the_other_format_says_which_reads_it(tmp_path):
    path = written(tmp_path, [{"image": "a.png", "prompt": "x"}])
    (source_row,) = open_source(benchmark(path)).rows()
    assert "'a.png' is a path; the format 'folder' reads files" in source_row.problem


def test_a_sentence_beside_a_rationale_is_kept_and_a_missing_picture_told(folder):
    first, second = read(
        folder,
        {"image": "a.png", "instruction": "x", "reference": "a hat", "rationale": "why"},
        {"image": "a.png", "instruction": "x", "reference": "gone.png"},
    )
    assert (first.fields["rationale"], first.fields["extra"]) == ("why", {"reference": "a hat"})
    assert first.unused == ("reference",)
    assert "there is no file 'gone.png'" in second.problem


def test_an_id_that_is_a_path_is_the_picture(tmp_path, folder):
    rows = {"1082": {"id": "inner/c.png", "prompt": "x", "edit_type": "t"}}
    path = folder / "basic.json"
    path.write_text(json.dumps(rows), encoding="utf-8")
    (item,), _ = prepared(tmp_path, path, "t", format="folder")
    assert (item.id, item.instruction) == ("1082", "x")
    (source_row,) = read(folder, {"id": "inner/c.png", "prompt": "x"})
    assert source_row.id == "c"


def test_only_rows_that_are_read_otherwise_than_before_have_another_digest(tmp_path):
    plain, converted = row(0), row(0, rationale_short_en=35)
    digests = [r.digest for r in open_source(benchmark(written(tmp_path, [plain, converted]))).rows()]
    from snakedit.sources.rows import row_digest

    assert digests[0] == row_digest(plain)[0]
    assert digests[1] != row_digest(converted)[0]


def test_unknown_keys_are_named(folder):
    (source_row,) = read(folder, {"image": "a.png", "instruction": "x", "licence": "free", "mystery": 1})
    assert source_row.unused == ("licence", "mystery")
    assert source_row.fields["extra"] == {"licence": "free", "mystery": 1}


@pytest.mark.parametrize("value", [3, {"bytes": None, "path": "a.png"}])
def test_a_picture_that_is_of_another_type_is_told_as_that_and_not_as_missing(folder, value):
    (source_row,) = read(folder, {"image": value, "instruction": "x"})
    assert "the column 'image' holds no picture but " in source_row.problem
    assert "is empty" not in source_row.problem
