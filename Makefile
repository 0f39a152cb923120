# make run: the demo and its leaderboard.   make test: the tests.   make check: the linters.
# make bench: what it costs, measured; make bench ONLY=name,… for some of it.
# make demo-judge: trains the demo's judge anew, about three hours on one core; PHOTOS="FOLDER …" for more photos
# than scikit-image's. config/demo_judge/README.md says which were taken.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := $(CURDIR)/.venv/bin
# The rules call plain `python`.
WITH_ENVIRONMENT := PATH="$(BIN):$$PATH" "$(BIN)/python"

.PHONY: run test check bench demo-judge

run: .venv/.ready
	$(WITH_ENVIRONMENT) -m snakemake
	$(WITH_ENVIRONMENT) scripts/show_leaderboard.py results/demo/report

test: .venv/.ready
	$(WITH_ENVIRONMENT) -m pytest

bench: .venv/.ready
	$(WITH_ENVIRONMENT) scripts/run_bench.py --only "$(ONLY)"

demo-judge: .venv/.ready
	$(WITH_ENVIRONMENT) scripts/train_demo_judge.py --photos $(PHOTOS)

check: .venv/.ready
	"$(BIN)/python" -m ruff format --check scripts tests
	"$(BIN)/python" -m ruff check scripts tests
	"$(BIN)/python" -m mypy
	"$(BIN)/python" -m snakefmt --check Snakefile rules
	$(WITH_ENVIRONMENT) -m snakemake --lint

.venv/.ready: requirements.lock
	$(PYTHON) -m venv .venv
	"$(BIN)/python" -m pip install --quiet --disable-pip-version-check --requirement requirements.lock
	touch $@
