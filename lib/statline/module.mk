$(eval $(call library,statline,lib/statline,get.c put.c,))
$(eval $(call tests,lib/statline,back,))
