/*
 * What the crash tests of the archive share: an instance with two domains, records in its journal, what the programs do
 * with them, and the comparison afterwards.
 *
 * Record number I has a message, recipients, a time of capture and an id that all follow from I. So an entry that is found tells by
 * its id what it must be.
 */
#ifndef QA_TESTS_CRASH_DEPOT_H
#define QA_TESTS_CRASH_DEPOT_H

#include "archive/read.h"
#include "tests/crash/harness.h"

#include <stdbool.h>

/* 256 leaves of the first domain make a full tile: DEPOT_TILE records are some more than that. */
enum { DEPOT_DOMAINS = 3, DEPOT_SMALL = 20, DEPOT_TILE = 270, DEPOT_MOST = 300 };
extern const char *const depot_domain[DEPOT_DOMAINS]; /* the third is "default" */

/* Tells it on standard error: -1. */
int depot_failed(const struct qa_err *err);

/* The message of record I: valid until the next call. Number 3 is longer than a frame, every fifth has an attachment that is
 * stored apart; from DEPOT_SMALL on they are a few bytes. */
qa_span depot_message(unsigned i);

/* Whether domain D gets record I: every fifth both, even ones the first, odd ones the second; one in seven
 * names nobody here: default. From DEPOT_SMALL on all are the first's. */
bool depot_belongs(unsigned i, size_t d);

int depot_home(const struct qa_crash_at *at) QA_MUST;

/* Records FROM to TO - 1 into the journal: a file for each PER of them. */
int depot_journal(const struct qa_crash_at *at, unsigned from, unsigned to, unsigned per) QA_MUST;

/* Record I by the door's own way. */
int depot_direct(const struct qa_crash_at *at, unsigned i) QA_MUST;

/* md_import -1. Goes on for some time when a domain fails, as the daemon does. Promises the logs' sizes and
 * heads as they come (depot_promise). */
int depot_drain(const struct qa_crash_at *at) QA_MUST;

/* Promises the published head of each log. */
void depot_promise(const struct qa_crash_at *at);

/* Records 0 to N - 1 are in the archives of their domains, once each, byte for byte, nothing else is; what was promised about
 * the logs holds; md_verify --deep finds nothing; the journal is empty, and just the DAMAGED files of it are in journal/bad. */
void depot_compare(const struct qa_crash_at *at, const struct qa_crash_acks *acks, struct qa_crash_found *found,
		   unsigned n, unsigned damaged);

/* Only the logs' part of it, of domain D. */
void depot_check_log(const struct qa_crash_at *at, const struct qa_crash_acks *acks, struct qa_crash_found *found,
		     size_t d);

/* A verify, for operations without recovery: who saw a checkpoint must not be shown an older one, nor one without its tiles, not
 * even until md_import runs again. Just one promise for each domain. */
int depot_kept(const struct qa_crash_at *at, const struct qa_crash_acks *acks, struct qa_crash_found *found);

/* Calls TAKE for each committed entry of domain D, with its message (p NULL: it has none). E's spans are valid in TAKE. What cannot be
 * read is wrong. */
typedef void depot_taker(void *ctx, qa_month month, const struct qa_entry *e, qa_span message);
void depot_each(const struct qa_crash_at *at, struct qa_crash_found *found, size_t d, depot_taker *take, void *ctx);

/* What of N things was found TIMES[i] times: missing is lost, more than one is twice; NAME is what they are. */
void depot_once(struct qa_crash_found *found, const char *name, const unsigned *times, unsigned n, bool promised);

#endif
