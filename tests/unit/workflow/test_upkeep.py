"""What a look over results shows before a run: lost pictures, other recipes, and records changed by hand."""

from pathlib import Path

import pytest
from plans_by_hand import changed, plan

from snakedit.core.errors import RecordError
from snakedit.core.hashing import file_sha256, fingerprint
from snakedit.core.seals import seal_path, write_sealed
from snakedit.workflow.plan import Plan
from snakedit.workflow.upkeep import Upkeep, look_over

EDITS = Path("results/small/edits/sim/light/edits.jsonl")
SHARD = Path("results/small/edits/sim/物理/shards/000001-000003/edits.jsonl")
SCORES = Path("results/small/scores/judge/sim/light/scores.jsonl")


def written(made: Plan) -> None:
    """Results of a plan's editor `sim`, of its judge, and of one of its shards."""
    recipe = fingerprint(made.run.editors["sim"].recipe)
    items = Path("results/small/items/light/items.jsonl")
    write_sealed(items, ["item\n"], fingerprint(made.prepared_by("small", "light")))
    for path, folder in ((EDITS, EDITS.parent), (SHARD, SHARD.parents[2])):
        (folder / "images").mkdir(parents=True)
        (folder / "images" / "a.png").write_bytes(b"a")
        hashes = {"a.png": file_sha256(folder / "images" / "a.png")}
        sources = [items] if path == EDITS else []
        write_sealed(path, ["edit\n"], recipe, sources, hashes, folder / "images")
    write_sealed(SCORES, ["score\n"], fingerprint(made.run.judges["judge"].recipe), [items, EDITS])


def test_results_of_the_plan_are_in_order():
    written(plan())
    assert look_over(plan()) == Upkeep({}, [])


def test_lost_pictures_belong_to_the_file_of_their_own_job():
    written(plan())
    (EDITS.parent / "images" / "a.png").unlink()
    (SHARD.parents[2] / "images" / "a.png").unlink()
    assert look_over(plan()).broken == {str(EDITS): ["a.png"], str(SHARD): ["a.png"]}


def test_a_missing_file_of_records_is_made_again(capsys: pytest.CaptureFixture[str]):
    written(plan())
    SCORES.unlink()
    upkeep = look_over(plan())
    assert upkeep.broken == {str(SCORES): []}
    capsys.readouterr()
    upkeep.tell_broken()
    assert capsys.readouterr().err == f"snakedit: 1 missing files are made again: {SCORES}\n"


def test_many_lost_pictures_are_told_in_one_line(capsys: pytest.CaptureFixture[str]):
    Upkeep({f"e{n}.jsonl": ["a.png", "b.png"] for n in range(9)}, []).tell_broken()
    assert capsys.readouterr().err == (
        "snakedit: 18 deleted or altered images are made again: e0.jsonl: a.png, b.png, e1.jsonl: a.png, "
        "b.png, e2.jsonl: a.png, b.png and 6 more\n"
    )


def test_what_another_recipe_or_other_records_made_is_stale(capsys: pytest.CaptureFixture[str]):
    written(plan())
    other = plan(changed(lambda config: config["run"].update(seed=7)))
    assert look_over(other).stale == [str(SHARD), str(EDITS)]
    recipe = fingerprint(other.run.editors["sim"].recipe)
    write_sealed(EDITS, ["another\n"], recipe, [EDITS.parents[3] / "items/light/items.jsonl"])
    upkeep = look_over(other)
    assert upkeep.stale == [str(SHARD), str(SCORES)], "the scores are of other edits"
    upkeep.tell_stale(lambda files: [file for file in files if "scores" in file])
    assert "1 files were made by another configuration" in (said := capsys.readouterr().err)
    assert f"{SCORES}; reports leave their records out" in said
    assert said.endswith("--forcerun score_category score_shard\n")
    upkeep.tell_stale(lambda files: [])
    assert capsys.readouterr().err == "", "Snakemake makes them again"


def test_items_of_another_limit_are_stale():
    written(plan())
    limited = plan(changed(lambda config: config["benchmarks"]["small"].update(limit=2)))
    assert "results/small/items/light/items.jsonl" in look_over(limited).stale


def test_records_changed_by_hand_are_refused_and_unsealed_ones_believed():
    written(plan())
    SCORES.write_text("better\n")
    with pytest.raises(RecordError, match=r"scores\.jsonl: was changed since its job wrote it"):
        look_over(plan())
    seal_path(SCORES).unlink()
    assert look_over(plan()) == Upkeep({}, [])
