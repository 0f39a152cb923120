"""A look over the results before a run: records changed by hand, pictures lost or altered, another recipe.

Snakemake knows of none of these: pictures are no outputs of its rules, and after ``--touch`` or
``--cleanup-metadata`` it takes whatever is there. The rules read this while the Snakefile is parsed.
"""

import sys
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from snakedit.core.hashing import file_sha256, fingerprint
from snakedit.core.seals import broken_pictures, check_unchanged, read_seal, seal_path
from snakedit.workflow.plan import Plan

RESULTS = Path("results")
MAX_NAMED = 3
# The folder in a benchmark's results → the rules that fill it.
RULES = {
    "items": "prepare_category",
    "edits": "edit_category edit_shard",
    "scores": "score_category score_shard",
}


@dataclass(frozen=True)
class Sealed:
    """A file of records that a job makes.

    Attributes:
        recipe: the fingerprint of what its records have to depend on; None for one gathered from shards.
        pictures: the folder of its pictures, if it has any.
        made_from: the files of records that it is made from.
    """

    path: Path
    recipe: str | None
    pictures: Path | None = None
    made_from: tuple[Path, ...] = ()


@dataclass(frozen=True)
class Upkeep:
    """What a look over the results has shown.

    Attributes:
        broken: file of records → names of its deleted or altered pictures; none if it is missing itself.
        stale: files of records that another configuration made.
    """

    broken: dict[str, list[str]]
    stale: list[str]

    def tell_broken(self) -> None:
        """Say what is made again."""
        missing = [path for path, names in self.broken.items() if not names]
        parts = [f"{path}: {_named(names)}" for path, names in self.broken.items() if names]
        images = sum(map(len, self.broken.values()))
        if images:
            print(
                f"snakedit: {images} deleted or altered images are made again: {_named(parts)}",
                file=sys.stderr,
            )
        if missing:
            print(
                f"snakedit: {len(missing)} missing files are made again: {_named(missing)}", file=sys.stderr
            )

    def tell_stale(self, settled: Callable[[Collection[str]], list[str]]) -> None:
        """Say at a run's end what another configuration has made and this run has not made again.

        Args:
            settled: of some files, those that Snakemake knows and takes for up to date.
        """
        left = settled(self.stale)
        if left:
            rules = [rules for folder, rules in RULES.items() if any(_stage(path) == folder for path in left)]
            print(
                f"snakedit: warning: {len(left)} files were made by another configuration, and Snakemake "
                f"takes them for up to date, as after --touch or --cleanup-metadata: {_named(left)}; reports "
                f"leave their records out; to make them again add: --forcerun {' '.join(rules)}",
                file=sys.stderr,
            )


def look_over(plan: Plan) -> Upkeep:
    """Look over the results of a plan's benchmarks, as far as they are there.

    Raises:
        RecordError: for records that were changed since their job wrote them.
    """
    broken: dict[str, list[str]] = {}
    stale: list[str] = []
    hashes: dict[Path, str] = {}
    for file in _files(plan):
        seal = read_seal(file.path)
        if seal is None:
            # Snakemake does not make a missing file again while what was made from it is newer.
            if seal_path(file.path).exists() and not file.path.exists():
                broken[str(file.path)] = []
            continue
        check_unchanged(file.path, seal)
        hashes[file.path] = seal.sha256
        if file.pictures is not None and (names := broken_pictures(file.path, seal, file.pictures)):
            broken[str(file.path)] = names
        for source in file.made_from:
            if source not in hashes and source.exists():
                hashes[source] = file_sha256(source)
        is_of = all(seal.made_from.get(s.name) == hashes[s] for s in file.made_from if s in hashes)
        if file.recipe is not None and not (seal.recipe == file.recipe and is_of):
            stale.append(str(file.path))
    return Upkeep(broken, stale)


def _files(plan: Plan) -> Iterator[Sealed]:
    editors = {name: fingerprint(editor.recipe) for name, editor in plan.run.editors.items()}
    judges = {name: fingerprint(judge.recipe) for name, judge in plan.run.judges.items()}
    for benchmark in plan.indexes:
        results = RESULTS / benchmark
        for category in plan.categories(benchmark):
            items = results / "items" / category / "items.jsonl"
            yield Sealed(items, fingerprint(plan.prepared_by(benchmark, category)), items.parent / "images")
            shards = plan.shards(benchmark, category)
            for editor, recipe in editors.items():
                folder = results / "edits" / editor / category
                edits = _parts(folder / "edits.jsonl", shards)
                for path in edits:
                    yield Sealed(path, recipe, folder / "images", (items,))
                if shards:
                    yield Sealed(folder / "edits.jsonl", None)
                for judge, judge_recipe in judges.items():
                    scores = results / "scores" / judge / editor / category / "scores.jsonl"
                    for path, source in zip(_parts(scores, shards), edits, strict=True):
                        yield Sealed(path, judge_recipe, None, (items, source))
                    if shards:
                        yield Sealed(scores, None)


def _parts(path: Path, shards: Collection[str]) -> list[Path]:
    """The files that a category's jobs make: one, or one for each of its shards."""
    return [path.parent / "shards" / shard / path.name for shard in shards] or [path]


def _stage(path: str) -> str:
    return Path(path).parts[2]


def _named(names: Collection[str]) -> str:
    more = f" and {len(names) - MAX_NAMED} more" if len(names) > MAX_NAMED else ""
    return ", ".join(list(names)[:MAX_NAMED]) + more
