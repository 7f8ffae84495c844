# Everything a newcomer needs:   make transcribe AUDIO=song.flac   and   make test
# The first call sets up .venv and builds the engine; later calls are quick.

PYTHON ?= python3
TORCH ?= torch==2.13.0
AUDIO ?=
CLIPS ?= examples
SCORES ?= build/accuracy/scores.json
PEERS_PYTHON = .venv-peers/bin/python
PEERS_PIP = $(PEERS_PYTHON) -m pip --quiet --disable-pip-version-check
BIN = .venv/bin
PIP = $(BIN)/python -m pip --quiet --disable-pip-version-check

# Debian packages: what building needs, and what tests and training need besides.
BUILD_PACKAGES = g++ pkg-config libsoxr-dev nlohmann-json3-dev
TEST_PACKAGES = $(BUILD_PACKAGES) catch2 libfluidsynth3 timgm6mb-soundfont
TRAIN_PACKAGES = libfluidsynth3 fluid-soundfont-gm timgm6mb-soundfont \
	musescore-general-soundfont csound-soundfont avldrums.lv2-soundfont hydrogen-drumkits
# Debian's own Python keeps these apart; others bring them.
ifeq ($(shell command -v $(PYTHON)),/usr/bin/python3)
BUILD_PACKAGES += python3-venv python3-dev
endif

ENGINE_SOURCES = pyproject.toml CMakeLists.txt $(shell find cpp -type f 2>/dev/null)

.PHONY: help transcribe test lint cpp-test check-slow bench bench-accuracy peers train-packages clean

help:
	@echo "make transcribe AUDIO=song.flac   set up, transcribe, write song.mid and song.png"
	@echo "make test                         set up, run every test (C++ and Python)"
	@echo "make check-slow                   the long proofs: hours of audio, fuzzing, sanitizers"
	@echo "make bench                        speed beside Basic Pitch; AUDIO=files to time"
	@echo "make bench-accuracy CLIPS=folder  scores beside Basic Pitch and Transkun"
	@echo "make clean                        remove .venv and build"

# Installs what is missing of the packages in $(1); asks nothing.
define install_packages
	@missing=; for p in $(1); do \
	    dpkg-query -W -f='$${Status}' $$p 2>/dev/null | grep -q 'ok installed' || missing="$$missing $$p"; \
	done; \
	if [ -n "$$missing" ]; then \
	    root=; [ "$$(id -u)" = 0 ] || root="sudo -n"; \
	    echo "installing$$missing"; \
	    { $$root apt-get update -qq && DEBIAN_FRONTEND=noninteractive $$root apt-get install -y -qq \
	        --no-install-recommends $$missing >/dev/null; } || \
	    { echo "These packages are needed and could not be installed:$$missing" >&2; exit 1; }; \
	fi
endef

# A torch that is already in .venv stays.
.venv/torch.stamp:
	$(call install_packages,$(BUILD_PACKAGES))
	$(PYTHON) -m venv .venv
	@echo "installing torch and the Python packages"
	@$(BIN)/python -c 'import torch' 2>/dev/null || $(PIP) install $(TORCH)
	@$(PIP) install 'scikit-build-core>=0.11' 'pybind11>=2.12' ninja 'cmake>=3.21'
	@touch $@

.venv/engine.stamp: .venv/torch.stamp $(ENGINE_SOURCES)
	$(call install_packages,$(BUILD_PACKAGES))
	@echo "building the engine"
	@$(PIP) install --no-build-isolation --editable .
	@touch $@

# The same build folder as the engine's, so that nothing is compiled twice.
.venv/test.stamp: .venv/engine.stamp
	$(call install_packages,$(TEST_PACKAGES))
	@echo "building the C++ tests"
	@$(PIP) install --no-build-isolation --editable '.[test]' \
	    --config-settings=cmake.define.SCORELANE_BUILD_TESTS=ON
	@touch $@

transcribe: .venv/engine.stamp
ifeq ($(AUDIO),)
	$(BIN)/scorelane transcribe examples/example.flac --out build/example --overwrite
	$(BIN)/scorelane evaluate examples/example.flac
else
	$(BIN)/scorelane transcribe "$(AUDIO)" --overwrite
endif

test: .venv/test.stamp lint cpp-test
	$(BIN)/python -m pytest

lint: .venv/test.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/clang-format --dry-run --Werror $$(git ls-files 'cpp/*.cpp' 'cpp/*.h')

cpp-test: .venv/test.stamp
	$(BIN)/ctest --test-dir build/python --output-on-failure

check-slow: .venv/test.stamp
	$(BIN)/python -m pytest -m slow --timeout 3600
	$(BIN)/cmake --preset asan
	$(BIN)/cmake --build --preset asan
	$(BIN)/ctest --preset asan

# Other transcribers to compare with, in an environment of their own.
peers: .venv-peers/peers.stamp

.venv-peers/peers.stamp: tests/bench/requirements-peers.txt
	$(PYTHON) -m venv .venv-peers
	@echo "installing Basic Pitch and Transkun"
	@$(PEERS_PIP) install $(TORCH)
	@$(PEERS_PIP) install -r tests/bench/requirements-peers.txt
	@$(PEERS_PIP) install --no-deps basic-pitch==0.4.0 transkun==2.0.1
	@touch $@

bench: .venv/engine.stamp peers
	$(BIN)/python tests/bench/bench_speed.py $(AUDIO) --peer-python $(PEERS_PYTHON)

# CLIPS is a folder of clips with known notes, as `scorelane evaluate` reads them. What the peers
# heard is kept; all scores go to SCORES as JSON.
bench-accuracy: .venv/engine.stamp peers
	@mkdir -p build/accuracy
	$(BIN)/python tests/bench/bench_accuracy.py $(CLIPS) --peer-python $(PEERS_PYTHON) \
	    --peer-notes build/accuracy/peers --json $(SCORES)

train-packages: .venv/test.stamp
	$(call install_packages,$(TRAIN_PACKAGES))

clean:
	rm -rf .venv .venv-peers build
