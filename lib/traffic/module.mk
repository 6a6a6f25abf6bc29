# What is made of the stats file, and of old logs; and the way of the day's files into SQL.
TRAFFIC_SRC := qline.c qjoin.c qjoin-table.c qjoin-save.c vdoms.c qsource.c qsource-find.c qsource-next.c qfile.c qlist.c qkeep.c qstate.c
TRAFFIC_SRC += qml.c xfer.c translog.c load.c
TRAFFIC_SRC += marks.c quick.c files.c stream.c read.c bad.c \
	huge.c names.c survey.c hosted.c hosted-read.c day.c daily.c daily-file.c
TRAFFIC_SRC += period.c report.c report-text.c report-html.c chart.c flow.c
$(eval $(call library,traffic,lib/traffic,$(TRAFFIC_SRC),$$(CFLAGS_back)))
$(eval $(call tests,lib/traffic,back,))
