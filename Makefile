# make run: the demo and its leaderboard.   make check: the linters.
# make quick: the unit tests but for slow ones, at most three minutes.   make test: all tests.
# make bench: measures time and memory; make bench ONLY=NAME,… runs some of the benches.
# make demo-judge: trains the demo's judge again, about three hours on one core; PHOTOS="FOLDER …" adds photos to
# scikit-image's. config/demo_judge/README.md lists those of the shipped judge.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
PYTHON_HERE := "$(CURDIR)/.venv/bin/python"

.PHONY: run quick test check bench demo-judge

# As many tests at a time as there are cores.
PYTEST = $(PYTHON_HERE) -m pytest
PARALLEL = --numprocesses=auto --dist=worksteal

run: .venv/.ready
	$(PYTHON_HERE) -m snakemake
	$(PYTHON_HERE) scripts/show_leaderboard.py results/demo/report

quick: .venv/.ready
	$(PYTEST) $(PARALLEL) -m "not slow" tests/unit

# The cluster's tests mostly wait for SLURM, so the others run beside them. Ctrl-C ends both.
test: .venv/.ready
	@log=$$(mktemp); env --default-signal=INT $(PYTEST) tests/cluster > "$$log" 2>&1 & cluster=$$!; \
	$(PYTEST) $(PARALLEL) --ignore=tests/cluster; others=$$?; \
	wait $$cluster; ended=$$?; cat "$$log"; rm "$$log"; [ $$others = 0 ] && [ $$ended = 0 ]

bench: .venv/.ready
	PYTHONPATH=scripts $(PYTHON_HERE) -m tools.bench --only "$(ONLY)"

demo-judge: .venv/.ready
	PYTHONPATH=scripts $(PYTHON_HERE) -m tools.demo_judge --photos $(PHOTOS)

check: .venv/.ready
	$(PYTHON_HERE) -m ruff format --check scripts tests tools
	$(PYTHON_HERE) -m ruff check scripts tests tools
	$(PYTHON_HERE) -m mypy
	$(PYTHON_HERE) -m snakefmt --check Snakefile workflow rules
	$(PYTHON_HERE) -m snakemake --lint
	$(PYTHON_HERE) scripts/write_config_tables.py --check

.venv/.ready: requirements.lock
	$(PYTHON) -m venv .venv
	$(PYTHON_HERE) -m pip install --quiet --disable-pip-version-check --requirement requirements.lock
	touch $@
