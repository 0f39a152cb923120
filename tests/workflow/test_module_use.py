"""The workflow used by another one: as a module, from a git host, and in the standard place."""

import subprocess
import sys
from pathlib import Path

import pytest
from experiments import Experiment, copy_of_the_repository, write_small_experiment
from places import REPOSITORY

OWN_DEFAULT = """
rule all:
    default_target: True
    input:
        rules.snakedit_all.input,
        "results/done.txt",


rule own:
    input:
        rules.snakedit_build_report.output.csv.format(benchmark="small"),
    output:
        "results/done.txt",
    shell:
        "cp {input} {output}"


onstart:
    snakedit.onstart()


onsuccess:
    snakedit.onsuccess()
"""


class ModuleExperiment(Experiment):
    """An experiment whose own Snakefile uses the workflow as a module."""

    def write_snakefile(self, source: str, rules: str) -> None:
        (self.folder / "Snakefile").write_text(
            'configfile: "experiment.yaml"\n\n\n'
            f"module snakedit:\n    snakefile:\n        {source}\n    config:\n        config\n\n\n{rules}\n",
            encoding="utf-8",
        )

    def command(self, *arguments: str) -> list[str]:
        return [
            # The tests run where profiles/default is, which is quiet.
            *(sys.executable, "-m", "snakemake", "--cores", "2", "--quiet", "host"),
            *("--snakefile", str(self.folder / "Snakefile"), "--directory", str(self.folder), *arguments),
        ]

    def environment(self) -> dict[str, str]:
        environment = {**super().environment(), "XDG_CACHE_HOME": str(self.folder / "cache")}
        del environment["PYTHONPATH"]
        return environment


@pytest.fixture
def experiment(tmp_path: Path) -> ModuleExperiment:
    return ModuleExperiment(write_small_experiment(tmp_path).folder)


def test_another_workflow_uses_it_under_names_of_its_own(experiment: ModuleExperiment) -> None:
    # Two shards a category, so that the rules for shards and their order are used too.
    experiment.configure(lambda config: config["run"].update(shard_items=2))
    use = "use rule * from snakedit as snakedit_*\n"
    experiment.write_snakefile(repr(str(REPOSITORY / "Snakefile")), use + OWN_DEFAULT)
    run = experiment.run()
    assert run.code == 0, run.output
    kinds = {"prepare_category", "edit_shard", "gather_edits", "score_shard", "gather_scores", "build_report"}
    assert run.rules() == {"own", *(f"snakedit_{kind}" for kind in kinds)}
    assert (experiment.results / "report" / "index.html").is_file()
    # The handler knows the jobs by the names that they have in this workflow.
    assert "snakedit: no estimate: 'sim'" in run.output
    assert "snakedit: finished; the report: results/small/report/index.html" in run.output
    again = experiment.run()
    assert "Nothing to be done" in again.output
    assert again.jobs == []


def test_a_deployed_workflow_is_read_from_a_git_host(experiment: ModuleExperiment) -> None:
    # The Snakefile that snakedeploy writes. Snakemake's clone is there already, as after a first run.
    clone = (
        experiment.folder / "cache/snakemake/snakemake/source-cache/snakemake-git-cache/github.com/lab/edit"
    )
    repository = copy_of_the_repository(experiment.folder)
    git = ["git", "-C", str(repository), "-c", "user.name=x", "-c", "user.email=x@example.org"]
    for arguments in (["init", "-q"], ["add", "."], ["commit", "-qm", "x"], ["tag", "v1"]):
        subprocess.run([*git, *arguments], check=True)
    subprocess.run(["git", "clone", "-q", "--bare", str(repository), str(clone)], check=True)
    source = 'github("lab/edit", path="workflow/Snakefile", tag="v1")'
    experiment.write_snakefile(source, "use rule * from snakedit")
    run = experiment.run()
    assert run.code == 0, run.output
    assert run.rules() == {"prepare_category", "edit_category", "score_category", "build_report"}
    assert (experiment.results / "report" / "index.html").is_file()
    assert "Nothing to be done" in experiment.run().output


def test_the_standard_place_plans_what_the_root_plans(experiment: ModuleExperiment) -> None:
    plans = []
    for name in ("Snakefile", "workflow/Snakefile"):
        snakefile = str(REPOSITORY / name)
        plain = Experiment(experiment.folder)
        run = plain.run("--snakefile", snakefile, "--dry-run", "--printshellcmds")
        assert run.code == 0, run.output
        commands = sorted(line for line in run.output.splitlines() if "python " in line)
        assert len(commands) == len(run.jobs)
        plans.append((sorted(run.jobs, key=str), commands))
    assert plans[0] == plans[1]
