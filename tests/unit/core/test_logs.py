"""What an entry point says: on stderr, and in a file as far as there is room for it."""

from collections.abc import Iterator

import pytest

from snakedit.core.logs import LOGGER, log_to


@pytest.fixture(autouse=True)
def _handlers() -> Iterator[None]:
    handlers, propagates = list(LOGGER.handlers), LOGGER.propagate
    yield
    LOGGER.handlers[:], LOGGER.propagate = handlers, propagates


def test_a_full_disk_leaves_what_is_said_on_stderr_and_adds_no_traceback(
    capsys: pytest.CaptureFixture[str],
) -> None:
    log_to("/dev/full")
    LOGGER.info("one")
    LOGGER.info("two")
    assert capsys.readouterr().err == "snakedit: one\nsnakedit: two\n"
