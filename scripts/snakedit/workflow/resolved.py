"""Editors, judges and a whole run once they are resolved: plain data, and the file in which it travels."""

import dataclasses
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from snakedit.config import load as settings
from snakedit.config.schema import Config, DevicesConfig, RunConfig
from snakedit.core.atomic import write_whole
from snakedit.core.errors import CheckpointError
from snakedit.core.hashing import fingerprint
from snakedit.models.identity import folder_revision, is_local
from snakedit.models.weights import local_folder
from snakedit.runtime.servers.address import Server

if TYPE_CHECKING:
    # A job imports the families of its own stage only.
    from snakedit.editors.editor import Editor
    from snakedit.judges.judge import Judge
    from snakedit.judges.rubrics.rubric import Rubric

RUN_FOLDER = Path("results/.run")


@dataclass(frozen=True)
class ResolvedModel:
    """What an editor and a judge have in common once they are resolved.

    Attributes:
        name: its key in the configuration.
        type: its family, as the configuration names it.
        model: as the configuration names it, or None.
        revision: the hub commit or the local folder's hash, or None.
        params: every parameter, defaults included.
        recipe: what its results depend on (`snakedit.recipe`).
        simulated: whether it only pretends to be a model.
        needs_device: whether its jobs occupy a device.
        asks_server: whether its jobs ask a server.
    """

    name: str
    type: str
    model: str | None
    revision: str | None
    params: dict[str, Any]
    recipe: dict[str, Any]
    simulated: bool
    needs_device: bool
    asks_server: bool

    def weights(self) -> str | None:
        """Return what a worker loads: a local folder, downloaded if need be, or a server's name of a model.

        Raises:
            CheckpointError: if the folder is missing, cannot be downloaded, or is not the one that the run
                was planned with.
        """
        if self.model is None or self.asks_server:
            return self.model
        folder = local_folder(self.model, self.revision)
        if is_local(self.model) and folder_revision(Path(folder)) != self.revision:
            raise CheckpointError(
                "has changed since this run was planned",
                where=self.model,
                hint="finished results are kept; run snakemake again, and they count as another model's",
            )
        return folder

    def _served(self, server: Server | None) -> Server | None:
        return None if server is None else dataclasses.replace(server, model=self.model or "")


@dataclass(frozen=True)
class ResolvedEditor(ResolvedModel):
    """An editor.

    Attributes:
        role: ``contestant`` or ``control``.
        is_right: whether it is a control that shows the right answer.
        shows: other editors whose edits it shows.
    """

    role: str
    is_right: bool
    shows: list[str]

    @property
    def family(self) -> "type[Editor]":
        """The class that carries it out."""
        from snakedit.editors import EDITORS

        return EDITORS.find(self.type, f"editors.{self.name}.type")

    @property
    def typed_params(self) -> Any:
        """The parameters as the family's own type."""
        return self.family.Params(**self.params)

    @property
    def server(self) -> Server | None:
        """The server that edits, or None."""
        return self._served(self.family.server(self.typed_params))


@dataclass(frozen=True)
class ResolvedJudge(ResolvedModel):
    """A judge.

    Attributes:
        rubric: its rubric's content (`Rubric.content`).
        rubric_name: as the configuration names it, for people.
        reading, min_scale_mass, samples: as in its configuration.
        batch_size: edits that it is asked about at a time.
        devices: those of its own, as its configuration has them, or None.
    """

    rubric: dict[str, Any]
    rubric_name: str
    reading: str
    batch_size: int
    min_scale_mass: float
    samples: int
    devices: dict[str, Any] | None

    @property
    def own_devices(self) -> DevicesConfig | None:
        """The devices that it has for itself. On a cluster's node each job has those of the run."""
        return None if self.devices is None or "SLURM_JOB_ID" in os.environ else DevicesConfig(**self.devices)

    def run_of(self, run: RunConfig) -> RunConfig:
        """Return how its jobs are carried out: on its own devices, if it has some."""
        return run.model_copy(update={"devices": self.own_devices or run.devices})

    @property
    def family(self) -> "type[Judge]":
        """The class that carries it out."""
        from snakedit.judges import JUDGES

        return JUDGES.find(self.type, f"judges.{self.name}.type")

    @property
    def typed_params(self) -> Any:
        """The parameters as the family's own type."""
        return self.family.Params(**self.params)

    @property
    def server(self) -> Server | None:
        """The server that judges, or None."""
        return self._served(self.family.server(self.typed_params))

    def to_rubric(self) -> "Rubric":
        """Return the rubric that the run was planned with."""
        from snakedit.judges.rubrics.rubric import Rubric

        return Rubric.from_content(self.rubric)


@dataclass(frozen=True)
class Run:
    """A configuration with its editors and judges resolved: what every job is given.

    Attributes:
        source: the configuration as plain data, for the report's provenance.
    """

    config: Config
    editors: dict[str, ResolvedEditor]
    judges: dict[str, ResolvedJudge]
    source: dict[str, Any]


def write_run(run: Run, folder: Path = RUN_FOLDER) -> str:
    """Write a run into a file that is named by its content; return its path."""
    content = {
        "config": run.source,
        "editors": {name: vars(editor) for name, editor in run.editors.items()},
        "judges": {name: vars(judge) for name, judge in run.judges.items()},
    }
    path = folder / f"run-{fingerprint(content)[:12]}.json"
    # A file of this name need not be written again, nor could it be where results are read-only.
    if not path.exists():
        write_whole(path, [json.dumps(content, indent=1, ensure_ascii=False)])
    return str(path)


def read_run(path: str | Path) -> Run:
    """Read a run: the file of `write_run`, or a configuration, which is resolved here.

    Raises:
        ConfigError: if it is unreadable or wrong.
    """
    content = _read_resolved(Path(path))
    if content is None:
        # Only a configuration given by hand has types and rubrics to be looked up.
        from snakedit.workflow.resolve import check_families, resolve

        data = settings.read(path)
        check_families(settings.from_dict(data), str(path))
        return resolve(data, str(path))
    return Run(
        config=settings.from_dict(content["config"]),
        editors={name: ResolvedEditor(**editor) for name, editor in content["editors"].items()},
        judges={name: ResolvedJudge(**judge) for name, judge in content["judges"].items()},
        source=content["config"],
    )


def _read_resolved(path: Path) -> dict[str, Any] | None:
    """The content of a file of `write_run`, or None for any other."""
    try:
        # JSON's own reader: YAML's is fifty times slower.
        content = json.loads(path.read_text(encoding="utf-8")) if path.suffix == ".json" else None
    except (OSError, ValueError):
        return None
    is_resolved = isinstance(content, dict) and content.keys() == {"config", "editors", "judges"}
    return content if is_resolved else None
