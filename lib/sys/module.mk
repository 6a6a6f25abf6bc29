$(eval $(call library,sys,lib/sys,sys.c publish.c syncset.c priv.c sandbox.c sandbox-calls.c,))
$(eval $(call tests,lib/sys,back,))

# The power-cut simulator, for tests only: no program links it.
$(eval $(call library,sim,lib/sys,sim.c sim-trace.c sim-disk.c sim-cut.c sim-sqlite.c,))
