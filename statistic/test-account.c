#include "statistic/account.h"
#include "tests/tap.h"

#include <stdlib.h>
#include <string.h>

static bool
is(const char *name, const char *domain, const char *want)
{
	char got[QA_ACCOUNT_MAX];

	return qa_account_make(name, domain, got) && strcmp(got, want) == 0;
}

int
main(void)
{
	char got[QA_ACCOUNT_MAX], name[QA_ACCOUNT_MAX + 1];

	OK(is("alice@example.com", "x.example", "alice@example.com") && is("Alice@Example.COM", "", "alice@example.com"));
	OK(is("alice%example.com", "x.example", "alice@example.com") && is("a%b%c", "x", "a%b@c") && is("a%b@c", "x", "a%b@c"));
	OK(is("alice", "x.example", "alice@x.example"));
	OK(!qa_account_make("alice", "", got) && !qa_account_make("", "x.example", got));
	memset(name, 'a', sizeof name);
	name[QA_ACCOUNT_MAX] = 0;
	OK(!qa_account_make(name, "x", got));
	name[QA_ACCOUNT_MAX - 3] = 0;
	OK(qa_account_make(name, "x", got) && strlen(got) == QA_ACCOUNT_MAX - 1);

	unsetenv("VPOPUSER");
	unsetenv("AUTHENTICATED");
	unsetenv("USER");
	OK(!qa_account_find("x.example", got));
	setenv("USER", "alice", 1);
	OK(qa_account_find("x.example", got) && strcmp(got, "alice@x.example") == 0);
	setenv("AUTHENTICATED", "alice@two.example", 1);
	OK(qa_account_find("x.example", got) && strcmp(got, "alice@two.example") == 0);
	setenv("VPOPUSER", "alice%one.example", 1);
	OK(qa_account_find("x.example", got) && strcmp(got, "alice@one.example") == 0);
	setenv("VPOPUSER", "", 1);
	OK(qa_account_find("x.example", got) && strcmp(got, "alice@two.example") == 0);
	return done();
}
