# qmail-archive: one makefile for the whole house; each folder adds a module.mk.
#
#   make            build everything        make check     unit and integration tests
#   make help       list the other targets
#
# V=1 shows commands; SAN=1 builds and tests with ASan and UBSan in a build folder
# of its own; WERROR=1 makes warnings fatal; CC=clang picks another compiler.

SHELL := /bin/sh
.DELETE_ON_ERROR:
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules
.DEFAULT_GOAL := all

conf1 = $(shell sed -n 1p conf-$(1))
ifeq ($(origin CC),default)
CC := $(call conf1,cc)
endif
SAN ?= 0
FUZZ ?= 0
WERROR ?= 0
V ?= 0
ifeq ($(FUZZ),1)
BUILD ?= build/fuzz
else ifeq ($(SAN),1)
BUILD ?= build/san
else
BUILD ?= build
endif
Q := $(if $(filter 1,$(V)),,@)
say = $(if $(filter 1,$(V)),:,printf '  %-7s %s\n')

VERSION := $(shell sed -n '1s/^\([0-9][0-9.]*\).*/\1/p' CHANGES)
OWFAT := $(if $(filter auto,$(call conf1,owfat)),build/owfat,$(call conf1,owfat))

# What the compiler takes is asked once per build folder (mk/probe), never assumed.
-include $(BUILD)/flags.mk
$(BUILD)/flags.mk: mk/probe conf-cc conf-opt conf-slim
	@mkdir -p $(@D)
	$(Q)CC='$(CC)' SAN=$(SAN) FUZZ=$(FUZZ) OPT='$(call conf1,opt)' SLIM='$(call conf1,slim)' sh mk/probe > $@

WARN := -Wall -Wextra -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
	-Wold-style-definition -Wformat=2 -Wvla -Wwrite-strings -Wcast-qual -Wundef \
	-Wimplicit-fallthrough $(if $(filter 1,$(WERROR)),-Werror)
CFLAGS_ALL = -std=gnu17 $(PROBED_CFLAGS) $(WARN) -I. -Ilib -I$(BUILD) -D_GNU_SOURCE \
	-ffile-prefix-map=$(CURDIR)=. -MMD -MP $(CFLAGS)
LDFLAGS_ALL = $(PROBED_LDFLAGS) $(LDFLAGS)

# pkg NAME...: flags of packages; their headers are not ours, so no warnings from them.
pkg_cflags = $(patsubst -I%,-isystem %,$(shell pkg-config --cflags $(1)))
pkg_libs = $(shell pkg-config --libs $(1))

LIBS_ALL :=
PROGS :=
PROGS_front :=
PROGS_back :=
SRCS_front :=
SRCS_back :=
TESTS :=
FUZZERS :=
CRASH :=
SRCS :=

# library NAME, DIR, SOURCES (in DIR), CFLAGS: build/lib/NAME.a
define library
$(1)_OBJ := $$(patsubst %.c,$(BUILD)/$(2)/%.o,$(3))
$(1)_SRC := $$(addprefix $(2)/,$(3))
SRCS += $$(addprefix $(2)/,$(3))
LIBS_ALL += $(BUILD)/lib/$(1).a
$(BUILD)/lib/$(1).a: $$($(1)_OBJ)
	@$(say) AR $$@; mkdir -p $$(@D)
	$(Q)rm -f $$@ && ar rcsD $$@ $$($(1)_OBJ)
$$(patsubst %.c,$(BUILD)/$(2)/%.o,$(3) $$(notdir $$(wildcard $(2)/test-*.c $(2)/fuzz-*.c))): EXTRA = $(4)
endef

# program NAME, DIR, SOURCES, front|back, CFLAGS: build/bin/NAME
define program
$(1)_POBJ := $$(patsubst %.c,$(BUILD)/$(2)/%.o,$(3))
SRCS += $$(addprefix $(2)/,$(3))
PROGS += $(BUILD)/bin/$(1)
PROGS_$(4) += $(BUILD)/bin/$(1)
SRCS_$(4) += $$(addprefix $(2)/,$(3))
$$($(1)_POBJ): EXTRA = $$(CFLAGS_$(4)) $(5)
$(if $(filter front,$(4)),$$($(1)_POBJ): | $(OWFAT)/.ready)
$(BUILD)/bin/$(1): $$($(1)_POBJ) $$(LINK_$(4)_DEPS)
	@$(say) LINK $$@; mkdir -p $$(@D)
	$(Q)$$(CC) $$(LDFLAGS_ALL) $$(LDFLAGS_$(4)) -o $$@ $$($(1)_POBJ) $$(LINK_$(4))
endef

# slim NAME, DIR, SOURCES: a front program that is started for every message: by the compiler of
# conf-slim, from objects of its own, with the libraries of slim_parts.
define slim
SLIM_POBJ := $$(patsubst %.c,$(BUILD)/slim/$(2)/%.o,$(3))
SLIM_SRC += $$(addprefix $(2)/,$(3))
SRCS += $$(addprefix $(2)/,$(3))
SRCS_front += $$(addprefix $(2)/,$(3))
PROGS += $(BUILD)/bin/$(1)
PROGS_front += $(BUILD)/bin/$(1)
$(BUILD)/bin/$(1): $$(SLIM_POBJ) $(BUILD)/lib/slim.a
	@$(say) LINK $$@; mkdir -p $$(@D)
	$(Q)$$(SLIM_CC) $$(LDFLAGS_ALL) $$(SLIM_LDFLAGS) -Wl,--gc-sections -o $$@ $$^ $$(SLIM_LIBS)
endef
ifeq ($(SLIM_CC),)
slim = $(call program,$(1),$(2),$(3),front,)
endif
# What slim programs hold. No sandbox: it sets no_new_privs, under which the set-id program behind them gains nothing.
slim_parts = $(filter-out lib/sys/sandbox.c,$(foreach l,$(FRONT_LAYERS) front,$($(l)_SRC)))

# tests DIR, front|back, CFLAGS: every test-*.c and fuzz-*.c in DIR
define tests
$(foreach t,$(patsubst $(1)/%.c,%,$(wildcard $(1)/test-*.c)),$(call onetest,$(1),$(t),$(2),$(3)))
$(foreach t,$(patsubst $(1)/%.c,%,$(wildcard $(1)/fuzz-*.c)),$(call onefuzz,$(1),$(t),$(2),$(3)))
endef
define onetest
TESTS += $(BUILD)/$(1)/$(2)
SRCS += $(1)/$(2).c
$(BUILD)/$(1)/$(2).o: EXTRA = $$(CFLAGS_$(3)) $(4)
$(if $(filter front,$(3)),$(BUILD)/$(1)/$(2).o: | $(OWFAT)/.ready)
$(BUILD)/$(1)/$(2): $(BUILD)/$(1)/$(2).o $$(LINK_$(3)_DEPS)
	@$(say) LINK $$@
	$(Q)$$(CC) $$(LDFLAGS_ALL) -o $$@ $(BUILD)/$(1)/$(2).o $$(LINK_$(3))

endef
define onefuzz
FUZZERS += $(BUILD)/$(1)/$(2)
SRCS += $(1)/$(2).c
$(BUILD)/$(1)/$(2).o: EXTRA = $$(CFLAGS_$(3)) $(4)
$(if $(filter front,$(3)),$(BUILD)/$(1)/$(2).o: | $(OWFAT)/.ready)
$(BUILD)/$(1)/$(2): $(BUILD)/$(1)/$(2).o $$(FUZZ_MAIN) $$(LINK_$(3)_DEPS)
	@$(say) LINK $$@
	$(Q)$$(CC) $$(LDFLAGS_ALL) $$(FUZZ_LDFLAGS) -o $$@ $(BUILD)/$(1)/$(2).o $$(FUZZ_MAIN) $$(LINK_$(3))

endef
FUZZ_MAIN := $(if $(filter 1,$(FUZZ)),,$(BUILD)/tests/fuzz-main.o)
FUZZ_LDFLAGS := $(if $(filter 1,$(FUZZ)),-fsanitize=fuzzer)

# The layers of lib/, lowest first: a module includes only modules before it.
LAYERS := base sys conf journal statline tlog store archive db message term catalog traffic
LIB_MODULES := $(filter $(patsubst lib/%/module.mk,%,$(wildcard lib/*/module.mk)),$(LAYERS))
rev = $(if $(1),$(call rev,$(wordlist 2,$(words $(1)),$(1))) $(firstword $(1)))

# Family front: per message or connection; libowfat (without its cdb), tinycdb, nettle.
# Family back: GLib, GMime, OpenSSL, SQLite, libpq, zstd, zlib, utf8proc, tinycdb.
# The two never meet in one executable (INSTALL, "Two families").
FRONT_LAYERS := base sys conf journal statline
CFLAGS_front = -isystem $(OWFAT)/include
LDFLAGS_front = $(FRONT_STATIC)
FRONT_OWN = # libraries of front folders, set by their module.mk
LINK_front_DEPS = $(FRONT_OWN) $(patsubst %,$(BUILD)/lib/%.a,$(call rev,$(filter $(FRONT_LAYERS),$(LIB_MODULES)))) \
	$(BUILD)/lib/front.a | $(OWFAT)/.ready
# Exactly the libraries that the rule names: a later module.mk may have added to FRONT_OWN since.
LINK_front = $(filter %.a,$^) $(OWFAT)/lib/libowfat.a -l:libcdb.a -l:libnettle.a
BACK_PKGS := gmime-3.0 glib-2.0 libcrypto sqlite3 libpq libzstd zlib libutf8proc
CFLAGS_back := $(call pkg_cflags,$(BACK_PKGS))
LDFLAGS_back =
LINK_back_DEPS = $(patsubst %,$(BUILD)/lib/%.a,$(call rev,$(LIB_MODULES))) $(BUILD)/lib/back.a
LINK_back = $(LINK_back_DEPS) -Wl,--as-needed $(call pkg_libs,$(BACK_PKGS)) -lcdb -lm

include $(sort $(wildcard lib/*/module.mk)) $(sort $(wildcard qmail-archive/module.mk statistic/module.mk depot/module.mk \
	tests/module.mk bench/module.mk man/module.mk))

$(BUILD)/slim/%.o: %.c $(BUILD)/slim/include/.ready | $(BUILD)/auto.h
	@$(say) CC '$< (slim)'; mkdir -p $(@D)
	$(Q)$(SLIM_CC) $(CFLAGS_ALL) -ffunction-sections -isystem $(BUILD)/slim/include -c -o $@ $<
$(BUILD)/slim/include/.ready: mk/slim
	$(Q)CC='$(CC)' sh mk/slim $(@D)
$(BUILD)/lib/slim.a: $(patsubst %.c,$(BUILD)/slim/%.o,$(SLIM_LIB))
	@$(say) AR $@; mkdir -p $(@D)
	$(Q)rm -f $@ && ar rcsD $@ $^

$(BUILD)/%.o: %.c | $(BUILD)/auto.h
	@$(say) CC $<; mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS_ALL) $(EXTRA) -c -o $@ $<

# Build-time facts, as C: the first lines of conf-*.
$(BUILD)/auto.h: conf-home conf-qmail conf-users conf-stats CHANGES mk/auto
	@mkdir -p $(@D)
	$(Q)VERSION='$(VERSION)' sh mk/auto > $@

# libowfat without its cdb (tinycdb owns those names here).
build/owfat/.ready: mk/owfat
	@$(say) UNPACK libowfat
	$(Q)sh mk/owfat build/owfat
ifneq ($(OWFAT),build/owfat)
$(OWFAT)/.ready: ;
endif

.PHONY: all help check clean flow install
all: $(LIBS_ALL) $(PROGS)

help:
	@sed -n 's/^#: //p' Makefile */module.mk 2>/dev/null

#: make              build everything into build/
#: make flow         what each folder reads, writes, runs as, fails as
#: make clean        remove build/
#: make install      programs and manual pages below conf-home (DESTDIR before it); see INSTALL
flow:
	@for d in qmail-archive statistic depot; do printf '%s\n' "$$d"; \
	  grep -E '^(reads|writes|runs as|fails as):' $$d/README.md | sed 's/^/    /'; done

clean:
	$(Q)rm -rf build

install: all man
	$(Q)BUILD='$(BUILD)' PROGS_front='$(PROGS_front)' PROGS_back='$(PROGS_back)' MANS='$(MANS)' sh boot/install

-include $(patsubst %.c,$(BUILD)/%.d,$(SRCS)) $(if $(SLIM_CC),$(patsubst %.c,$(BUILD)/slim/%.d,$(SLIM_SRC) $(SLIM_LIB)))
