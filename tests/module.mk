#: make check        unit tests, fuzz seeds and integration tests (tests/it)
#: make check SAN=1  the same under ASan and UBSan
#: make check-unit   unit tests and fuzz seeds only
SRCS += tests/fuzz-main.c
.PHONY: check check-unit check-it
check: check-unit check-it
check-unit: $(TESTS) $(FUZZERS)
	$(Q)prove -f --merge -e '' $(TESTS)
	$(Q)for f in $(FUZZERS); do d=$${f#$(BUILD)/}; s=$$(dirname $$d)/seeds-$$(basename $$d); \
	  if [ -d "$$s" ]; then "$$f" "$$s" >/dev/null; else "$$f" >/dev/null; fi || { echo "$$f failed"; exit 1; }; done
check-it: all
	$(Q)BUILD='$(CURDIR)/$(BUILD)' prove -f --merge -e sh $$(find tests/it -name '*.sh' ! -name 'lib*.sh' | sort)
