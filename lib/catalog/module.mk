$(eval $(call library,catalog,lib/catalog,query.c query-value.c row.c tokenizer.c plan.c catalog.c find.c entry-row.c follow.c search.c snippet.c,$(CFLAGS_back)))
$(eval $(call tests,lib/catalog,back,))
