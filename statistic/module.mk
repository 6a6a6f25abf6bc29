# TRAFFIC: who writes the stats file (front; parts and tests here), who reads it (back; parts in lib/traffic and lib/db).
$(eval $(call program,statline,statistic,statline.c,front,))
# The programs before other programs: what they share, qmail-remote's report; smtpstat's relay and SMTP dialogue; popstat's counting, with
# the kernel's headers, which musl's compiler does not have.
SMTPSTAT_SRC := command.c dialogue.c dialogue-client.c dialogue-server.c replies.c relay.c
$(eval $(call library,before,statistic,child.c report.c,$$(CFLAGS_front)))
$(eval $(call library,smtpstat,statistic,$(SMTPSTAT_SRC),))
$(eval $(call library,popstat,statistic,account.c tcp.c,$$(CFLAGS_front)))
FRONT_OWN := $(BUILD)/lib/popstat.a $(BUILD)/lib/smtpstat.a $(FRONT_OWN) $(BUILD)/lib/before.a
SLIM_LIB += $(smtpstat_SRC) $(before_SRC)
$(eval $(call program,popstat,statistic,popstat.c,front,))
$(eval $(call slim,qmail-remote,statistic,qmail-remote.c))
$(eval $(call slim,smtpstat,statistic,smtpstat.c))
$(eval $(call tests,statistic,front,))
$(eval $(call program,TrafficLoader,statistic,TrafficLoader.c,back,))
$(eval $(call program,xfer_cat,statistic,xfer_cat.c,back,))
$(eval $(call program,mail_anlz,statistic,mail_anlz.c bar.c,back,))
$(eval $(call program,logstat,statistic,logstat.c,back,))
$(eval $(call program,mailtraffic,statistic,mailtraffic.c,back,))
$(eval $(call program,mailstatistics,statistic,mailstatistics.c overview.c table.c bar.c,back,))
