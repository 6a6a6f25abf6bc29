/* Attributes under one roof, so that headers stay readable. */
#ifndef QA_BASE_ATTR_H
#define QA_BASE_ATTR_H

#define QA_PRINTF(fmt, first) __attribute__((format(printf, fmt, first)))
#define QA_MUST __attribute__((warn_unused_result))
#define QA_NORETURN __attribute__((noreturn))
#define QA_UNUSED __attribute__((unused))

#endif
