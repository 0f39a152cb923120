"""What a cluster needs: a shared filesystem, jobs that it takes, a profile that repeats the default one."""

import asyncio
import os
import re
import uuid
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from logging import Logger, getLogger
from pathlib import Path

import pytest
import yaml
from places import REPOSITORY

from snakedit.core.errors import ConfigError, StageError
from snakedit.workflow.slurm import (
    FOLDER_VARIABLE,
    GPUS_VARIABLE,
    RUN_FOLDER,
    TOOLS,
    States,
    check_folder,
    check_nodes,
    check_queue,
    check_storage,
    check_submission,
    check_tools,
    name_folder,
    robust_query,
    share_gpus,
)


def test_storage_that_shares_no_input_and_output_is_refused():
    check_storage(["persistence", "input-output"])
    with pytest.raises(
        ConfigError, match=r"--shared-fs-usage: lacks input-output \(persistence\); the nodes must"
    ):
        check_storage(["persistence"])


def test_a_job_in_its_runs_folder_may_begin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(FOLDER_VARIABLE, "")
    name_folder()
    RUN_FOLDER.mkdir(parents=True)
    check_folder()


@pytest.mark.parametrize("place", ["elsewhere", "here"])
def test_a_job_that_does_not_see_its_runs_folder_is_refused(
    place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    # SLURM starts it in /tmp; or the node has a folder of that name of its own.
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path if place == "here" else tmp_path / "mine"))
    monkeypatch.setenv("SLURMD_NODENAME", "n7")
    with pytest.raises(StageError, match="n7: does not see the folder of its run"):
        check_folder()


@pytest.mark.parametrize("granted", [None, 0, 3])
def test_a_job_is_told_how_many_gpus_its_run_grants(granted: int | None, monkeypatch: pytest.MonkeyPatch):
    # Another run, whose job starts this one, has said something else.
    monkeypatch.setenv(GPUS_VARIABLE, "2")
    assert share_gpus(granted, on_node=False) == granted
    assert share_gpus(None, on_node=True) == granted


def test_a_node_that_was_told_of_no_limit_takes_its_own(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv(GPUS_VARIABLE, raising=False)
    assert share_gpus(1, on_node=True) == 1


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of commands that stand for SLURM's, and write down how they were called."""
    for name in TOOLS:
        write_tool(tmp_path / name, "")
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    return tmp_path


def write_tool(path: Path, body: str) -> None:
    path.write_text(f'#!/bin/sh\necho "{path.name} $@" >> "{path.parent}/called"\n{body}\n', encoding="utf-8")
    path.chmod(0o755)


def called(tools: Path) -> list[str]:
    return (tools / "called").read_text(encoding="utf-8").splitlines()


def test_gpu_jobs_without_a_number_of_nodes_are_refused_in_one_line():
    check_nodes([])
    with pytest.raises(ConfigError, match=r"--default-resources: edit_category: nodes is not set; on the"):
        check_nodes(["edit_category"])


def test_missing_commands_of_slurm_are_named(tools: Path, monkeypatch: pytest.MonkeyPatch):
    check_tools()
    monkeypatch.setenv("PATH", str(tools))
    (tools / "sacct").unlink()
    with pytest.raises(ConfigError, match=r"SLURM: not found: sacct; start snakemake where"):
        check_tools()


def test_a_job_that_slurm_would_take_is_only_asked_about(tools: Path):
    check_submission("sbatch --comment snakedit -p gpu", "edit_e1")
    assert called(tools) == ["sbatch --comment snakedit -p gpu --test-only --wrap true"]


def test_a_job_that_only_waits_for_nodes_is_sent_and_taken_back(tools: Path):
    write_tool(tools / "sbatch", 'case "$*" in *--test-only*) exit 1;; esac; echo "7;cluster"')
    check_submission("sbatch -p gpu", "edit_e1")
    assert called(tools)[1:] == ["sbatch -p gpu --wrap true", "scancel 7"]


def test_a_job_that_slurm_refuses_is_told_in_its_words_and_with_what_was_asked_for(tools: Path):
    write_tool(tools / "sbatch", 'printf "sbatch: error: no\\nsbatch: error: Invalid account\\n" >&2; exit 1')
    line = r"sbatch: SLURM refuses edit_e1: no, Invalid account; it was asked for -p gpu -A lab$"
    with pytest.raises(ConfigError, match=line):
        check_submission("sbatch --comment snakedit -p gpu -A lab ", "edit_e1")


def test_a_job_that_cannot_be_taken_back_is_named(tools: Path):
    write_tool(tools / "sbatch", 'case "$*" in *--test-only*) exit 1;; esac; echo 7')
    write_tool(tools / "scancel", 'echo "no answer" >&2; exit 1')
    with pytest.raises(
        ConfigError,
        match="scancel: test job 7 could not be cancelled: no answer; cancel it by hand: scancel 7",
    ):
        check_submission("sbatch -p gpu", "edit_e1")


def run(coroutine: Coroutine[None, None, States]) -> States:
    # The browser of other tests keeps a loop in this thread.
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, coroutine).result()


@pytest.mark.parametrize("prefix", ["snakedit", None])
def test_jobs_that_a_killed_run_has_left_are_told_with_how_to_cancel_them(
    prefix: str | None, tools: Path, tmp_path: Path
):
    run = f"{prefix}_{uuid.uuid4()}" if prefix else str(uuid.uuid4())
    others = [("COMPLETING", run, tmp_path), ("RUNNING", "mine", tmp_path), ("PENDING", run, tmp_path / "b")]
    queue = "\n".join(f"{state}|{name}|{folder}" for state, name, folder in others)
    write_tool(tools / "squeue", f"echo '{queue}'")
    check_queue(tmp_path, prefix)

    queue += f"\nRUNNING|{run}|{tmp_path}\nPENDING|{run}|{tmp_path}"
    write_tool(tools / "squeue", f"echo '{queue}'")
    line = rf"holds 2 job\(s\) of an earlier run in this folder; .* or cancel them: scancel --name {run}$"
    with pytest.raises(ConfigError, match=line):
        check_queue(tmp_path, prefix)


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        ((None, None), {}),
        (({"7": "CANCELLED by 1000", "8": "RUNNING"}, 0.1), {"7": "CANCELLED", "8": "RUNNING"}),
    ],
)
def test_no_job_is_forgotten_when_slurm_does_not_answer_or_somebody_cancels_it(
    reply: States, expected: dict[str, str], tools: Path
):
    async def query(command: str, logger: Logger) -> States:
        return reply

    states, seconds = run(robust_query(query)("squeue", getLogger()))
    assert states == expected
    assert seconds is not None


def test_how_and_where_a_job_has_failed_or_is_stuck_is_told_once(
    tools: Path, caplog: pytest.LogCaptureFixture
):
    async def query(command: str, logger: Logger) -> States:
        states = {"6": "PENDING", "7": "TIMEOUT", "8": "COMPLETED", "9": "FAILED"}
        return states, 0.1

    write_tool(tools / "squeue", "printf '6||PartitionTimeLimit\\n7|n2|TimeLimit\\n'")
    ask = robust_query(query)
    for _ in range(2):
        run(ask("squeue", getLogger()))
    assert [record.message for record in caplog.records] == [
        "SLURM job 6: PartitionTimeLimit: it will never start, since its partition allows less time;"
        " runtime in the profile, times the jobs that share an allocation (group-components).",
        "SLURM job 7 on n2: TIMEOUT: its time was over; runtime in the profile sets the limit.",
        "SLURM job 9 on a node: FAILED: its log says why; without one, see whether it can write.",
    ]
    assert len(called(tools)) == 1


def test_the_profile_for_slurm_repeats_the_default_one():
    profiles = REPOSITORY / "profiles"
    default, slurm = (
        yaml.safe_load((profiles / name / "profile.yaml").read_text(encoding="utf-8"))
        for name in ("default", "slurm")
    )
    # Cores are those of this machine, and on a cluster each submission is shown.
    del default["cores"], default["quiet"]
    assert {key: slurm.get(key) for key in default} == default


def test_a_rule_whose_jobs_go_to_nodes_says_how_many_gpus_it_asks_for():
    # SLURM's plugin reads a model of GPUs without a number as one of them.
    texts = [
        path.read_text(encoding="utf-8")
        for path in (REPOSITORY / "Snakefile", *REPOSITORY.glob("rules/*.smk"))
    ]
    rules = {
        name: body
        for text in texts
        for name, body in re.findall(r"^rule (\w+):\n((?:    .*\n|\n(?=    ))+)", text, re.M)
    }
    # A module's names are not those of `localrules`.
    local = {name for name, body in rules.items() if re.search(r"^    localrule: True$", body, re.M)}
    assert {name for name, body in rules.items() if not re.search(r"\bgpu=", body)} == local
