# The crash tests: tests/crash/harness.h. A crash test is tests/crash/crash-NAME.c; crash-NAME_FAMILY (back) and crash-NAME_OBJ (objects of programs) adapt its link.
# tests/crash/test-*.c test the simulator itself and belong to check-unit.
CRASH_PARTS := harness case choose tell steps
CRASH_OBJ := $(patsubst %,$(BUILD)/tests/crash/%.o,$(CRASH_PARTS))
SRCS += $(patsubst %,tests/crash/%.c,$(CRASH_PARTS))
# The tests of the archive share what they do and compare.
SRCS += tests/crash/depot.c
$(BUILD)/tests/crash/depot.o: EXTRA = $(CFLAGS_back)
$(foreach t,round rebuild onboard seal index export,$(eval crash-$(t)_OBJ := $(BUILD)/tests/crash/depot.o))
crash-export_OBJ += $(patsubst %,$(BUILD)/depot/%.o,export mboxrd)
crash_family = $(or $($(1)_FAMILY),back)
define crashtest
SRCS += tests/crash/$(1).c
$(BUILD)/tests/crash/$(1).o: EXTRA = $$(CFLAGS_$(call crash_family,$(1)))
$(if $(filter front,$(call crash_family,$(1))),$(BUILD)/tests/crash/$(1).o: | $(OWFAT)/.ready)
$(BUILD)/tests/crash/$(1): $(BUILD)/tests/crash/$(1).o $$($(1)_OBJ) $$(CRASH_OBJ) $(BUILD)/lib/sim.a \
		$$(LINK_$(call crash_family,$(1))_DEPS)
	@$(say) LINK $$@
	$(Q)$$(CC) $$(LDFLAGS_ALL) -o $$@ $(BUILD)/tests/crash/$(1).o $$($(1)_OBJ) $$(CRASH_OBJ) \
		$(BUILD)/lib/sim.a $$(LINK_$(call crash_family,$(1)))

endef
CRASH := $(patsubst tests/crash/%.c,%,$(sort $(wildcard tests/crash/crash-*.c)))
CRASH_TESTS := $(patsubst tests/crash/%.c,%,$(sort $(wildcard tests/crash/test-*.c)))
$(foreach t,$(CRASH) $(CRASH_TESTS),$(eval $(call crashtest,$(t))))
TESTS += $(addprefix $(BUILD)/tests/crash/,$(CRASH_TESTS))
.PHONY: crash-tests check-crash
crash-tests: $(addprefix $(BUILD)/tests/crash/,$(CRASH))
check-crash: crash-tests
	$(Q)rm -f $(BUILD)/crash-results
	$(Q)CRASH_RESULTS='$(CURDIR)/$(BUILD)/crash-results' $(PROVE) -j1 -e '' $(addprefix $(BUILD)/tests/crash/,$(CRASH)); rc=$$?; \
	  sh tests/crash/matrix $(BUILD)/crash-results > $(BUILD)/crash-matrix.md && \
	  if [ -z "$$CRASH_SIZE$$CRASH_FAULTS$$CRASH_ONE" ]; then cp $(BUILD)/crash-matrix.md doc/crash-matrix.md; fi; exit $$rc

# MUTATE="FILE..." tries the calls in these files only.
.PHONY: check-mutation
check-mutation: crash-tests
	$(Q)BUILD='$(BUILD)' MAKE='$(MAKE)' $(PROVE) -e perl tests/lint/mutate-sync $(if $(MUTATE),:: $(MUTATE))
