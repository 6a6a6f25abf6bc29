$(eval $(call library,catalog,lib/catalog,query.c query-value.c,$(CFLAGS_back)))
$(eval $(call tests,lib/catalog,back,))
