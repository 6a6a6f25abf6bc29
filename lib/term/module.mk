$(eval $(call library,term,lib/term,term.c fold.c query.c,$(CFLAGS_back)))
$(eval $(call tests,lib/term,back,))
