"""Write the generated tables of config/README.md; with --check, only compare them."""

import argparse
from collections.abc import Sequence

from snakedit.config.documentation import write_tables
from snakedit.config.load import CONFIG_FOLDER
from snakedit.core.atomic import write_whole
from snakedit.core.errors import ConfigError, exit_in_one_line
from snakedit.editors import EDITORS
from snakedit.judges import JUDGES
from snakedit.runtime.servers.params import EndpointParams
from snakedit.sources import FORMATS


def main(argv: Sequence[str] | None = None) -> None:
    """Parse the command line, then write or compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="fail if the file is not what would be written")
    args = parser.parse_args(argv)
    path = CONFIG_FOLDER / "README.md"
    text = path.read_text(encoding="utf-8")
    families = {"editors": EDITORS, "judges": JUDGES, "benchmarks": FORMATS}
    written = write_tables(text, families, EndpointParams)
    if not args.check:
        write_whole(path, [written])
    elif written != text:
        raise ConfigError(
            "its tables are out of date", where=str(path), hint="python scripts/write_config_tables.py"
        )


if __name__ == "__main__":
    exit_in_one_line(main)
