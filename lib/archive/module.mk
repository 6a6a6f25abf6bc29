$(eval $(call library,archive,lib/archive,admin.c home.c leaf.c edge.c key.c log.c log-publish.c rebuild.c read.c writer.c writer-add.c \
	intake.c round.c round-target.c round-pending.c round-publish.c round-open.c sealer.c mbox.c source.c onboard.c \
	prove.c checkproof.c verify.c verify-log.c,$$(CFLAGS_back)))
$(eval $(call tests,lib/archive,back,))
