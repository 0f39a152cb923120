# What all rules share. Requires the configuration. Makes, while it is read, results/{benchmark}/index.json, since
# the categories decide which jobs there are, and results/.run/, where the jobs find the configuration.

import os
import re
import sys
from functools import cache

from snakedit.core.errors import ConfigError, SnakeditError, line_of
from snakedit.runtime.host.processes import start_time
from snakedit.workflow.plan import make_plan
from snakedit.workflow.slurm import check_folder, check_storage, name_folder, share_gpus

# On a cluster the limit is what each job asks for, and nodes are told of it.
GRANTED = share_gpus(SNAKEMAKE.granted_gpus, SNAKEMAKE.is_on_node)

try:
    check_storage(SNAKEMAKE.shared_usage)
    check_folder() if SNAKEMAKE.is_on_node else name_folder()
    PLAN = make_plan(
        config, SNAKEMAKE.config_files, SCRIPTS, GRANTED, SNAKEMAKE.given_config
    )
except (SnakeditError, OSError) as error:
    sys.exit(line_of(error))
CONFIG = PLAN.config

# The rules call plain `python`: the one that runs Snakemake. Environments put their own into PATH.
if not SNAKEMAKE.has_environments:
    PATH = [os.path.dirname(sys.executable), os.getenv("PATH", os.defpath)]
    os.environ.update(PATH=os.pathsep.join(PATH))

# Resident pools belong to this run and end with it. Jobs inherit its name.
os.environ.update(SNAKEDIT_OWNER=f"{os.getpid()}:{start_time(os.getpid())}")

# Two jobs at a time use the devices of a host, however many cores there are: the pool's queue then runs
# from one category into the next, and models follow each other by priority instead of taking turns.
# So do jobs that ask a server, two that edit beside two that judge.
for jobs in ("device_jobs", "own_device_jobs", "served_edit_jobs", "served_score_jobs"):
    SNAKEMAKE.limit(jobs, 2)

# Suffix of a report's file → its name in `snakemake --report`.
REPORT_FORMATS = {
    ".csv": "CSV",
    ".json": "JSON",
    ".md": "Markdown",
    ".tex": "LaTeX",
    ".html": "HTML",
}


wildcard_constraints:
    benchmark="|".join(map(re.escape, CONFIG.benchmarks)),
    category="|".join(map(re.escape, PLAN.all_categories())),
    editor="|".join(map(re.escape, CONFIG.editors)),
    judge="|".join(map(re.escape, CONFIG.judges)),


def entry_point(name):
    """A params function for a script's path.

    Snakemake compares no params that are made from `input`, so a moved checkout reruns nothing.
    """
    return lambda wildcards, input: str(SCRIPTS / name)


def container_of(stage):
    """A stage's container if the run uses containers: Snakemake refuses any whose path has a space."""
    return f"{ROOT}/envs/{stage}.sif" if SNAKEMAKE.has_containers else None


def config_file(wildcards, input):
    """A params function for the configuration's file, whose changes rerun nothing: recipes do."""
    return PLAN.config_file


def shard_option(wildcards, input):
    """A params function for the option that names a job's shard, if it has one."""
    return f"--shard {wildcards.shard}" if "shard" in wildcards.keys() else ""


def shard_records(folder, records):
    """An input function for the records of a category's shards, in order."""
    return lambda wildcards: [
        f"{folder.format(**wildcards)}/shards/{shard}/{records}.jsonl"
        for shard in PLAN.shards(wildcards.benchmark, wildcards.category)
    ]


@cache
def allocation_of(editor, judge, place):
    """What a job of an editor or judge declares. Snakemake knows the place only after the rules are read."""
    return PLAN.allocation(editor, judge, place, GRANTED)


def editor_allocation(wildcards):
    """What a job of an editor declares."""
    return allocation_of(wildcards.editor, None, SNAKEMAKE.place)


def judge_allocation(wildcards):
    """What a job of a judge declares."""
    return allocation_of(None, wildcards.judge, SNAKEMAKE.place)


def shown_edits(wildcards):
    """The edits of other editors that a control shows."""
    return [
        f"results/{wildcards.benchmark}/edits/{editor}/{wildcards.category}/edits.jsonl"
        for editor in PLAN.shown_editors(wildcards.editor)
    ]


def all_results(wildcards):
    """Items, edits and scores of every category, editor and judge of a benchmark."""
    benchmark = wildcards.benchmark
    files = []
    for category in PLAN.categories(benchmark):
        files.append(f"results/{benchmark}/items/{category}/items.jsonl")
        for editor in CONFIG.editors:
            files.append(f"results/{benchmark}/edits/{editor}/{category}/edits.jsonl")
            for judge in CONFIG.judges:
                files.append(
                    f"results/{benchmark}/scores/{judge}/{editor}/{category}/scores.jsonl"
                )
    return files


def shown(path, part=None, **more):
    """Mark an output for `snakemake --report` with its part's caption; by default the part is the file's stem."""
    stem, suffix = os.path.splitext(os.path.basename(path))
    labels = {"part": part or stem, "format": REPORT_FORMATS.get(suffix)}
    caption = f"captions/{part or stem}.rst"
    return report(
        path, category="{benchmark}", caption=caption, **{"labels": labels, **more}
    )
