$(eval $(call library,store,lib/store,frame.c codec.c segment.c split.c item.c entry.c index.c known.c manifest.c \
	cache.c walk.c tail.c cursor.c read.c out.c find.c add.c write.c append.c partition.c changed.c recover.c again.c sweep.c \
	seal.c seal-write.c check.c check-entry.c check-index.c check-folder.c,$$(CFLAGS_back)))
$(eval $(call tests,lib/store,back,))
