# Everything happens in .venv, installed from the locks. Paths are relative, so that a folder
# whose name has a space in it works.
PYTHON ?= python3
.DEFAULT_GOAL := help

python := .venv/bin/python
pip_install := $(python) -m pip install --quiet --disable-pip-version-check
# Complete locks of wheels: pip checks hashes, resolves nothing and builds nothing. PySpark alone
# is published as source, without anything to compile; the locked setuptools packs it.
locked := --require-hashes --no-deps --only-binary :all: --no-binary pyspark --no-build-isolation
debian_root := test "$$(id -u)" = 0 && command -v apt-get >/dev/null
apt_install := DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends
compile := $(python) -m uv pip compile --quiet --no-config --custom-compile-command "make lock" \
	--universal --python-version 3.11 --fork-strategy fewest --generate-hashes \
	--no-emit-index-url --no-emit-find-links $(if $(UPGRADE),--upgrade)

.PHONY: help
help:
	@echo 'make book       build the book into _build/html'
	@echo 'make test       the tests, at most ten minutes'
	@echo 'make test-full  the long ones too'
	@echo 'make serve      build the book and show it on this machine'
	@echo 'make offline    pack the book into one zip file to hand out'
	@echo 'make course-pack  pack notebooks, tables, packages and the book for students'
	@echo 'make slides     a deck for each chapter, in _build/slides'
	@echo 'make pdf        the whole book as PDF, by Chromium'
	@echo 'make picture    take the picture in the README'
	@echo 'make bench      speed and size'
	@echo 'make face       the letters of the site, from their package'
	@echo 'make lock       write requirements*.txt from pyproject.toml (UPGRADE=1: newest versions)'
	@echo 'make clean      remove _build (the environment, .venv, stays)'

.PHONY: book
book: .venv/installed
	$(python) -m convergence check --hashes
	$(python) -m livebook build .

.PHONY: serve
serve: .venv/installed
	$(python) -m livebook serve

.PHONY: offline
offline: book
	$(python) -m livebook offline

# Fetches the wheels of requirements-course.txt for this machine's system and Python.
.PHONY: course-pack
course-pack: book
	$(python) tools/course_pack.py

.PHONY: slides
slides: book
	$(python) -m livebook slides

.PHONY: pdf
pdf: browser book
	$(python) -m livebook pdf

# A test that waits for a browser or a build leaves a core to another.
in_parallel := -n auto --dist worksteal

.PHONY: test
test: .venv/installed-test browser
	$(python) -m pytest $(in_parallel)

.PHONY: test-full
test-full: .venv/installed-test browser
	$(python) -m pytest $(in_parallel) -m 'full or not full'

.PHONY: bench
bench: .venv/installed-test
	$(python) -m benchmarks

.PHONY: picture
picture: .venv/installed-test browser book
	$(python) tools/picture.py

# The site's own letters, from the locked package: after it or tools/face.py has changed.
.PHONY: face
face: .venv/installed-test
	$(python) tools/face.py

.PHONY: clean
clean:
	rm -rf _build

# What the tests add leaves out what the book's lock already holds.
.PHONY: lock
lock: .venv/installed-test
	$(compile) --extra livebook --extra measure --group book pyproject.toml -o requirements.txt
	$(compile) --group pyproject.toml:test -c requirements.txt -o requirements-test.txt \
		$$(sed -n 's/^\([a-z0-9._-]*\)==.*/--no-emit-package \1/p' requirements.txt)
	$(compile) --extra measure --group course pyproject.toml -c requirements.txt \
		-o requirements-course.txt

# A changed lock makes the environment anew: nothing stays that the lock no longer names.
.venv/locked: requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo 'Python 3.11 or newer is needed. If it has another name: make PYTHON=python3.12' >&2; \
		exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null \
		|| { $(debian_root) && { apt-get update -qq; $(apt_install) python3-venv; }; } \
		|| { echo 'Python cannot make environments here: install venv (Debian, Ubuntu: apt-get install python3-venv).' >&2; \
		exit 1; }
	$(PYTHON) -m venv --clear .venv
	$(pip_install) $(locked) -r requirements.txt
	@touch $@

.venv/installed: .venv/locked pyproject.toml
	$(pip_install) --no-deps --no-build-isolation -e .
	@touch $@

.venv/installed-test: .venv/installed requirements-test.txt
	$(pip_install) $(locked) -r requirements-test.txt
	@touch $@

# Chromium ends where the system has no font at all. Nothing else depends on the machine's fonts,
# except Chinese characters on paper and in pictures: hence a Chinese one.
.PHONY: browser
browser:
	@dpkg -s chromium fonts-noto-cjk >/dev/null 2>&1 \
		|| { $(debian_root) && { apt-get update -qq; $(apt_install) chromium fonts-noto-cjk; }; } \
		|| command -v chromium || command -v chromium-browser || command -v google-chrome \
		|| { echo 'Tests and print need a browser: install Chromium (Debian: apt-get install chromium fonts-noto-cjk).' >&2; \
		exit 1; }
