"""Where the parts of this repository lie."""

from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
SCRIPTS = REPOSITORY / "scripts"
TESTS = REPOSITORY / "tests"
HELPERS = TESTS / "helpers"
