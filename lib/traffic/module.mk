# What is made of the stats file, and of old logs.
$(eval $(call library,traffic,lib/traffic,qline.c qjoin.c qjoin-save.c vdoms.c,$$(CFLAGS_back)))
$(eval $(call tests,lib/traffic,back,))
