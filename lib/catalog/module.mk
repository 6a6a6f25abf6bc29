$(eval $(call library,catalog,lib/catalog,query.c query-scan.c query-value.c query-show.c row.c tokenizer.c \
	plan.c plan-expr.c plan-text.c sql.c open.c catalog.c find.c entry-row.c follow.c follow-month.c follow-entry.c search.c snippet.c events.c,$(CFLAGS_back)))
$(eval $(call tests,lib/catalog,back,))
