# `make report` does everything, from an empty machine to the finished report; `make help` lists the rest.
# For GNU make 3.81 (which macOS ships) and any sh.

# What a user may set, as in: make report DATA=my/images
DATA    =
WEIGHTS =
REPORT  =
CLASS   = class.toml
OUT     = reports
ARGS    =
CLASSES = butterfly kangaroo Leopards
# SYSTEM=yes installs what the PDF needs of the system without asking, SYSTEM=no never; the usual: root installs, others are asked.
SYSTEM  =
# TOOLS=yes installs what the tests look at documents with, too, and a test that is skipped for want of a tool fails.
TOOLS   =
# The machines that check-full makes believe to be on; see tests/hidden_libraries.py.
HIDDEN  = no-pango no-harfbuzz-subset none
PYTHON ?= python3
# Tests run in two processes; with one file, or with a debugger: make test WORKERS= ARGS=tests/test_cli.py
WORKERS = -n 2

SUPPORTED = 3.13 3.12 3.11
# A Python that was asked for by name is the one to use, or an error; python3 may be any, so others are tried.
ifeq ($(origin PYTHON),file)
OTHERS = $(addprefix python,$(SUPPORTED))
endif

PY  = .venv/bin/python
# pip's isolated build of reportgen itself hears of constraints only through the environment:
# PIP_CONSTRAINT up to pip 25.2, PIP_BUILD_CONSTRAINT after it.
PIP = PIP_CONSTRAINT=constraints.txt PIP_BUILD_CONSTRAINT=constraints.txt $(PY) -m pip install --quiet \
      --disable-pip-version-check
# uv installs in half a minute what takes pip three. It reads none of pip's settings: where these name another index
# pip does it, and also where uv cannot be had or fails, for then it is pip that says why.
UV  = $(PY) -m uv pip install --quiet --compile-bytecode --python $(PY) --constraint constraints.txt \
      --build-constraint constraints.txt
OTHER_INDEX = $(PY) -m pip config list 2>/dev/null | grep -Eq '[.](index-url|no-index)='
install = { ! $(OTHER_INDEX) && $(PIP) uv && $(UV) --editable $(1); } 2>/dev/null || $(PIP) --editable $(1)

SETUP = $(PY) -m reportgen.system.setup --permission $(call quote,$(SYSTEM)) --memory .venv/.system-declined
SET_UP_FOR_TESTS = .venv/.installed-dev $(if $(filter yes,$(TOOLS)),.venv/.system-tools,.venv/.system)
export TOOLS

quote = '$(subst ','\'',$(1))'

# How make was called, for messages that say what to type for other weights.
AS_TYPED = REPORTGEN_MAKE=$(call quote,make $@ $(MAKEOVERRIDES))

.PHONY: help report watch diff grade verify batch sample doctor fetch-caltech101 fetch-vgg19 export-model quick fast test lint code check docs check-hidden check-full bench bench-full schema pictures corpus lock clean distclean
.DELETE_ON_ERROR:

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-17s %s\n", $$1, $$2 }' Makefile
	@printf '\n%s\n%s\n%s\n%s\n%s\n' \
	  '  make report DATA=my/images       the report on your own images (see data/README.md)' \
	  '  make report WEIGHTS=imagenet     with the weights of the assignment (574 MB, downloaded once)' \
	  '  make report REPORT=other.toml    with other settings than those in report.toml' \
	  '  make report ARGS=--quiet         any other option of "reportgen build"; ARGS works for every target' \
	  '  make report PYTHON=python3.12    with this Python, when .venv is made (3.11 to 3.13)' \
	  '  make report SYSTEM=yes           install what the PDF needs without asking (SYSTEM=no: never)'

report: .venv/.system ## Build the report: build/report.html, build/report.pdf, build/results.json
	@$(AS_TYPED) $(PY) -m reportgen build $(if $(DATA),--data $(call quote,$(DATA))) \
	  $(if $(WEIGHTS),--weights $(call quote,$(WEIGHTS))) \
	  $(if $(REPORT),--settings $(call quote,$(REPORT))) $(ARGS)

watch: .venv/.system ## Show the report in the browser and build it again at every change
	@$(AS_TYPED) $(PY) -m reportgen watch $(if $(DATA),--data $(call quote,$(DATA))) \
	  $(if $(WEIGHTS),--weights $(call quote,$(WEIGHTS))) \
	  $(if $(REPORT),--settings $(call quote,$(REPORT))) $(ARGS)

diff: .venv/.installed ## Say what changed since the build before (ARGS="A B": between two reports)
	@$(PY) -m reportgen diff $(if $(REPORT),--settings $(call quote,$(REPORT))) $(ARGS)

grade: .venv/.installed ## Grade the last build by the rubric of this assignment (ARGS="--rubric mine.toml")
	@$(PY) -m reportgen grade $(if $(REPORT),--settings $(call quote,$(REPORT))) $(ARGS)

verify: .venv/.system ## Compute a submitted report again: make verify REPORT=report.pdf DATA=its/images
	@$(PY) -m reportgen verify $(if $(REPORT),$(call quote,$(REPORT))) \
	  $(if $(DATA),--data $(call quote,$(DATA))) $(ARGS)

batch: .venv/.system ## Verify and grade a whole class: make batch CLASS=class.toml OUT=reports
	@$(PY) -m reportgen batch $(call quote,$(CLASS)) --out $(call quote,$(OUT)) $(ARGS)

sample: .venv/.installed ## Draw the sample images into data/sample
	@$(PY) -m reportgen sample $(ARGS)

doctor: .venv/.installed ## Say what this machine lacks, if anything
	@$(PY) -m reportgen doctor $(ARGS)

fetch-caltech101: .venv/.installed ## Download photographs (CLASSES="…") into data/caltech101
	@$(PY) -m reportgen fetch caltech101 --classes $(foreach class,$(CLASSES),$(call quote,$(class))) \
	  --out data/caltech101 $(ARGS)

fetch-vgg19: .venv/.installed ## Download the ImageNet weights of VGG19 (574 MB)
	@$(PY) -m reportgen fetch vgg19 $(ARGS)

export-model: .venv/.installed ## Write the retrained network of the last report as a Keras model
	@$(PY) -m reportgen export-model $(ARGS)

# The tests of what reads, writes, keeps and draws: they import no TensorFlow, print nothing and build no report.
QUICK = tests/dataset tests/figures tests/store tests/toml tests/engine/test_sources.py \
  $(patsubst %,tests/test_%.py,project_files results settings split text)

quick: .venv/.installed-dev ## Lint, types, layers and the fast tests: under a minute
	@$(MAKE) --no-print-directory -j2 code fast ARGS=$(call quote,$(ARGS))

fast: .venv/.installed-dev ## The fast tests alone
	@$(PY) -m pytest $(WORKERS) -m 'not slow and not prints' $(QUICK) $(ARGS)

test check: ANNOUNCE = --announce

# Where Python is told to write no bytecode, as in many containers, each of the tests' two hundred processes would
# compile the whole package for itself.
test: $(SET_UP_FOR_TESTS) ## Run the tests (TOOLS=yes: install Chromium and Poppler for them first)
	@$(PY) -m compileall -q reportgen
	@$(PY) -m pytest $(WORKERS) $(LEFT_OUT) $(ARGS)

lint: code ## Lint, types, layers and documentation, without the tests
	$(PY) -m mkdocs build --strict

code: .venv/.installed-dev ## Lint, types and layers
	$(PY) -m ruff check
	$(PY) -m ruff format --check
	$(PY) -m mypy
	.venv/bin/lint-imports

# What takes longest is left to check-full, which every night runs: most of the time, for what shorter tests look at, too.
WITHOUT_LONG = -m 'not long'

# Beside each other: types are of one process, and would leave a core idle for a minute. The documentation is built,
# as strictly as by lint, by its own tests.
check: $(SET_UP_FOR_TESTS) ## Lint and tests: what must pass before a commit
	@$(MAKE) --no-print-directory -j2 code test SET_UP_FOR_TESTS=.venv/.installed-dev \
	  LEFT_OUT="$(WITHOUT_LONG)" ARGS=$(call quote,$(ARGS))

docs: .venv/.installed-dev ## Build the documentation: site/index.html
	$(PY) -m mkdocs build --strict

check-full: ARGS = --full
check-full: WITHOUT_LONG =
check-full: check check-hidden ## The same with all tests, every kill point, all in the browser, on poorer machines

check-hidden: .venv/.installed-dev ## make report and make test as on machines without Pango, HarfBuzz-Subset, all of them
	@for machine in $(HIDDEN); do $(PY) tests/hidden_libraries.py $$machine $(ARGS) || exit 1; done

bench: .venv/.installed-dev ## Measure time and memory: a table, and build/bench.json
	@$(PY) tests/benchmarks/run.py $(ARGS)

bench-full: .venv/.installed-dev ## The same with the notebook, 10,000 files, whole classes, growth: half an hour and more
	@$(PY) tests/benchmarks/run.py --full $(ARGS)

schema: .venv/.installed-dev ## Write the schema of results.json and the list of its pointers again, from the types
	@$(PY) -m reportgen.contract

pictures: .venv/.installed-dev ## Take the pictures of pages in README.md and docs/ again, from the sample report
	@$(PY) tests/pictures.py

corpus: .venv/.installed-dev ## Verify every forgery and honest variation of the tests, and print a table of exit codes
	@$(PY) tests/verify/corpus.py

lock: .venv/bin/python ## Resolve constraints.txt again (ARGS=--upgrade: to the newest versions)
	$(PY) -m pip install --quiet --disable-pip-version-check uv
	$(PY) -m uv pip compile --quiet --universal --python-version 3.11 --extra dev pyproject.toml --no-annotate \
	  --custom-compile-command 'make lock' \
	  --output-file constraints.txt $(ARGS)

clean: ## Remove what reportgen wrote to build/; what you put there stays
	@if [ -e .venv/.installed ]; then $(PY) -m reportgen clean --build build; \
	elif [ -e build/.record.json ]; then \
	  echo 'build/ stays: without .venv nothing tells what in it is yours; run "make report", then this.'; fi

distclean: clean ## The same; drop the cache, .venv and the tools' caches too (never data/)
	@rm -rf .cache/reportgen; [ ! -d .cache ] || find .cache -maxdepth 0 -empty -delete
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis site

.venv/bin/python:
	@fail() { printf 'reportgen: %s\n' "$$@" >&2; exit 1; }; \
	seen=; chosen=; \
	for name in $(call quote,$(PYTHON)) $(OTHERS); do \
	  version=$$("$$name" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null) || continue; \
	  case ' $(SUPPORTED) ' in *" $$version "*) chosen=$$name; break;; esac; \
	  seen="$${seen:+$$seen, }$$name $$version"; \
	done; \
	[ -n "$$chosen" ] || fail "one of these Pythons is needed: $(SUPPORTED). Found: $${seen:-none}." \
	  'Install one (for example: sudo apt install python3 python3-venv, or: brew install python@3.13),' \
	  'or name yours: make report PYTHON=/path/to/python3'; \
	"$$chosen" -c 'import ensurepip, venv' 2>/dev/null || fail "$$chosen has no venv module." \
	  "Install it, for example: sudo apt install $${chosen##*/}-venv"; \
	"$$chosen" -m venv --clear .venv

# The stamps are touched last, so an interrupted install is taken up again by the next call.
.venv/.installed: .venv/bin/python pyproject.toml constraints.txt
	@echo 'Installing reportgen into .venv. This takes a minute or more, the first time only.'
	@$(call install,.)
	@touch $@

.venv/.installed-dev: .venv/.installed
	@echo 'Installing the tools for tests and checks into .venv.'
	@$(call install,'.[dev]')
	@touch $@

# What the PDF and the tests need of the system. Exit code 3: something is missing, and was not to be installed.
.venv/.system: .venv/.installed
	@$(SETUP) $(ANNOUNCE) && touch $@ || [ $$? -eq 3 ]

.venv/.system-tools: .venv/.installed-dev
	@$(SETUP) $(ANNOUNCE) --tools && touch $@ || [ $$? -eq 3 ]
