"""Who may import whom: DESIGN's rule, and the two registries and device counting that `plan` adds to it."""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from places import REPOSITORY

LIBRARY = REPOSITORY / "scripts" / "snakedit"

# A room's floor: it imports from lower ones.
FLOORS = (
    {"core", "stats"},
    {"config", "models"},
    {"recipe"},
    {"telemetry"},
    {"runtime"},
    {"sources", "editors", "judges", "demo"},
    {"workflow"},
    {"stages"},
    {"report"},
    {"speed"},
)
# Within a floor no room knows another, but for these.
ALSO: dict[str, set[str]] = {}
HEAVY = {"torch", "diffusers", "transformers"}
LIGHT = ("stats", "report")
RULES = {
    "snakedit.workflow.allocation",
    "snakedit.workflow.closing",
    "snakedit.workflow.snakemake_output",
    "snakedit.workflow.slurm",
    "snakedit.config.load",
    "snakedit.core.errors",
    "snakedit.workflow.plan",
    "snakedit.workflow.readiness",
    "snakedit.workflow.upkeep",
    "snakedit.runtime.host.processes",
    "snakedit.speed.forecast.announce",
    "snakedit.speed.forecast.outlook",
}

SLOW = HEAVY | {"pandas", "scipy", "altair", "openai", "pyarrow"}
# Those with options.
ENTRY_POINTS = (
    "build_comparison",
    "build_report",
    "edit_category",
    "estimate_run",
    "gather_edits",
    "gather_scores",
    "prepare_category",
    "preview_report",
    "score_category",
    "serial_category",
    "show_leaderboard",
)


def imports(tree: ast.Module) -> list[tuple[str, bool]]:
    """The modules a file imports, and whether at its top level."""
    top = set(map(id, tree.body))
    found = []
    for node in ast.walk(tree):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module]
            if node.module == "snakedit":
                names = [f"snakedit.{alias.name}" for alias in node.names]
        found += [(name, id(node) in top) for name in names]
    return found


def floor_of(room: str) -> int:
    return next(number for number, rooms in enumerate(FLOORS) if room in rooms)


def may_import(room: str, other: str) -> bool:
    return room == other or floor_of(other) < floor_of(room) or other in ALSO.get(room, ())


def violations(library: Path) -> list[str]:
    found = []
    for path in sorted(library.rglob("*.py")):
        place = path.relative_to(library).with_suffix("").parts
        for name, at_top in imports(ast.parse(path.read_text(encoding="utf-8"))):
            root, *rest = name.split(".")
            told = f"{'/'.join(place)} imports {name}"
            if root == "snakemake" and path.stem not in ("snakemake_internals", "snakemake_output"):
                found.append(told)
            if root in HEAVY and (at_top or place[0] in LIGHT):
                found.append(told)
            if root == "snakedit" and rest and not may_import(place[0], rest[0]):
                found.append(told)
    return found


def test_the_library_imports_only_what_it_may():
    assert violations(LIBRARY) == []


@pytest.mark.parametrize(
    ("place", "line"),
    [
        ("editors/x.py", "from snakedit.judges import base"),
        ("editors/x.py", "import torch"),
        ("report/x.py", "def f():\n    import torch"),
        ("stats/x.py", "def f():\n    import transformers"),
        ("core/records.py", "import snakemake"),
        ("runtime/x.py", "from snakedit.editors.editor import Editor"),
        ("judges/x.py", "from snakedit import editors"),
        ("stats/x.py", "import snakedit.report.tables.csv_json"),
    ],
)
def test_a_forbidden_import_is_found(tmp_path, place, line):
    path = tmp_path / place
    path.parent.mkdir(exist_ok=True)
    path.write_text(line + "\n", encoding="utf-8")
    assert len(violations(tmp_path)) == 1


def test_what_the_rules_read_imports_nothing_heavy():
    code = f"import sys, {', '.join(sorted(RULES))}; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(REPOSITORY / "scripts")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert not SLOW & set(done.stdout.split())


def loaded_by(*arguments: str) -> set[str]:
    """The packages and modules that Python has imported at the end of a program, by its own list."""
    done = subprocess.run(
        [sys.executable, "-v", *arguments],
        env={**os.environ, "PYTHONPATH": str(REPOSITORY / "scripts")},
        capture_output=True,
        text=True,
        check=True,
    )
    return set(re.findall(r"^import '?([\w.]+)'? #", done.stderr, re.M))


@pytest.mark.parametrize("script", ENTRY_POINTS)
def test_an_entry_point_answers_a_question_about_its_command_line_without_its_libraries(script):
    loaded = loaded_by(str(REPOSITORY / "scripts" / f"{script}.py"), "--help")
    assert "argparse" in loaded
    assert not loaded & {*SLOW, "numpy", "scipy.stats", "pydantic", "psutil", "httpx2"}


@pytest.mark.parametrize("stage", ["edit_category", "score_category", "prepare_category"])
def test_a_stage_imports_no_library_before_it_is_used(stage):
    loaded = loaded_by("-c", f"import snakedit.stages.{stage}")
    assert "PIL.Image" in loaded
    assert not loaded & {*SLOW, "numpy", "httpx2"}


def test_a_report_imports_neither_its_plots_nor_the_whole_of_scipy_before_they_are_used():
    loaded = loaded_by("-c", "import snakedit.report.build_report")
    assert "scipy.special" in loaded
    assert not loaded & {"altair", "vl_convert", "pandas", "scipy.stats", "torch"}


def test_the_rules_read_the_library_through_the_plan():
    for path in [REPOSITORY / "Snakefile", *(REPOSITORY / "rules").glob("*.smk")]:
        found = re.findall(r"^\s*(?:from|import) (snakedit[\w.]*)", path.read_text(encoding="utf-8"), re.M)
        assert set(found) <= RULES, path


@pytest.mark.parametrize(
    ("pattern", "limit"),
    [("Snakefile", 60), ("rules/*.smk", 150), ("scripts/*.py", 60), ("scripts/snakedit/**/*.py", 300)],
)
def test_no_file_is_longer_than_a_reader_wants(pattern, limit):
    for path in REPOSITORY.glob(pattern):
        assert len(path.read_text(encoding="utf-8").splitlines()) <= limit, path


def test_every_entry_point_of_a_rule_has_the_rules_name():
    text = "".join(path.read_text(encoding="utf-8") for path in (REPOSITORY / "rules").glob("*.smk"))
    for rule in re.findall(r"^rule (\w+):", text, re.M):
        assert (REPOSITORY / "scripts" / f"{rule}.py").is_file(), rule
        assert f'entry_point("{rule}.py")' in text
        assert f"/logs/{rule}/" in text
        assert f"/benchmarks/{rule}/" in text
