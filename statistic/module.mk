# TRAFFIC: who writes the stats file (front; parts and tests here), who reads it (back; parts in lib/traffic and lib/db).
$(eval $(call program,statline,statistic,statline.c,front,))
