#: make man          manual pages into build/man; those of the formats are made from doc/format-*.md
# A format has its page once: doc/format-x.md is also qa-x(5), the table of domains also domains(5).
MAN_HAND := $(wildcard man/*.[1-8])
MAN_MADE := $(patsubst doc/format-%.md,qa-%.5,$(filter-out doc/format-domains.md,$(wildcard doc/format-*.md))) \
	$(if $(wildcard man/domains.5),,domains.5)
MANS = $(patsubst man/%,$(BUILD)/man/%,$(MAN_HAND)) $(addprefix $(BUILD)/man/,$(MAN_MADE))
MAN_DATE := November 23, 2026
.PHONY: man
man: $(MANS)
$(BUILD)/man/qa-%.5: doc/format-%.md mk/md2man.awk
	@mkdir -p $(@D)
	$(Q)awk -v name='qa-$*' -v date='$(MAN_DATE)' -f mk/md2man.awk $< > $@
$(BUILD)/man/domains.5: doc/format-domains.md mk/md2man.awk
	@mkdir -p $(@D)
	$(Q)awk -v name=domains -v date='$(MAN_DATE)' -f mk/md2man.awk $< > $@
$(BUILD)/man/%: man/%
	@mkdir -p $(@D)
	$(Q)cp $< $@
lint: man
