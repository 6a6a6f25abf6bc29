# CAPTURE: the door, the journal's appender, the .qmail agent.
CAPTURE_SRC := start.c control.c envelope.c intake.c claims.c next.c refuse.c release.c stream.c delivery.c \
	seen.c request.c batch.c listen.c journald.c
$(eval $(call library,capture,qmail-archive,$(CAPTURE_SRC),$$(CFLAGS_front)))
$(patsubst %.c,$(BUILD)/qmail-archive/%.o,$(CAPTURE_SRC)): | $(OWFAT)/.ready
FRONT_OWN += $(BUILD)/lib/capture.a
$(eval $(call program,qmail-queue,qmail-archive,qmail-queue.c,front,))
$(eval $(call program,md_journal,qmail-archive,md_journal.c,front,))
$(eval $(call program,qmail-archive,qmail-archive,qmail-archive.c,front,))
$(eval $(call tests,qmail-archive,front,))
