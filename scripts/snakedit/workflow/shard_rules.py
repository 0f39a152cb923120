"""The rules for shards: their names, their paths, and how to force them."""

import re
from collections.abc import Mapping, Sequence

# Rule for a whole category → the rule that does the same for a shard. Snakemake forces only what is named.
SHARD_RULES = {"edit_category": "edit_shard", "score_category": "score_shard"}


def benchmark_pattern(sharded: Mapping[str, Sequence[str]]) -> str:
    """Return a regular expression for the benchmark in the path of a sharded category's JSON Lines.

    A category can have shards in one benchmark and none in another, so what follows the name is looked at.

    Args:
        sharded: benchmark → its sharded categories.
    """
    patterns = [
        f"{re.escape(name)}(?=/.*/(?:{'|'.join(map(re.escape, categories))})/[^/]+$)"
        for name, categories in sharded.items()
        if categories
    ]
    return "|".join(patterns) or "(?!)"


def forced(*rules: str) -> str:
    """Return the option that makes Snakemake run rules again, in whole categories and in shards."""
    return " ".join(["--forcerun", *rules, *(SHARD_RULES[rule] for rule in rules)])


def again(rule: str) -> str:
    """Return how to try again what failed in jobs of a rule that have ended well."""
    return f"what is done is kept; to try the others again: snakemake {forced(rule)} --cores all"
