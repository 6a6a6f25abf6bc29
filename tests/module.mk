#: make check        unit tests, fuzz seeds and integration tests (tests/it)
#: make check SAN=1  the same under ASan and UBSan
#: make check-unit   unit tests and fuzz seeds only
#: make check-crash  every storage call fails, is killed, loses power in turn (tests/crash); writes doc/crash-matrix.md
#: make check-corpus QA_CORPUS=FOLDER  a folder of mail in by door and onboarding, out by md_cat and md_export; equal digests
#: make check-mutation  takes each sync out of the code in turn: some crash test must notice
#: make lint         layers, headers, symbols, families, manual pages, shell scripts, log keys
SRCS += tests/fuzz-main.c
JOBS ?= $(shell nproc)
# A test that hangs is killed, with all it started in its process group, and fails.
TEST_SECONDS ?= 300
LIMIT = timeout -s KILL $(TEST_SECONDS)
PROVE = PERL5LIB=tests/perl prove --formatter Tally --merge -j$(JOBS)
include tests/crash/crash.mk
.PHONY: tests check check-unit check-it lint
tests: $(TESTS) $(FUZZERS)
check: check-unit check-it
check-unit: $(TESTS) $(FUZZERS)
	$(Q)$(if $(TESTS),$(PROVE) -e '$(LIMIT)' $(TESTS))
	$(Q)$(if $(FUZZERS),BUILD='$(BUILD)' $(PROVE) -e '$(LIMIT) sh tests/replay' $(FUZZERS))
IT = $(sort $(shell find tests/it -name '*.sh' ! -name 'lib*.sh' 2>/dev/null))
# Leaks are looked for in unit tests; a program that ends may leave its memory to the kernel.
check-it: all $(BUILD)/lib/db/test-db
	$(Q)$(if $(IT),ASAN_OPTIONS=detect_leaks=0 BUILD='$(CURDIR)/$(BUILD)' $(PROVE) -e '$(LIMIT) sh' $(IT))

#: make soak         a minute of mail (SOAK_SECONDS) with the daemons killed every second; check has a short form of it
SOAK_SECONDS ?= 60
.PHONY: soak
soak: all $(TOOLS)
	$(Q)SOAK_SECONDS='$(SOAK_SECONDS)' BUILD='$(CURDIR)/$(BUILD)' sh tests/it/archive/soak.sh

# Lint looks at what the build made: objects' .d files, libraries, programs.
LINT := $(filter-out tests/lint/lib.sh,$(sort $(wildcard tests/lint/*.sh)))
lint: export BUILD := $(BUILD)
lint: export OWFAT := $(OWFAT)
lint: export LAYERS := $(LAYERS)
lint: export FRONT_LAYERS := $(FRONT_LAYERS)
lint: export PROGS_front := $(PROGS_front)
lint: export FRONT_SRCS = $(sort $(SRCS_front) $(foreach l,$(FRONT_OWN),$($(basename $(notdir $(l)))_SRC)))
lint: export FRONT_STATIC := $(FRONT_STATIC)
lint: export PROGS_back := $(PROGS_back)
lint: export TESTS := $(TESTS)
lint: export SRCS := $(SRCS)
lint: export JOBS := $(JOBS)
lint: export FUZZERS := $(FUZZERS)
lint: export LINT_CFLAGS = -std=gnu17 $(WARN) -Werror -I. -Ilib -I$(BUILD) -D_GNU_SOURCE $(CFLAGS_front) $(CFLAGS_back)
lint: export LINT_CFLAGS_FRONT = -std=gnu17 -D_GNU_SOURCE -Ilib $(CFLAGS_front)
lint: export LINT_CFLAGS_BACK = -std=gnu17 -D_GNU_SOURCE -Ilib $(CFLAGS_back)
lint: all $(TESTS) $(FUZZERS) $(OWFAT)/.ready
	$(Q)$(PROVE) -e '$(LIMIT) sh' $(LINT)

#: make fuzz         every fuzz target for FUZZ_SECONDS=60 with libFuzzer (clang), ASan and UBSan
FUZZ_SECONDS ?= 60
.PHONY: fuzz fuzz-run
fuzz:
	$(Q)$(MAKE) --no-print-directory FUZZ=1 CC=clang BUILD=build/fuzz FUZZ_SECONDS=$(FUZZ_SECONDS) fuzz-run
fuzz-run: $(FUZZERS)
	$(Q)$(if $(FUZZERS),BUILD='$(BUILD)' FUZZ_SECONDS=$(FUZZ_SECONDS) $(PROVE) -e 'sh tests/fuzz-run' $(FUZZERS))

#: make format       lay out the sources named by F="..." as .clang-format says
.PHONY: format
format:
	$(Q)$(if $(F),clang-format -i $(F),echo 'make format F="FILE..."')

# What tests and the bench start beside our own programs, from tests/stand-in and tests/tools: in build/tests.
TOOL_SRC := tests/stand-in/qmail-queue.c tests/stand-in/qmail-remote.c $(sort $(wildcard tests/tools/*.c))
TOOLS := $(patsubst %.c,$(BUILD)/tests/%,$(notdir $(TOOL_SRC)))
SRCS += $(TOOL_SRC)
$(patsubst %.c,$(BUILD)/%.o,$(TOOL_SRC)): EXTRA = $(CFLAGS_front)
$(patsubst %.c,$(BUILD)/%.o,$(TOOL_SRC)): | $(OWFAT)/.ready
$(BUILD)/tests/qmail-queue: $(BUILD)/tests/stand-in/qmail-queue.o
$(BUILD)/tests/qmail-remote: $(BUILD)/tests/stand-in/qmail-remote.o
$(foreach t,$(wildcard tests/tools/*.c),$(eval $(BUILD)/tests/$(basename $(notdir $(t))): $(BUILD)/$(t:.c=.o)))
$(TOOLS): $(LINK_front_DEPS)
	@$(say) LINK $@
	$(Q)$(CC) $(LDFLAGS_ALL) -o $@ $(filter %.o,$^) $(LINK_front)
check-it: $(TOOLS)
.PHONY: tools
tools: $(TOOLS)

# The same of the back family, from tests/tools-back.
TOOLS_back := $(patsubst tests/tools-back/%.c,$(BUILD)/tests/%,$(wildcard tests/tools-back/*.c))
SRCS += $(wildcard tests/tools-back/*.c)
$(BUILD)/tests/tools-back/%.o: EXTRA = $(CFLAGS_back)
$(TOOLS_back): $(BUILD)/tests/%: $(BUILD)/tests/tools-back/%.o $(LINK_back_DEPS)
	@$(say) LINK $@
	$(Q)$(CC) $(LDFLAGS_ALL) -o $@ $< $(LINK_back)
check-it tools: $(TOOLS_back)

# Code that is not ours checks the log: Go and golang.org/x/mod as Debian packages them, without network. Without a
# Go compiler the tests that need it say that they are skipped.
GOSRC ?= /usr/share/gocode
GOCACHE ?= $(CURDIR)/build/go-cache
TLOGCHECK := $(if $(shell command -v go 2>/dev/null),$(BUILD)/tests/tlogcheck)
$(BUILD)/tests/tlogcheck: tests/go/tlogcheck.go
	@$(say) GO $@; mkdir -p $(@D)
	$(Q)GO111MODULE=off GOPATH='$(GOSRC)' GOCACHE='$(GOCACHE)' GOFLAGS= CGO_ENABLED=0 go build -trimpath -o $@ $<
check-it tools: $(TLOGCHECK)

.PHONY: check-corpus
check-corpus: all tools
	$(Q)[ -n '$(QA_CORPUS)' ] || { echo 'check-corpus: name a folder of mail: QA_CORPUS=FOLDER' >&2; exit 2; }
	$(Q)BUILD='$(BUILD)' python3 tests/corpus-check '$(QA_CORPUS)'

# Dovecot's servers, for the tests of popstat: unpacked, not installed. Without network those tests say that they are skipped.
build/dovecot/.ready: mk/dovecot
	@$(say) UNPACK dovecot
	-$(Q)sh mk/dovecot build/dovecot
check-it tools: build/dovecot/.ready

# Postfix's test client, for tests of SMTP.
build/postfix/.ready: mk/postfix
	@$(say) UNPACK smtp-source
	$(Q)sh mk/postfix build/postfix
check-it tools: build/postfix/.ready
