# Requires nothing. Makes, where Snakemake reads this workflow from a git host, a copy of it in .snakemake/modules/.

import os
import sys
from importlib.util import module_from_spec, spec_from_file_location

# One file of the library finds all of it.
_FILE = "../scripts/snakedit/workflow/snakemake_internals.py"
# Python writes no bytecode of a file whose name is of Snakemake's own string class.
_SPEC = spec_from_file_location("snakemake_internals", str(workflow.source_path(_FILE)))
_INTERNALS = module_from_spec(_SPEC)
_SPEC.loader.exec_module(_INTERNALS)

SNAKEMAKE = _INTERNALS.Internals(workflow)
ROOT = SNAKEMAKE.root_folder()
SCRIPTS = ROOT / "scripts"
sys.path.insert(0, str(SCRIPTS))
# What Snakemake prints from here on.
from snakedit.workflow.snakemake_output import RunOutput

OUTPUT = RunOutput(workflow)
OUTPUT.quieten()
# Jobs find the library beside their scripts, and Altair its docstrings, however the user's Python is set.
os.environ.update(PYTHONSAFEPATH="", PYTHONOPTIMIZE="")
