#: make bench        speed and size on real mail (bench/README.md); BENCH_QUICK=1 a short run, BENCH_FULL=1 up to 1,000,000 messages
# Its own tools, from bench/*.c, in build/bench; all of the back family.
BENCH_TOOLS := $(patsubst bench/%.c,$(BUILD)/bench/%,$(wildcard bench/*.c))
SRCS += $(wildcard bench/*.c)
$(BUILD)/bench/%.o: EXTRA = $(CFLAGS_back)
$(BENCH_TOOLS): $(BUILD)/bench/%: $(BUILD)/bench/%.o $(LINK_back_DEPS)
	@$(say) LINK $@
	$(Q)$(CC) $(LDFLAGS_ALL) -o $@ $< $(LINK_back)
.PHONY: bench bench-tools
bench-tools: $(BENCH_TOOLS)
bench: all tools bench-tools
	$(Q)BUILD='$(CURDIR)/$(BUILD)' sh bench/run
