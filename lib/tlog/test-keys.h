/*
 * A key for tests: the seed of RFC 8032 section 7.1, test 1, under a log's name; the ids were computed
 * with other code. Nothing real may ever be signed with it.
 */
#ifndef QA_TLOG_TEST_KEYS_H
#define QA_TLOG_TEST_KEYS_H

#define TEST_ORIGIN "example.com/qmail-archive/5e0a3f19"
#define TEST_PRIVATE "PRIVATE+KEY+" TEST_ORIGIN "+e36f213c+AZ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g"
#define TEST_PUBLIC TEST_ORIGIN "+e36f213c+AddamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea"

#endif
