$(eval $(call program,md_domain,depot,md_domain.c domain-show.c,back,))
