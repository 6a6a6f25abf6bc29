$(eval $(call library,journal,lib/journal,record.c fields.c door.c direct.c write.c scan.c route.c,))
$(eval $(call tests,lib/journal,back,))
