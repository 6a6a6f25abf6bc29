$(eval $(call library,base,lib/base,err.c buf.c num.c text.c clock.c id.c log.c opt.c head.c maildate.c,))
# SHA-256 comes from nettle in the front family, from OpenSSL in the back family.
$(eval $(call library,front,lib/base,sha256-front.c,))
$(eval $(call library,back,lib/base,sha256-back.c,))
$(eval $(call tests,lib/base,back,))
