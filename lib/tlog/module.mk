$(eval $(call library,tlog,lib/tlog,merkle.c tile.c note.c checkpoint.c proof.c,$(call pkg_cflags,libcrypto)))
$(eval $(call tests,lib/tlog,back,))
