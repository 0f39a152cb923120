"""SVGs that suit any page, and the memory they need."""

import resource

import pytest

from snakedit.core.errors import StageError
from snakedit.report.figures import plots


def test_a_limit_on_addresses_under_which_the_process_would_be_aborted_is_told(monkeypatch):
    monkeypatch.setattr(resource, "getrlimit", lambda which: (32 * 2**30, resource.RLIM_INFINITY))
    with pytest.raises(StageError, match=r"limit of 32 GiB .*ulimit -v.*; allowed: 68 GiB or more"):
        plots.distributions({"ant": [0.4, 0.6]})
