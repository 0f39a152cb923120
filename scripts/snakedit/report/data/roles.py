"""Roles of editors and judges, from the resolved run: controls, right and wrong answers, simulated parts."""

from snakedit.workflow.resolved import Run


def controls_of(run: Run) -> list[str]:
    """Return the editors whose right place is known."""
    return [name for name, editor in run.editors.items() if editor.role == "control"]


def right_answers(run: Run) -> list[str]:
    """Return the controls that show the benchmark's right answers."""
    return [name for name in controls_of(run) if run.editors[name].is_right]


def wrong_answers(run: Run) -> list[str]:
    """Return the controls that every right answer should be above."""
    return [name for name in controls_of(run) if not run.editors[name].is_right]


def unedited_sources(run: Run) -> list[str]:
    """Return the controls that show the source as it is."""
    return [name for name in controls_of(run) if run.editors[name].type == "identity"]


def shown_by(run: Run, name: str) -> list[str]:
    """Return the editors of the run whose edits an editor shows for other items."""
    return [shown for shown in run.editors[name].shows if shown in run.editors]


def simulated_editors(run: Run) -> list[str]:
    """Return the editors that only pretend to be a model."""
    return [name for name, editor in run.editors.items() if editor.simulated]


def simulated_judges(run: Run) -> list[str]:
    """Return the judges that only pretend to be a model."""
    return [name for name, judge in run.judges.items() if judge.simulated]
