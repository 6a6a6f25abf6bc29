$(eval $(call library,sys,lib/sys,sys.c publish.c,))
$(eval $(call tests,lib/sys,back,))
