/* Which cases are tried: what makes sense, what the test and the environment ask for, and what there is time for. */
#include "tests/crash/case.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Whether FAULT means anything at call n. */
static bool
applies(const struct crash_test *t, enum crash_fault fault, unsigned long n)
{
	switch (fault) {
	case F_ENOSPC:
	case F_EDQUOT:
		return qa_sim_takes(t->good, n);
	case F_SHORT:
		return qa_sim_writes(t->good, n);
	default:
		return true;
	}
}

static bool
listed(const char *list, const char *fault)
{
	size_t n = strlen(fault);

	for (const char *p = list; (p = strstr(p, fault)); p++)
		if ((p == list || p[-1] == ',') && (p[n] == 0 || p[n] == ','))
			return true;
	return false;
}

bool
crash_fault_wanted(const struct qa_crash_op *op, const char *fault)
{
	const char *list = getenv("CRASH_FAULTS");

	if (op->faults && !listed(op->faults, fault))
		return false;
	if (list && *list)
		return listed(list, fault);
	return strcmp(fault, "edquot") != 0; /* as enospc, only the number differs */
}

/* Whether n is in a list like "3-10,40-52"; an empty list has all. */
static bool
in_ranges(const char *list, unsigned long n)
{
	unsigned long from, to;
	int used;

	if (!list || !*list)
		return true;
	for (const char *p = list; sscanf(p, "%lu-%lu%n", &from, &to, &used) == 2; p++) {
		if (n >= from && n <= to)
			return true;
		p += used;
		if (*p != ',')
			break;
	}
	return false;
}

/* All calls, or a part of them when there are many. A power cut is also tried after the last call. */
bool
crash_call_chosen(const struct crash_test *t, enum crash_fault fault, unsigned long n)
{
	bool ci = getenv("CRASH_SIZE") && strcmp(getenv("CRASH_SIZE"), "ci") == 0;
	unsigned long most = crash_env("CRASH_MOST", ci ? 150 : 600);
	unsigned long every = crash_env("CRASH_EVERY", 1), all = fault == F_READ ? t->reads : t->calls;

	if (!applies(t, fault, n) || !in_ranges(getenv("CRASH_CALLS"), n))
		return false;
	if (all > most && all / most + 1 > every)
		every = all / most + 1;
	if (fault == F_POWER && (n > t->calls || t->after_ack[n]) && every < 20)
		return true;
	return n % every == 1 % every;
}
