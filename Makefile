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

# Debian packages: what building needs, and what the plugin, tests and training need besides.
# juce-modules-source brings the headers of X11 and of the codecs.
BUILD_PACKAGES = g++ pkg-config libsoxr-dev nlohmann-json3-dev
PLUGIN_PACKAGES = juce-modules-source juce-tools libjack-jackd2-dev libxcursor-dev
TEST_PACKAGES = $(BUILD_PACKAGES) catch2 libfluidsynth3 timgm6mb-soundfont musescore3 \
	binutils xvfb xauth
SLOW_PACKAGES = ardour
TRAIN_PACKAGES = libfluidsynth3 fluid-soundfont-gm timgm6mb-soundfont \
	musescore-general-soundfont csound-soundfont opl3-soundfont avldrums.lv2-soundfont \
	minuet-data denemo-data hydrogen-drumkits lmms-common sonic-pi-samples
# Debian's own Python keeps these apart; others bring them.
ifeq ($(shell command -v $(PYTHON)),/usr/bin/python3)
BUILD_PACKAGES += python3-venv python3-dev
endif

ENGINE_SOURCES = pyproject.toml CMakeLists.txt $(shell find cpp -type f 2>/dev/null)
PLUGIN_SOURCES = $(shell find plugin models/scorelane -type f 2>/dev/null)
PLUGIN_BUNDLE = build/python/plugin/Scorelane_artefacts/Release/VST3/Scorelane.vst3
ifeq ($(shell uname -s),Darwin)
VST3_FOLDER ?= $(HOME)/Library/Audio/Plug-Ins/VST3
else
VST3_FOLDER ?= $(HOME)/.vst3
endif

# All stamps share .venv and one build folder.
.NOTPARALLEL:
.PHONY: help transcribe plugin install-plugin test lint cpp-test check-slow bench bench-accuracy bench-score peers train-packages clean

help:
	@echo "make transcribe AUDIO=song.flac   set up, transcribe, write song.mid and song.png"
	@echo "make plugin                       the VST3 and the program of its own"
	@echo "make install-plugin               puts the VST3 where DAWs look for it"
	@echo "make test                         set up, run every test (C++ and Python)"
	@echo "make check-slow                   the long proofs: hours of audio, fuzzing, sanitizers"
	@echo "make bench                        speed beside Basic Pitch; AUDIO=files to time"
	@echo "make bench-accuracy CLIPS=folder  scores beside Basic Pitch and Transkun"
	@echo "make bench-score CORPORA=folder   written scores beside MuseScore's import"
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

# The same build folder as the engine's, so that nothing is compiled twice. An option that one stamp
# sets stays in its cache, and the others build with it.
.venv/plugin.stamp: .venv/engine.stamp $(PLUGIN_SOURCES)
	$(call install_packages,$(PLUGIN_PACKAGES))
	@echo "building the plugin"
	@$(PIP) install --no-build-isolation --editable . \
	    --config-settings=cmake.define.SCORELANE_BUILD_PLUGIN=ON
	@touch $@

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

plugin: .venv/plugin.stamp
	@echo "the plugin is in $(PLUGIN_BUNDLE)"
	@echo "the program of its own: build/python/plugin/Scorelane_artefacts/Release/Standalone/Scorelane"

# A host that scans meanwhile sees the old bundle or the new one, never half of one.
install-plugin: .venv/plugin.stamp
	@mkdir -p "$(VST3_FOLDER)"
	@rm -rf "$(VST3_FOLDER)/.scorelane-new" "$(VST3_FOLDER)/.scorelane-old"
	@cp -R "$(PLUGIN_BUNDLE)" "$(VST3_FOLDER)/.scorelane-new"
	@if [ -e "$(VST3_FOLDER)/Scorelane.vst3" ]; then \
	    mv "$(VST3_FOLDER)/Scorelane.vst3" "$(VST3_FOLDER)/.scorelane-old"; \
	fi
	@mv "$(VST3_FOLDER)/.scorelane-new" "$(VST3_FOLDER)/Scorelane.vst3"
	@rm -rf "$(VST3_FOLDER)/.scorelane-old"
	@echo "installed $(VST3_FOLDER)/Scorelane.vst3"

test: .venv/test.stamp .venv/plugin.stamp lint cpp-test
	$(BIN)/python -m pytest

lint: .venv/test.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/clang-format --dry-run --Werror \
	    $$(git ls-files 'cpp/*.cpp' 'cpp/*.h' 'plugin/*.cpp' 'plugin/*.h')

cpp-test: .venv/test.stamp .venv/plugin.stamp
	$(BIN)/ctest --test-dir build/python --output-on-failure

check-slow: .venv/test.stamp .venv/plugin.stamp
	$(call install_packages,$(SLOW_PACKAGES))
	$(BIN)/python -m pytest -m slow --timeout 3600
	for sanitizer in asan tsan; do \
	    $(BIN)/cmake --preset $$sanitizer && $(BIN)/cmake --build --preset $$sanitizer && \
	    $(BIN)/ctest --preset $$sanitizer || exit 1; \
	done

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

# CORPORA is a folder with the folders of score-time MIDI that the bench names; without it the
# scores are music21's.
bench-score: .venv/test.stamp
	$(BIN)/python tests/bench/score_accuracy.py --peer --round-trip $(if $(CORPORA),--corpora $(CORPORA))

train-packages: .venv/test.stamp
	$(call install_packages,$(TRAIN_PACKAGES))

clean:
	rm -rf .venv .venv-peers build
