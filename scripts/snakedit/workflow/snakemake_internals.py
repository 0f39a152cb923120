"""Uses of Snakemake and its plugin for SLURM beyond their documentation, as in `snakemake_output`.

The rules load this file before they know where the library is, so it imports nothing of it.
"""

import io
import os
import pkgutil
import sys
import tarfile
from collections.abc import Callable, Collection, Iterable, Mapping
from copy import copy
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

SNAKEMAKE = "snakemake"
PLUGIN = "snakemake-executor-plugin-slurm"
TESTED = {SNAKEMAKE: "9.27.1", PLUGIN: "2.8.0"}
_TESTED = " ".join(f"{package}=={number}" for package, number in TESTED.items())
# Package → class or module → what is used of it, and why.
USES = {
    SNAKEMAKE: {
        "snakemake.workflow:Workflow": {
            "current_basedir": "finds the scripts, also from a Snakefile that uses this workflow as a module",
            "configfiles": "messages name the files; the demo runs if there are none",
            "config_settings": "holds the values of --config",
            "global_resources": "holds the limit of --resources gpu=N",
            "register_resource": "limits jobs on one host without an option of the user's",
            "resource_settings": "knows whether jobs are sent to nodes",
            "storage_settings": "holds --shared-fs-usage",
            "deployment_settings": "knows whether conda or containers were asked for",
            "executor_settings": "holds the options of the plugin",
            "executor_plugin": "names the executor",
            "local_exec": "whether jobs run here",
            "remote_exec": "whether this is a job on a node",
            "workdir_init": "the folder in which a sent job starts",
            "cores": "the forecast counts them",
            "dag": "the forecast and the check of submissions need the jobs before they start",
            "scheduler": "holds the executor, which knows a job's account and partition",
        },
        "snakemake.dag:DAG": {
            "needrun_jobs": "the jobs of this run",
            "jobs": "all jobs, with their outputs",
            "forcefiles": "outputs whose jobs run",
            "get_job_group": "the jobs of a group are sent as one",
        },
        "snakemake.jobs:Job": {
            "rule": "the forecast counts jobs by rule",
            "wildcards_dict": "the forecast counts jobs by model and category",
            "is_local": "such a job is not sent",
        },
        "snakemake.scheduling.job_scheduler:JobScheduler": {"_executor": "the plugin's executor"},
        "snakemake.common:Rules": {"_rules": "the rules by the names that they have in this workflow"},
        "snakemake.rules:RuleProxy": {"rule": "its name in the run, which a module's user chooses"},
        "snakemake.resources:Resource": {"value": "the number of a limit"},
        "snakemake.settings.types:ResourceSettings": {"nodes": "the number of --jobs"},
        "snakemake.settings.types:ConfigSettings": {"config": "the values of --config"},
        "snakemake.settings.types:StorageSettings": {"shared_fs_usage": "the value of --shared-fs-usage"},
        "snakemake.settings.types:SharedFSUsage": {"item_to_choice": "its words on the command line"},
        "snakemake.settings.types:DeploymentSettings": {"deployment_method": "the value of --sdm"},
        "snakemake.settings.types:DeploymentMethod": {"APPTAINER": "images are named only if they are used"},
        "snakemake.sourcecache:HostingProviderFile": {"hosted_repo": "the clone", "ref": "its version"},
        "snakemake.sourcecache:HostedGitRepo": {"repo": "the clone as GitPython knows it"},
        "snakemake.exceptions": {"WorkflowError": "the plugin raises it for a job that it would not send"},
    },
    PLUGIN: {
        "snakemake_executor_plugin_slurm": {
            "common_settings": "holds pass_group_args",
            "query_job_status": "wrapped, since it forgets all jobs when SLURM does not answer",
            "validate_slurm_extra": "makes a job's sbatch command, to test it before the run",
            "get_submit_command": "makes a job's sbatch command",
            "set_gres_string": "makes a job's sbatch command",
        },
        "snakemake_executor_plugin_slurm:Executor": {
            "get_account_arg": "makes a job's sbatch command",
            "get_partition_arg": "makes a job's sbatch command",
        },
        "snakemake_executor_plugin_slurm:ExecutorSettings": {"jobname_prefix": "finds jobs of earlier runs"},
        "snakemake_interface_executor_plugins.settings:CommonSettings": {
            "pass_group_args": "set, so that the jobs of a group follow each other and load a model once",
        },
    },
}


def check_uses(package: str, uses: Mapping[str, Iterable[str]] | None = None) -> None:
    """End a run whose version of a package lacks something used, by default what `USES` names."""
    if missing := _missing(uses or USES[package]):
        sys.exit(
            f"snakedit: ConfigError: {package} {version(package)}: lacks {', '.join(missing)};"
            f" install the tested versions: pip install {_TESTED}"
        )


def warn_if_untested(package: str) -> None:
    """Warn of a version that the tests have not run with."""
    if (number := version(package)) != TESTED[package]:
        print(f"snakedit: warning: {package} {number} is not tested; tested: {_TESTED}", file=sys.stderr)


def _missing(uses: Mapping[str, Iterable[str]]) -> list[str]:
    """What is used and not there."""
    return [
        f"{owner.rpartition(':')[2]}.{name}"
        for owner, names in uses.items()
        for name in names
        if not _has(owner, name)
    ]


def _has(place: str, name: str) -> bool:
    """Whether a module or class has an attribute, also one that only the instances of a class have."""
    try:
        owner = pkgutil.resolve_name(place)
    except (ImportError, AttributeError):
        return False
    of_instances = set(getattr(owner, "__dataclass_fields__", ()))
    for constructor in ("__init__", "__post_init__"):
        code = getattr(getattr(owner, constructor, None), "__code__", None)
        of_instances.update(code.co_names if code else ())
    return hasattr(owner, name) or name in of_instances


class SubmissionError(Exception):
    """The plugin would not send a job."""


class Internals:
    """What the rules need of a running Snakemake, whose `workflow` a Snakefile knows."""

    def __init__(self, workflow: Any) -> None:
        check_uses(SNAKEMAKE)
        self._workflow = workflow
        if not self.is_on_node:
            warn_if_untested(SNAKEMAKE)
        # Imported by Snakemake.
        self._plugin: Any = sys.modules.get(PLUGIN.replace("-", "_"))

    def root_folder(self) -> Path:
        """Return the folder of this workflow, while a file in `rules` is read.

        Of a module on a git host Snakemake reads single files, so all is copied from its clone.
        """
        folder = self._workflow.current_basedir
        if isinstance(folder, os.PathLike):
            return Path(folder).parent
        repository = folder.hosted_repo.repo
        commit = repository.commit(folder.ref).hexsha
        root = Path(".snakemake", "modules", commit).absolute()
        if not root.exists():
            root.parent.mkdir(parents=True, exist_ok=True)
            archive = io.BytesIO(repository.git.archive(commit, stdout_as_string=False))
            with TemporaryDirectory(dir=root.parent) as temporary:
                tarfile.open(fileobj=archive).extractall(Path(temporary, commit), filter="data")
                try:
                    Path(temporary, commit).rename(root)
                except OSError:
                    if not root.exists():  # else another Snakemake was quicker
                        raise
        return root

    @property
    def config_files(self) -> list[Path]:
        """The files that the configuration was read from."""
        return list(map(Path, self._workflow.configfiles))

    @property
    def given_config(self) -> dict[str, Any]:
        """What was given with ``--config``; of nested values the texts."""
        return dict(self._workflow.config_settings.config)

    @property
    def granted_gpus(self) -> int | None:
        """The limit of ``--resources gpu=N``."""
        limit = self._workflow.global_resources.get("gpu")
        return None if limit is None or limit.value is None else int(limit.value)

    @property
    def shared_usage(self) -> list[str]:
        """What is shared with nodes, in the words of ``--shared-fs-usage``."""
        return [usage.item_to_choice() for usage in self._workflow.storage_settings.shared_fs_usage]

    @property
    def has_environments(self) -> bool:
        """Whether conda or containers were asked for."""
        return bool(self._workflow.deployment_settings.deployment_method)

    @property
    def has_containers(self) -> bool:
        """Whether containers were asked for."""
        from snakemake.settings.types import DeploymentMethod

        return DeploymentMethod.APPTAINER in self._workflow.deployment_settings.deployment_method

    @property
    def cores(self) -> int | None:
        """The number of ``--cores``."""
        cores: int | None = self._workflow.cores
        return cores

    @property
    def is_on_node(self) -> bool:
        """Whether this is the Snakemake of a job on a node."""
        return bool(self._workflow.remote_exec)

    @property
    def place(self) -> str:
        """A `snakedit.workflow.allocation.Place`; known once the rules are read."""
        if self.is_on_node:
            return "node"
        return "local" if self._workflow.local_exec else "submit"

    @property
    def uses_slurm(self) -> bool:
        """Whether jobs are sent by the plugin for SLURM; known once the rules are read."""
        return self.place == "submit" and str(self._workflow.executor_plugin.name) == "slurm"

    def limit(self, resource: str, amount: int) -> None:
        """Limit what all jobs together may use of a resource."""
        self._workflow.register_resource(resource, amount)

    def jobs_to_run(self, rules: Any) -> list[tuple[str, dict[str, str]]]:
        """Return rule and wildcards of each job that will be run; `rules` knows a module's other names."""
        names = {proxy.rule.name: name for name, proxy in rules._rules.items()}
        jobs = self._workflow.dag.needrun_jobs()
        return [(names[job.rule.name], dict(job.wildcards_dict)) for job in jobs if job.rule.name in names]

    def force(self, files: Iterable[str]) -> None:
        """Run the jobs that make these files; called from an input function, when the graph is there."""
        self._workflow.dag.forcefiles.update(files)

    def settled(self, files: Collection[str]) -> list[str]:
        """Return which of these files are outputs of jobs that this run does not need."""
        dag = self._workflow.dag
        # Not by its truth: a graph with no job to run has length 0.
        jobs = () if dag is None else set(dag.jobs) - set(dag.needrun_jobs(exclude_finished=False))
        outputs = {str(output) for job in jobs for output in job.output}
        return [file for file in files if file in outputs]

    def prepare_submissions(self, wrap_query: Callable[[Any], Any]) -> None:
        """Run a group's jobs one after the other on a node: otherwise each has a step and a load for itself.

        `wrap_query` takes the plugin's function that polls its jobs, and returns its replacement.
        """
        if not self.is_on_node or self._workflow.resource_settings.nodes:
            self.limit("nodes", 1)
        if self._plugin and not _missing(USES[PLUGIN]):
            self._plugin.common_settings.pass_group_args = True
            self._plugin.query_job_status = wrap_query(self._plugin.query_job_status)

    def check_plugin(self) -> None:
        """End a run whose plugin lacks something used here, and warn of one that was not tested."""
        check_uses(PLUGIN)
        warn_if_untested(PLUGIN)

    @property
    def jobname_prefix(self) -> str | None:
        """What the names of the plugin's jobs begin with."""
        prefix: str | None = self._workflow.executor_settings.jobname_prefix
        return prefix

    @property
    def submission_folder(self) -> Path:
        """The folder in which a sent job starts."""
        return Path(self._workflow.workdir_init)

    def submissions(self, comment: str) -> dict[str, str]:
        """Return the plugin's sbatch commands, without the command to run, each with the name of a job.

        `comment` stands before what the job asks for. A job that is not sent raises a `SubmissionError`.
        """
        from snakemake.exceptions import WorkflowError

        dag = self._workflow.dag
        jobs = [job for job in dag.needrun_jobs() if not job.is_local]
        commands: dict[str, str] = {}
        try:
            for job in dict.fromkeys(dag.get_job_group(job) or job for job in jobs):
                # A copy, since Snakemake may evaluate a job's resources again once its inputs are there.
                commands.setdefault(self._submission(copy(job), comment), job.name)
        except WorkflowError as error:
            raise SubmissionError(str(error)) from error
        return commands

    def _submission(self, job: Any, comment: str) -> str:
        """The plugin's sbatch command for a job or a group."""
        executor = self._workflow.scheduler._executor
        self._plugin.validate_slurm_extra(job)
        values = {
            "run_uuid": "snakedit",
            "slurm_logfile": os.devnull,
            "comment_str": comment,
            "account": next(executor.get_account_arg(job)),
            "partition": executor.get_partition_arg(job),
            "workdir": str(self.submission_folder),
        }
        command = self._plugin.get_submit_command(job, values, self._workflow.executor_settings)
        return f"{command}{self._plugin.set_gres_string(job)}"
