import errno
import os
import re

import pytest

from snakedit.core.errors import ConfigError, exit_in_one_line, line_of
from snakedit.core.logs import LOGGER


def disk_error(number):
    return OSError(number, os.strerror(number), "results/x")


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (ConfigError("is wrong", where="a.yaml"), "snakedit: ConfigError: a.yaml: is wrong"),
        (
            disk_error(errno.ENOSPC),
            r"snakedit: results/x: No space left on device; .*make room and run again",
        ),
        (
            disk_error(errno.EROFS),
            r"snakedit: results/x: Read-only file system; .*let this user write there.*",
        ),
        (disk_error(errno.EACCES), r"snakedit: results/x: Permission denied; .*let this user write there.*"),
        (disk_error(errno.EEXIST), r"snakedit: results/x: File exists; .*a link whose folder is gone.*"),
        (disk_error(errno.ENOTDIR), r"snakedit: results/x: Not a directory; .*a link whose folder is gone.*"),
    ],
    ids=["user's", "full", "read-only", "forbidden", "dangling", "in the way"],
)
def test_what_a_user_can_mend_is_one_line_and_exit_code_2(error, line, capsys, monkeypatch):
    # Without a log, as before an entry point has opened its own; other tests leave theirs.
    monkeypatch.setattr(LOGGER, "handlers", [])

    def fail():
        raise error

    with pytest.raises(SystemExit) as caught:
        exit_in_one_line(fail)
    assert caught.value.code == 2
    told = capsys.readouterr().err
    assert re.fullmatch(line + "\n", told)
    assert told == line_of(error) + "\n"


@pytest.mark.parametrize("error", [ValueError("a fault"), disk_error(errno.EISDIR)], ids=["own", "other"])
def test_a_fault_of_the_program_itself_is_no_line(error):
    with pytest.raises(type(error)):
        line_of(error)
