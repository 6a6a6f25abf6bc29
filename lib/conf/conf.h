/*
 * Settings: files of `key = "value"` lines (maildepot.conf), and control files that hold one fact.
 *
 * A settings file: one pair a line, `#` starts a comment at a line's start or behind a blank or the
 * value. Keys are letters, digits, `_`, `.` and `-`. A value stands in double quotes, with \" and \\
 * for those two characters, or bare when it holds no blank, quote or #. A key may stand once.
 * A control file: the first line without its trailing blanks; what follows is for people.
 *
 * Sizes are bytes with K, M, G or T (powers of 1024); durations seconds, or with ms, s, m, h or d;
 * truth is yes, no, true, false, on, off, 1 or 0. Errors name file, line and key.
 */
#ifndef QA_CONF_CONF_H
#define QA_CONF_CONF_H

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

#include <stdbool.h>
#include <stdint.h>

struct qa_conf;

enum { QA_CONF_FILE = 1 << 20, QA_CONF_KEYS = 1000, QA_CONTROL_FILE = 64 << 10 };

/* All pairs of a text; NAME (copied) is what errors call it. -1 EPROTO for the first bad line. */
int qa_conf_parse(qa_span text, const char *name, struct qa_conf **c_r, struct qa_err *err) QA_MUST;

/* The same from a file: 1; 0 there is no such file (*c_r is then one without pairs); -1. */
int qa_conf_read(int dirfd, const char *path, struct qa_conf **c_r, struct qa_err *err) QA_MUST;

void qa_conf_free(struct qa_conf *c); /* NULL is allowed */

/* The value, NULL when the key is not there. Valid until qa_conf_free. */
const char *qa_conf_text(const struct qa_conf *c, const char *key);

/* Typed: 1; 0 when the key is not there (*v_r is left alone, so it may hold the default); -1 EPROTO. */
int qa_conf_size(const struct qa_conf *c, const char *key, uint64_t *v_r, struct qa_err *err) QA_MUST;
int qa_conf_duration(const struct qa_conf *c, const char *key, uint64_t *ns_r, struct qa_err *err) QA_MUST;
int qa_conf_bool(const struct qa_conf *c, const char *key, bool *v_r, struct qa_err *err) QA_MUST;

/* -1 EPROTO when there is a key that is not in KEYS (ended by NULL). */
int qa_conf_only(const struct qa_conf *c, const char *const *keys, struct qa_err *err) QA_MUST;

/* Control files: 1; 0 when there is none, or its first line is empty (the value is left alone); -1.
 * The text is appended to out as a C string's bytes; it holds no NUL. */
int qa_control_text(int dirfd, const char *path, struct qa_buf *out, struct qa_err *err) QA_MUST;
int qa_control_size(int dirfd, const char *path, uint64_t *v_r, struct qa_err *err) QA_MUST;
int qa_control_duration(int dirfd, const char *path, uint64_t *ns_r, struct qa_err *err) QA_MUST;
int qa_control_bool(int dirfd, const char *path, bool *v_r, struct qa_err *err) QA_MUST;

/* The scanners behind them: 0, or -1. */
int qa_scan_duration(qa_span s, uint64_t *ns_r) QA_MUST;
int qa_scan_bool(qa_span s, bool *v_r) QA_MUST;

#endif
