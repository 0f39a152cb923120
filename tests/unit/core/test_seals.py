"""What a seal notices of its records and pictures, and what it lets pass."""

import os
from pathlib import Path

import pytest

from snakedit.core.errors import RecordError
from snakedit.core.hashing import file_sha256
from snakedit.core.seals import broken_pictures, check_unchanged, read_seal, seal_path, write_sealed


@pytest.fixture
def sealed(tmp_path: Path) -> Path:
    """A file of records with two pictures, sealed."""
    images = tmp_path / "images"
    images.mkdir()
    for name in ("a.png", "b.png"):
        (images / name).write_bytes(name.encode() * 10)
    path = tmp_path / "edits.jsonl"
    (tmp_path / "items.jsonl").write_text("items\n")
    hashes = {name: file_sha256(images / name) for name in ("a.png", "b.png")}
    write_sealed(path, ["one\n", "two\n"], "recipe", [tmp_path / "items.jsonl"], hashes, images)
    return path


def broken(path: Path) -> list[str]:
    seal = read_seal(path)
    assert seal is not None
    return broken_pictures(path, seal, path.parent / "images")


def test_what_is_whole_passes(sealed: Path) -> None:
    seal = read_seal(sealed)
    assert seal is not None
    check_unchanged(sealed, seal)
    assert seal.made_from == {"items.jsonl": file_sha256(sealed.with_name("items.jsonl"))}
    assert (sealed.read_text(), seal.recipe, broken(sealed)) == ("one\ntwo\n", "recipe", [])


def test_records_changed_by_hand_are_refused_with_the_way_on(sealed: Path) -> None:
    state = sealed.stat()
    sealed.write_text("one\ntwO\n")
    os.utime(sealed, ns=(state.st_atime_ns, state.st_mtime_ns))
    seal = read_seal(sealed)
    assert seal is not None
    with pytest.raises(RecordError, match=r"edits.jsonl: was changed since .*; .*delete this one"):
        check_unchanged(sealed, seal)


def test_records_that_a_job_writes_meanwhile_were_not_changed_by_hand(sealed: Path) -> None:
    seal = read_seal(sealed)
    assert seal is not None
    write_sealed(sealed, ["other\n"], "recipe")
    check_unchanged(sealed, seal)


def test_deleted_shortened_and_altered_pictures_are_named(sealed: Path) -> None:
    images = sealed.parent / "images"
    (images / "a.png").unlink()
    assert broken(sealed) == ["a.png"]
    (images / "b.png").write_bytes(b"short")
    assert broken(sealed) == ["a.png", "b.png"]
    (images / "b.png").write_bytes(b"B" * 50)
    assert broken(sealed) == ["a.png", "b.png"], "of the same size"


def test_copied_pictures_are_read_once_and_pass(sealed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.utime(sealed.parent / "images" / "a.png", ns=(1, 1))
    assert broken(sealed) == []
    before = seal_path(sealed).stat().st_mtime_ns
    monkeypatch.setattr("snakedit.core.seals.file_sha256", lambda path: pytest.fail(f"{path} is read again"))
    assert broken(sealed) == []
    assert seal_path(sealed).stat().st_mtime_ns == before


def test_records_without_a_seal_or_with_a_damaged_one_are_those_of_an_earlier_version(sealed: Path) -> None:
    seal_path(sealed).write_text("{")
    assert read_seal(sealed) is None
    seal_path(sealed).unlink()
    assert read_seal(sealed) is None
    sealed.unlink()
    assert read_seal(sealed) is None


def test_a_crash_while_records_are_written_leaves_no_seal_of_others(sealed: Path) -> None:
    def chunks():
        yield "three\n"
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_sealed(sealed, chunks(), "recipe")
    assert (sealed.read_text(), read_seal(sealed)) == ("one\ntwo\n", None)
