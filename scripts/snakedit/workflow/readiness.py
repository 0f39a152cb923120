"""What the jobs of a run need outside of this machine, checked before the first of them."""

from collections.abc import Iterable, Mapping

from snakedit.core.errors import SnakeditError
from snakedit.runtime.servers.errors import EndpointError
from snakedit.runtime.servers.keys import read_key
from snakedit.runtime.servers.params import EndpointParams
from snakedit.runtime.servers.probe import probe_server
from snakedit.workflow.resolved import ResolvedEditor, ResolvedJudge, Run

# Rule → the section of its model in the configuration, and the wildcard that names it.
MODEL_OF = {
    "edit_category": ("editors", "editor"),
    "edit_shard": ("editors", "editor"),
    "score_category": ("judges", "judge"),
    "score_shard": ("judges", "judge"),
}


def check_ready(run: Run, jobs: Iterable[tuple[str, Mapping[str, str]]], where: str, here: bool) -> None:
    """Refuse a run whose jobs lack a key, a server, a server's model or a folder.

    Only what the jobs need is looked at: a run with nothing left to ask needs no server.

    Args:
        jobs: rule and wildcards of each job that will be run.
        where: names the configuration in messages.
        here: whether the jobs run on this machine. Nodes may reach servers that it does not.

    Raises:
        SnakeditError: with the key of the configuration.
    """
    needed = {(*MODEL_OF[rule], wildcards[MODEL_OF[rule][1]]) for rule, wildcards in jobs if rule in MODEL_OF}
    for section, _, name in sorted(needed):
        is_editor = section == "editors"
        model: ResolvedEditor | ResolvedJudge = run.editors[name] if is_editor else run.judges[name]
        try:
            _check_model(model, here and run.config.run.probe)
        except SnakeditError as error:
            hint = error.hint
            if isinstance(error, EndpointError):
                hint = f"{hint}; to begin all the same: run.probe: false".removeprefix("; ")
            place = ": ".join(filter(None, (where, f"{section}.{name}", error.where)))
            raise type(error)(error.what, where=place, allowed=error.allowed, hint=hint) from None


def _check_model(model: ResolvedEditor | ResolvedJudge, probes: bool) -> None:
    params = model.typed_params
    if isinstance(model, ResolvedEditor):
        model.family.check_place(params)
    if model.asks_server and isinstance(params, EndpointParams):
        read_key(params.api_key_env)
        if probes:
            probe_server(params, str(model.model), chats=isinstance(model, ResolvedJudge))
