$(eval $(call library,message,lib/message,message.c head.c bones.c structure.c fields.c leaf.c address.c param.c word.c \
	transfer.c charset.c guess.c jis.c html.c entity.c sink.c,$$(CFLAGS_back)))
$(eval $(call tests,lib/message,back,))
