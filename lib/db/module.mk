$(eval $(call library,db,lib/db,db.c sqlite.c pg.c,$(CFLAGS_back)))
$(eval $(call tests,lib/db,back,))
