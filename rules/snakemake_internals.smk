# All uses of Snakemake that its documentation does not promise. Requires nothing. Makes, for a workflow that is
# read from a git host, a copy of it in .snakemake/.

import io
import tarfile
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory


def root_folder():
    """The folder of this workflow, whichever Snakefile uses it.

    Snakemake fetches single files of a module on a git host. The scripts need the whole library, so that the
    module is copied from the clone that Snakemake keeps.
    """
    rules = workflow.current_basedir
    if hasattr(rules, "__fspath__"):
        return Path(rules).parent
    import git

    clone = (
        rules.hosted_repo.repo if hasattr(rules, "repo") else git.Repo(rules.repo_path)
    )
    commit = clone.commit(rules.ref).hexsha
    copy = Path(".snakemake", "modules", commit).absolute()
    if not copy.exists():
        copy.parent.mkdir(parents=True, exist_ok=True)
        archive = io.BytesIO(clone.git.archive(commit, stdout_as_string=False))
        with TemporaryDirectory(dir=copy.parent) as folder, suppress(FileExistsError):
            tarfile.open(fileobj=archive).extractall(
                Path(folder, commit), filter="data"
            )
            Path(folder, commit).rename(copy)
    return copy


ROOT = root_folder()


def jobs_to_run():
    """Rule and wildcards of each job of this workflow that will be run."""
    # A Snakefile that uses this one as a module may give the rules other names, and have rules of its own.
    names = {proxy.rule.name: name for name, proxy in rules._rules.items()}
    return [
        (names[job.rule.name], dict(job.wildcards_dict))
        for job in workflow.dag.needrun_jobs()
        if job.rule.name in names
    ]


def place_of_jobs():
    """``local``, ``submit`` where jobs are sent to nodes from, or ``node``; known once the rules are read."""
    if workflow.remote_exec:
        return "node"
    return "local" if workflow.local_exec else "submit"
