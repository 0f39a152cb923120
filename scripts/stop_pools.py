"""End the resident pools of the run that SNAKEDIT_OWNER names, at its end."""

import os

from snakedit.core.errors import exit_in_one_line
from snakedit.runtime.resident.handover import stop_pools


def main() -> None:
    """Stop them."""
    stop_pools(os.environ["SNAKEDIT_OWNER"])


if __name__ == "__main__":
    exit_in_one_line(main)
