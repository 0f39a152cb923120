import pytest

from snakedit.config.strict_yaml import read_yaml
from snakedit.core.errors import ConfigError


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("run:\n  seed: 1\n  seed: 2\n", r"x\.yaml:3: the key 'seed' is there already, in line 2"),
        ("judges: {}\nrun: {}\n\njudges: {}\n", r"x\.yaml:4: the key 'judges' .* line 1"),
        ("editors:\n- a: 1\n  a: 1\n", r"x\.yaml:3: the key 'a'"),
        ('{"run": {}, "run": {}}', r"x\.yaml:1: the key 'run' .* line 1"),
        ("'seed': 1\nseed: 2\n", r"x\.yaml:2: the key 'seed'"),
        ("a: {b: 1, <<: {c: 1, c: 2}}\n", r"x\.yaml:1: the key 'c'"),
    ],
)
def test_a_key_that_is_given_twice_is_refused_with_both_lines(tmp_path, text, message):
    path = tmp_path / "x.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=message):
        read_yaml(path)


@pytest.mark.parametrize(
    ("text", "content"),
    [
        ("", None),
        ("a: {x: 1}\nb: {x: 2}\n", {"a": {"x": 1}, "b": {"x": 2}}),
        ("'1': a\n1: b\n", {"1": "a", 1: "b"}),
        ("a: &a {x: 1}\nb: *a\n", {"a": {"x": 1}, "b": {"x": 1}}),
        ("a: &a {x: 1}\nb: {<<: *a, x: 2}\n", {"a": {"x": 1}, "b": {"x": 2}}),
    ],
)
def test_what_only_looks_like_a_key_given_twice_is_read(tmp_path, text, content):
    path = tmp_path / "x.yaml"
    path.write_text(text)
    assert read_yaml(path) == content


def test_a_mapping_within_itself_is_read(tmp_path):
    path = tmp_path / "x.yaml"
    path.write_text("a: &a {b: *a}\n")
    assert read_yaml(path)["a"]["b"]["b"].keys() == {"b"}


@pytest.mark.parametrize("text", ["a: 2024-13-45", "a: !!int x", "a: 0x_", f"a: {'9' * 5000}", "[" * 3000])
def test_what_yaml_cannot_make_a_value_of_is_one_line(tmp_path, text):
    path = tmp_path / "x.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=r"x\.yaml: not YAML"):
        read_yaml(path)


@pytest.mark.parametrize("width", [10, 2])
@pytest.mark.parametrize("kind", ["list", "mapping", "merge"])
def test_aliases_that_grow_are_refused(tmp_path, kind, width):
    lines = ["a0: &a0 [x, y]" if kind == "list" else "a0: &a0 {x: 1, y: 2}"]
    for level in range(1, 30 if width == 2 else 9):
        inner = [f"*a{level - 1}"] * width
        if kind == "list":
            lines.append(f"a{level}: &a{level} [{', '.join(inner)}]")
        elif kind == "mapping":
            entries = ", ".join(f"k{place}: {alias}" for place, alias in enumerate(inner))
            lines.append(f"a{level}: &a{level} {{{entries}}}")
        else:
            lines.append(f"a{level}: &a{level} {{<<: [{', '.join(inner)}]}}")
    path = tmp_path / "x.yaml"
    path.write_text("\n".join(lines))
    with pytest.raises(ConfigError, match=r"x\.yaml: [0-9,]+ values, .*; allowed: at most 100,000"):
        read_yaml(path)


def test_an_alias_used_a_few_times_is_read(tmp_path):
    path = tmp_path / "x.yaml"
    path.write_text("a: &a {x: [1, 2]}\nb: *a\nc: [*a, *a]\n")
    assert read_yaml(path)["c"] == [{"x": [1, 2]}] * 2
