$(eval $(call library,conf,lib/conf,conf.c domains.c domains-text.c edit.c instance.c,))
$(eval $(call tests,lib/conf,back,))
