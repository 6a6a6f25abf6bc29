/* Settings files. */
#include "conf/conf.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct qa_conf *c;
	struct qa_err err;
	uint64_t v;
	bool b;

	if (qa_conf_parse(qa_span_of(p, n), "input", &c, &err) == 0) {
		static const char *const none[] = {NULL};
		int rc = qa_conf_size(c, "a", &v, &err) | qa_conf_duration(c, "a", &v, &err) |
			 qa_conf_bool(c, "a", &b, &err) | qa_conf_only(c, none, &err);

		(void)rc;
		qa_conf_free(c);
	}
	return 0;
}
