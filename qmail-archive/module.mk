# CAPTURE: the door, the journal's appender, the .qmail agent.
DOOR_SRC := start.c control.c envelope.c intake.c claims.c next.c refuse.c release.c stream.c delivery.c
JOURNALD_SRC := seen.c tally.c request.c batch.c lanes.c listen.c journald.c
$(eval $(call library,door,qmail-archive,$(DOOR_SRC),$$(CFLAGS_front)))
$(eval $(call library,journald,qmail-archive,$(JOURNALD_SRC),$$(CFLAGS_front)))
$(patsubst %.c,$(BUILD)/qmail-archive/%.o,$(DOOR_SRC) $(JOURNALD_SRC)): | $(OWFAT)/.ready
FRONT_OWN += $(BUILD)/lib/journald.a $(BUILD)/lib/door.a
SLIM_LIB := $(door_SRC) $(slim_parts)
$(eval $(call slim,qmail-queue,qmail-archive,qmail-queue.c))
$(eval $(call slim,qmail-archive,qmail-archive,qmail-archive.c))
$(eval $(call program,md_journal,qmail-archive,md_journal.c,front,))
$(eval $(call tests,qmail-archive,front,))
