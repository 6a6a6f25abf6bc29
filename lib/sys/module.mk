$(eval $(call library,sys,lib/sys,sys.c publish.c syncset.c,))
$(eval $(call tests,lib/sys,back,))
