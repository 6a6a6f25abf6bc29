#include "statistic/account.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool
qa_account_make(const char *name, const char *domain, char out[QA_ACCOUNT_MAX])
{
	bool alone = !strpbrk(name, "@%");
	int n = alone ? snprintf(out, QA_ACCOUNT_MAX, "%s@%s", name, domain) : snprintf(out, QA_ACCOUNT_MAX, "%s", name);

	if (!*name || (alone && !*domain) || n < 0 || n >= QA_ACCOUNT_MAX)
		return false;
	if (!strchr(out, '@'))
		*strrchr(out, '%') = '@';
	for (char *p = out; *p; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p - 'A' + 'a');
	return true;
}

bool
qa_account_find(const char *domain, char out[QA_ACCOUNT_MAX])
{
	static const char *const names[] = {"VPOPUSER", "AUTHENTICATED", "USER"};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		const char *name = getenv(names[i]);

		if (name && *name)
			return qa_account_make(name, domain, out);
	}
	return false;
}
