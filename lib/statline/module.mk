$(eval $(call library,statline,lib/statline,get.c put.c append.c where.c pen.c,))
$(eval $(call tests,lib/statline,back,))
