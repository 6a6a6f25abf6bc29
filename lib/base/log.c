#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

static const char *name = "qmail-archive";
static int to_syslog;

void
qa_log_init(const char *program, int use_syslog)
{
	name = program;
	to_syslog = use_syslog;
	if (to_syslog)
		openlog(name, LOG_PID | LOG_NDELAY, LOG_LOCAL1);
}

void
qa_log(enum qa_level level, const char *fmt, ...)
{
	static const char *const levels[] = {"", "alert", "", "error", "warning", "notice", "info"};
	char line[1024];
	int head = snprintf(line, sizeof line, "%s: %s: ", name, levels[level]);
	va_list ap;

	if (head < 0 || (size_t)head >= sizeof line - 2)
		head = 0;
	va_start(ap, fmt);
	int n = vsnprintf(line + head, sizeof line - (size_t)head - 1, fmt, ap);
	va_end(ap);
	if (n < 0)
		return;
	size_t len = (size_t)head + (size_t)n;
	if (len > sizeof line - 2)
		len = sizeof line - 2;
	if (to_syslog && level <= QA_NOTICE)
		syslog((int)level, "%.*s", (int)(len - (size_t)head), line + head);
	if (to_syslog == QA_LOG_SYSLOG)
		return;
	line[len++] = '\n';
	if (write(STDERR_FILENO, line, len) < 0)
		return; /* nobody is left to be told */
}

const char *
qa_log_quote(const char *value)
{
	static char ring[4][512];
	static unsigned next;
	char *out = ring[next++ % 4], *o = out, *end = out + sizeof ring[0] - 6;

	if (*value && !value[strcspn(value, " \t\"\\=\n\r")]) {
		snprintf(out, sizeof ring[0], "%s", value);
		return out;
	}
	*o++ = '"';
	for (; *value && o < end; value++) {
		unsigned char c = (unsigned char)*value;

		if (c == '"' || c == '\\')
			*o++ = '\\';
		if (c < 0x20 || c == 0x7f) {
			o += snprintf(o, 5, "\\x%02x", c);
			continue;
		}
		*o++ = (char)c;
	}
	*o++ = '"';
	*o = 0;
	return out;
}
