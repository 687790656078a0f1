# SPDX-License-Identifier: LGPL-2.1-or-later
# A thin face of the Meson build, for Debian 12: every target first installs the packages that it
# needs, through apt-get, and does nothing about them when they are there.

# Debian's own tools first: an interpreter from elsewhere would lack Debian's modules.
export PATH := /usr/bin:/bin:$(PATH)

BUILD ?= build
MESON_OPTIONS ?=
SOAK_MINUTES ?= 5
HOLE_KILLS ?= 10000
MOVES_KILLS ?= 1000
MOVES_DRAINS ?= 100

all: $(BUILD)/build.ninja
	ninja -C $(BUILD)

demo: $(BUILD)/build.ninja
	ninja -C $(BUILD) imp-remote/tool/imp-remote imp-remote/Imp-1.typelib
	tests/tool/demo $(BUILD)

check: install-deps
	/usr/bin/python3 .ci/check

docs: all
	ninja -C $(BUILD) docs/imp-remote-1
	@echo "the documentation: $(BUILD)/docs/imp-remote-1/index.html"

bench: all
	tests/bench/imp-bench --build $(BUILD)
	tests/bench/pcap-load --build $(BUILD)
	tests/bench/pool-load --build $(BUILD) --floor 1.7

soak: all
	tests/soak/soak --build $(BUILD) --minutes $(SOAK_MINUTES) $(SOAK_OPTIONS)
	tests/soak/hole --build $(BUILD) --kills $(HOLE_KILLS)
	tests/soak/moves --build $(BUILD) --kills $(MOVES_KILLS) --drains $(MOVES_DRAINS)

format: install-deps
	tests/style/format.py --fix .

update-abi: all
	ninja -C $(BUILD) update-abi

update-instructions: all
	ninja -C $(BUILD) update-instructions

clean:
	rm -rf build build-check build-no-perl build-asan

install-deps:
	@.ci/install-packages

$(BUILD)/build.ninja: | install-deps
	meson setup $(BUILD) $(MESON_OPTIONS)

.PHONY: all demo check docs bench soak format update-abi update-instructions clean install-deps
