$(eval $(call library,conf,lib/conf,conf.c domains.c domains-text.c,))
$(eval $(call tests,lib/conf,back,))
