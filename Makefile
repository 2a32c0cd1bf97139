# SPDX-License-Identifier: Apache-2.0
# One Makefile for everything; objects go to build/<config>/. `make help` lists the targets.
CONFIG ?= release
BUILD ?= build/$(CONFIG)
PREFIX ?= /usr/local
DESTDIR ?=
CROSS ?=
SHELL = /bin/bash

VERSION := 0.1.0

# ---- compiler ---------------------------------------------------------------------------------------------------
ifneq ($(CROSS),)
CC = $(CROSS)-gcc
AR = $(CROSS)-ar
PKG_CONFIG ?= $(CROSS)-pkg-config
endif
PKG_CONFIG ?= pkg-config
LIBRARIES = libgit2 libcurl yaml-0.1 libarchive jansson sqlite3 libcrypto libseccomp tree-sitter

WARNINGS = -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wformat=2 \
  -Wnull-dereference -Wwrite-strings -Wswitch-enum -Wundef -Wimplicit-fallthrough
WERROR ?= $(if $(CI),-Werror)
HARDEN = -fstack-protector-strong -fPIE -fcf-protection=none
FLAGS_release = -O2 -g1 -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2 $(HARDEN)
FLAGS_debug = -O0 -g
FLAGS_asan = -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
FLAGS_tsan = -O1 -g -fsanitize=thread
FLAGS_cover = -O0 -g --coverage
FLAGS_fuzz = -O1 -g -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined
LINK_release = -pie -Wl,-z,relro,-z,now
LINK_asan = -fsanitize=address,undefined
LINK_tsan = -fsanitize=thread
LINK_cover = --coverage
LINK_fuzz = -fsanitize=address,undefined

CPPFLAGS += -I. -D_GNU_SOURCE -DATOLL_VERSION='"$(VERSION)"'
CFLAGS += -std=gnu17 -fno-common $(WARNINGS) $(WERROR) $(FLAGS_$(CONFIG)) $(EXTRA_CFLAGS)
LDFLAGS += $(LINK_$(CONFIG)) -Wl,--as-needed
PACKAGE_CFLAGS = $(shell $(PKG_CONFIG) --cflags $(LIBRARIES) 2>/dev/null)
PACKAGE_LIBS = $(shell $(PKG_CONFIG) --libs $(LIBRARIES) 2>/dev/null)

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SECONDARY:
.PHONY: all deps demo demo-go test faults unit unit-binaries attack attack-binaries crash crash-binaries crash-nightly crash-controls fuzz-binaries style tidy asan tsan cover fuzz bench install uninstall dist clean help

# ---- what is built ----------------------------------------------------------------------------------------------
# A folder is an archive; archives are linked from the top floor down.
STEP_FOLDERS := $(filter-out steps/shared,$(patsubst %/,%,$(wildcard steps/*/)))
SHARED_FOLDERS := $(patsubst %/,%,$(wildcard steps/shared/*/)) steps/shared/target/go
ENGINE_FOLDERS := workflow workflow/carriers sandbox base
FOLDERS := cmd steps $(STEP_FOLDERS) $(SHARED_FOLDERS) $(ENGINE_FOLDERS)
archive_of = $(patsubst %,$(BUILD)/%.a,$(subst /,-,$(1)))
# The cell is a program of its own, linked to libc alone; its sources stand in sandbox/cell/,
# and it shares how namespaces are entered.
CELL_SOURCES := $(wildcard sandbox/cell/*.c) sandbox/namespaces.c

define folder_rules
SOURCES_$(1) := $(filter-out cmd/main.c,$(wildcard $(1)/*.c))
OBJECTS_$(1) := $$(SOURCES_$(1):%.c=$(BUILD)/%.o)
$(call archive_of,$(1)): $$(OBJECTS_$(1))
	@mkdir -p $$(@D)
	@rm -f $$@
	$$(Q)$$(AR) rcs $$@ $$(OBJECTS_$(1))
endef
$(foreach f,$(FOLDERS),$(eval $(call folder_rules,$(f))))

Q = @
GRAMMARS = $(BUILD)/grammar-c.a $(BUILD)/grammar-go.a
ARCHIVES := $(foreach f,$(FOLDERS),$(call archive_of,$(f)))

all: $(BUILD)/atoll $(BUILD)/atoll-cell ## build atoll and atoll-cell

$(BUILD)/%.o: %.c | grammar
	@mkdir -p $(@D)
	@echo "  CC      $<"
	$(Q)$(CC) $(CPPFLAGS) $(PACKAGE_CFLAGS) $(CFLAGS) -MMD -MP -c $< -o $@

# They have these files in them.
$(BUILD)/steps/shared/target/go/harness.o: $(wildcard steps/shared/target/go/harness*.go)
$(BUILD)/steps/shared/target/go/vet.o: $(wildcard steps/shared/target/go/vet/*.go)

$(BUILD)/atoll: $(BUILD)/cmd/main.o $(ARCHIVES) $(GRAMMARS)
	@echo "  LINK    $@"
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) $< -Wl,--start-group $(ARCHIVES) -Wl,--end-group $(GRAMMARS) $(PACKAGE_LIBS) -lm -o $@

# Static and without hardening flags that pull in more start-up work: it must start in about a millisecond.
$(BUILD)/atoll-cell: $(CELL_SOURCES) $(wildcard sandbox/cell/*.h) $(wildcard sandbox/*.h)
	@mkdir -p $(@D)
	@echo "  LINK    $@"
	$(Q)$(CC) $(CPPFLAGS) -std=gnu17 -O2 -g1 -fno-common $(WARNINGS) $(WERROR) $(CELL_SOURCES) -ldl -o $@

# ---- grammars: pinned, checked, cached, never committed ---------------------------------------------------------
CACHE ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/atoll
C_VERSION = 0.23.6
C_SHA256 = 88175d4425037ec0026233a44f82064a676573b1fd748fc709ae607332151243
GO_VERSION = 0.23.4
GO_SHA256 = 8779d20d322b4319ad8c833ea72ecb6d109cf1fec8979bdcdb5315a2e511dd2c
C_GRAMMAR = $(CACHE)/tree-sitter-c-$(C_VERSION)
GO_GRAMMAR = $(CACHE)/tree-sitter-go-$(GO_VERSION)
GRAMMAR_SOURCES = $(C_GRAMMAR)/src/parser.c $(GO_GRAMMAR)/src/parser.c
.PHONY: grammar
grammar: $(GRAMMAR_SOURCES)
$(C_GRAMMAR)/src/parser.c:
	@tests/deps/grammar tree-sitter-c $(C_VERSION) $(C_SHA256) $(C_GRAMMAR)
$(GO_GRAMMAR)/src/parser.c:
	@tests/deps/grammar tree-sitter-go $(GO_VERSION) $(GO_SHA256) $(GO_GRAMMAR)
$(BUILD)/grammar-c.a: $(C_GRAMMAR)/src/parser.c
$(BUILD)/grammar-go.a: $(GO_GRAMMAR)/src/parser.c
$(GRAMMARS):
	@mkdir -p $(BUILD)
	@echo "  GRAMMAR $(notdir $(patsubst %/src/parser.c,%,$<))"
	$(Q)$(CC) -O1 -fPIC -w -I$(<D) -c $< -o $(@:.a=.o)
	$(Q)$(AR) rcs $@ $(@:.a=.o)

# ---- tests ------------------------------------------------------------------------------------------------------
# A test binary links its own folder's archive and what stands below it.
UNIT_TESTS := $(patsubst tests/unit/%_test.c,%,$(shell find tests/unit -name '*_test.c' | sort))
BELOW_base := base
BELOW_sandbox := sandbox base
BELOW_workflow := $(ENGINE_FOLDERS)
below = $(or $(BELOW_$(firstword $(subst /, ,$(1)))),$(if $(filter cmd/%,$(1)),$(FOLDERS),$(filter-out steps/shared,$(patsubst %/,%,$(dir $(1)))) $(SHARED_FOLDERS) $(ENGINE_FOLDERS)))
# What a test runs or links beside archives.
beside = $(if $(filter base/%,$(1)),,$(BUILD)/atoll-cell) $(if $(filter steps/% cmd/%,$(1)),$(GRAMMARS))
T ?= $(UNIT_TESTS)

.SECONDEXPANSION:
$(BUILD)/tests/unit/%_test: $(BUILD)/tests/unit/%_test.o $$(call archive_of,$$(sort $$(call below,$$*))) $$(call beside,$$*)
	@echo "  LINK    $@"
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) $< -Wl,--start-group $(filter %.a,$^) -Wl,--end-group \
	  $(PACKAGE_LIBS) $(shell $(PKG_CONFIG) --libs check 2>/dev/null) -lm -o $@

unit: $(T:%=$(BUILD)/tests/unit/%_test) ## run unit tests (T=base/buf for one)
	@set -e; for t in $(T); do $(BUILD)/tests/unit/$${t}_test; done

unit-binaries: $(UNIT_TESTS:%=$(BUILD)/tests/unit/%_test)

deps: ## install what is missing with apt
	@$(DEPS) build test style demo

# These install what is missing first; the rest runs in a make of its own, which then sees it.
DEPS = GRAMMAR_CACHED=$(if $(filter 2,$(words $(wildcard $(GRAMMAR_SOURCES)))),yes) tests/deps/install

test: ## run every test; the last line is "N passed, N failed"
	@$(DEPS) build test
	@$(MAKE) --no-print-directory -j$$(nproc) all unit-binaries attack-binaries crash-binaries
	@tests/run --build $(BUILD) unit attack flow crash

demo: ## the main job from end to end on a real C service, then on a Go one where there is Go
	@$(DEPS) build demo
	@$(MAKE) --no-print-directory -j$$(nproc) all
	@ci-templates/run-demo --build $(BUILD) --into build/demo
	@if command -v go >/dev/null; then ci-templates/run-demo-go --build $(BUILD) --into build/demo-go; \
	  else echo "The Go demo was left out: skipped: needs go (1.21 or later; then: make demo-go)"; fi

demo-go: ## the same on a real Go service
	@$(DEPS) build demo
	@$(MAKE) --no-print-directory -j$$(nproc) all
	@ci-templates/run-demo-go --build $(BUILD) --into build/demo-go

faults: ## plant 50 faults one by one; the tests must notice at least 45 (FAULTS="--quick 1-10" for some)
	@$(DEPS) build test
	@tests/faults/run $(FAULTS)

asan: ## the unit tests under address and undefined-behaviour sanitizers
	@$(DEPS) build test
	@$(MAKE) --no-print-directory CONFIG=asan -j$$(nproc) all unit-binaries
	@tests/run --build build/asan unit

tsan: ## the unit tests under the thread sanitizer
	@$(DEPS) build test
	@$(MAKE) --no-print-directory CONFIG=tsan -j$$(nproc) all unit-binaries
	@tests/run --build build/tsan unit

cover: ## line coverage of the unit tests, per file
	@$(DEPS) build test
	@command -v gcovr >/dev/null || { echo "cover: needs gcovr (apt-get install gcovr)" >&2; exit 4; }
	@$(MAKE) --no-print-directory CONFIG=cover -j$$(nproc) all unit-binaries
	@tests/run --build build/cover unit
	@gcovr --root . --object-directory build/cover --exclude tests/ --txt build/cover/coverage.txt --print-summary
	@echo "Per file: build/cover/coverage.txt"

# ---- crash tests: processes are killed, calls fail, the power is cut ------------------------------------------------
CRASH_PARTS = pipeline power_vfs
CRASH_SWEEP = sweep story kills power faults answers owners
CRASH_ARCHIVES := $(foreach f,$(BELOW_workflow),$(call archive_of,$(f)))
CRASH_POINTS ?= 100000

# Loaded into every process under test.
$(BUILD)/crash/kill_shim.so: tests/crash/kill_shim.c tests/crash/control.h
	@mkdir -p $(@D)
	@echo "  LINK    $@"
	$(Q)$(CC) $(CPPFLAGS) -std=gnu17 -O2 -g1 -fPIC -shared -fvisibility=hidden $(WARNINGS) $(WERROR) $< -o $@

# Started thousands of times: symbols are looked up when they are used.
$(BUILD)/crash/pipeline: $(CRASH_PARTS:%=$(BUILD)/tests/crash/%.o) $(CRASH_ARCHIVES)
$(BUILD)/crash/sweep: $(CRASH_SWEEP:%=$(BUILD)/tests/crash/%.o) $(CRASH_ARCHIVES)
$(BUILD)/crash/pipeline $(BUILD)/crash/sweep:
	@mkdir -p $(@D)
	@echo "  LINK    $@"
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -Wl,-z,lazy $(filter %.o,$^) -Wl,--start-group $(filter %.a,$^) -Wl,--end-group \
	  $(PACKAGE_LIBS) -lm -o $@

# Eight writers over every kind of carrier; prints check's summary.
$(BUILD)/crash/torture: $(BUILD)/tests/crash/torture.o $(CRASH_ARCHIVES)
	@mkdir -p $(@D)
	@echo "  LINK    $@"
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) $< -Wl,--start-group $(filter %.a,$^) -Wl,--end-group \
	  $(PACKAGE_LIBS) $(shell $(PKG_CONFIG) --libs check 2>/dev/null) -lm -o $@

crash-binaries: $(BUILD)/crash/pipeline $(BUILD)/crash/sweep $(BUILD)/crash/torture $(BUILD)/crash/kill_shim.so

crash: ## only the crash tests of `make test`
	@$(DEPS) build test
	@$(MAKE) --no-print-directory -j$$(nproc) crash-binaries
	@tests/run --build $(BUILD) crash

crash-nightly: ## CRASH_POINTS kills (default 100000), every fault, many power cuts; goes on where it was interrupted
	@$(DEPS) build test
	@$(MAKE) --no-print-directory -j$$(nproc) crash-binaries
	@$(BUILD)/crash/torture 10000
	@$(BUILD)/crash/sweep power --points 1000
	@$(BUILD)/crash/sweep faults --points 1000000
	@$(BUILD)/crash/sweep nightly --points $(CRASH_POINTS) \
	  --progress $(BUILD)/crash/progress-$$(git rev-parse --short=12 HEAD)

crash-controls: ## remove the safeguards of the state one by one; a crash test must fail for each
	@$(DEPS) build test
	@tests/crash/controls

# ---- attacks: programs that try to get out of the sandbox, and the suite that tries them -----------------------------
ATTACKS := $(patsubst tests/attack/%.c,%,$(wildcard tests/attack/*.c))
ATTACK_SUITE := $(patsubst %.c,$(BUILD)/%.o,$(wildcard tests/attack/suite/*.c))

# They know nothing of the project, and run without sanitizers.
$(BUILD)/attack/%: tests/attack/%.c tests/attack/attack.h
	@mkdir -p $(@D)
	@echo "  LINK    $@"
	$(Q)$(CC) $(CPPFLAGS) -std=gnu17 -O1 -g1 -pthread $(WARNINGS) $(WERROR) $< -o $@

$(BUILD)/attack/suite: $(ATTACK_SUITE) $(foreach f,$(BELOW_sandbox),$(call archive_of,$(f)))
	@mkdir -p $(@D)
	@echo "  LINK    $@"
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) $(filter %.o,$^) -Wl,--start-group $(filter %.a,$^) -Wl,--end-group $(PACKAGE_LIBS) -lm -o $@

$(BUILD)/attack/atoll-cell: $(BUILD)/atoll-cell
	@mkdir -p $(@D)
	$(Q)cp $< $@

attack-binaries: $(BUILD)/attack/suite $(BUILD)/attack/atoll-cell $(ATTACKS:%=$(BUILD)/attack/%)

attack: ## only the attacks of `make test`
	@$(DEPS) build test
	@$(MAKE) --no-print-directory -j$$(nproc) attack-binaries
	@tests/run --build $(BUILD) attack

# ---- fuzzing: clang's libFuzzer under address and undefined-behaviour sanitizers -----------------------------------
FUZZERS := $(patsubst tests/fuzz/%_fuzz.c,%,$(wildcard tests/fuzz/*_fuzz.c))
FUZZ_SECONDS ?= 60
F ?= $(FUZZERS)
$(BUILD)/fuzz/%: $(BUILD)/tests/fuzz/%_fuzz.o $(ARCHIVES) $(GRAMMARS)
	@mkdir -p $(@D)
	@echo "  LINK    $@"
	$(Q)$(CC) $(CFLAGS) -fsanitize=fuzzer $(LDFLAGS) $< -Wl,--start-group $(ARCHIVES) -Wl,--end-group $(GRAMMARS) \
	  $(PACKAGE_LIBS) -lm -o $@
fuzz-binaries: $(F:%=$(BUILD)/fuzz/%)

fuzz: ## fuzz every parser for FUZZ_SECONDS each (F=pprof for one)
	@$(DEPS) build fuzz
	@$(MAKE) --no-print-directory CONFIG=fuzz CC=clang -j$$(nproc) fuzz-binaries F="$(F)"
	@tests/fuzz/run build/fuzz/fuzz $(FUZZ_SECONDS) $(F)

bench: ## measure what docs/benchmarks.md lists (B="launch duets" for parts of it)
	@$(DEPS) build
	@$(MAKE) --no-print-directory -j$$(nproc) all
	@tests/bench/run --build $(BUILD) $(B)

# ---- style --------------------------------------------------------------------------------------------------------
C_FILES = $(shell git ls-files -co --exclude-standard '*.c' '*.h' 2>/dev/null | grep -v '^ci-templates/')

style: ## formatting, house rules, cppcheck
	@$(DEPS) build style
	@tests/style/run

tidy: ## clang-tidy over everything (slow)
	@$(DEPS) build style
	@$(MAKE) --no-print-directory grammar
	@tests/style/tidy $(PACKAGE_CFLAGS)

# ---- install ------------------------------------------------------------------------------------------------------
install: all ## install below PREFIX (DESTDIR is put in front)
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/libexec/atoll $(DESTDIR)$(PREFIX)/share/man/man1 \
	  $(DESTDIR)$(PREFIX)/share/bash-completion/completions
	install -s -m 755 $(BUILD)/atoll $(DESTDIR)$(PREFIX)/bin/atoll
	install -s -m 755 $(BUILD)/atoll-cell $(DESTDIR)$(PREFIX)/libexec/atoll/atoll-cell
	$(BUILD)/atoll help --format man >$(DESTDIR)$(PREFIX)/share/man/man1/atoll.1
	$(BUILD)/atoll help --format bash >$(DESTDIR)$(PREFIX)/share/bash-completion/completions/atoll

uninstall: ## remove what install put there
	rm -f $(DESTDIR)$(PREFIX)/bin/atoll $(DESTDIR)$(PREFIX)/libexec/atoll/atoll-cell \
	  $(DESTDIR)$(PREFIX)/share/man/man1/atoll.1 $(DESTDIR)$(PREFIX)/share/bash-completion/completions/atoll

dist: ## a source archive of HEAD
	@mkdir -p build
	git archive --prefix=atoll-$(VERSION)/ -o build/atoll-$(VERSION).tar.gz HEAD

clean: ## remove everything that was built
	rm -rf build

help: ## print this
	@sed -n 's/^\([a-z-]*\):[^#]*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 12

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
