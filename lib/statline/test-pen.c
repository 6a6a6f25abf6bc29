/* Lines of captured records. */
#include "statline/pen.h"
#include "base/clock.h"
#include "base/num.h"
#include "journal/record.h"
#include "tests/tap.h"
#include "tests/tmp.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static struct qa_stats to = {.path = "stats", .host = "mx.example.net"};
static struct qa_pen pen;
static char text[65536];

static const char *
content(void)
{
	FILE *f = fopen("stats", "r");
	size_t n = f ? fread(text, 1, sizeof text - 1, f) : 0;

	if (f)
		fclose(f);
	text[n] = 0;
	return text;
}

static void
begin(struct qa_buf *b, enum qa_kind kind, enum qa_source source, const char *sender)
{
	static const unsigned char id[QA_ID_SIZE] = {1};
	unsigned char peer[12] = {0};

	qa_le32_put(peer + 8, 4242);
	b->n = 0;
	if (qa_field_add(b, QA_F_ID, qa_span_of(id, sizeof id)) || qa_field_add_u8(b, QA_F_KIND, (uint8_t)kind) ||
	    qa_field_add_u64(b, QA_F_CAPTURED, 1709528767 * QA_SECOND + 999999999) || qa_field_add_u8(b, QA_F_SOURCE, (uint8_t)source) ||
	    qa_field_add_str(b, QA_F_SENDER, sender) || qa_field_add(b, QA_F_PEER, qa_span_of(peer, sizeof peer)))
		abort();
}

static void
recipients(struct qa_buf *b, unsigned n)
{
	char name[64];

	for (unsigned i = 0; i < n; i++) {
		snprintf(name, sizeof name, "r%u@example.net", i);
		if (qa_field_add_str(b, QA_F_RECIPIENT, name))
			abort();
	}
}

int
main(void)
{
	struct qa_buf b = QA_BUF(1 << 24);
	struct stat st;

	if (chdir(tmp_make()))
		return 2;
	setenv("TZ", "UTC", 1);
	qa_pen_init(&pen, &to);
	begin(&b, QA_MESSAGE, QA_QUEUE, "a@example.org");
	recipients(&b, 2);
	qa_pen_record(&pen, qa_buf_span(&b), 1834);
	OK(stat("stats", &st) == -1);
	qa_pen_flush(&pen);
	OK(strcmp(content(), "Mar  4 05:06:07 mx.example.net in[4242]: 1709528767|a@example.org|r0@example.net|1834|success\n"
			     "Mar  4 05:06:07 mx.example.net in[4242]: 1709528767|a@example.org|r1@example.net|1834|success\n") == 0);
	OK(pen.added == 2 && pen.lost == 0);

	unlink("stats");
	begin(&b, QA_MESSAGE, QA_AGENT, "a@example.org");
	recipients(&b, 2);
	qa_pen_record(&pen, qa_buf_span(&b), 1);
	begin(&b, QA_DELIVERY, QA_QUEUE, "a@example.org");
	recipients(&b, 2);
	qa_pen_record(&pen, qa_buf_span(&b), 1);
	qa_pen_record(&pen, qa_span_str("rubbish"), 1);
	qa_pen_flush(&pen);
	OK(stat("stats", &st) == -1 && pen.added == 2);

	begin(&b, QA_MESSAGE, QA_QUEUE, "");
	recipients(&b, 1);
	if (qa_field_add_u64(&b, QA_F_HEADONLY, 99999))
		return 2;
	qa_pen_record(&pen, qa_buf_span(&b), 7);
	qa_pen_flush(&pen);
	OK(strstr(content(), ": 1709528767||r0@example.net|99999|success\n") != NULL);

	/* what comes late is of today: its own day may be summed up already */
	unlink("stats");
	pen.late = 600;
	time_t before = time(NULL);
	long long told = 0;
	begin(&b, QA_MESSAGE, QA_QUEUE, "a@example.org");
	recipients(&b, 1);
	qa_pen_record(&pen, qa_buf_span(&b), 7);
	qa_pen_flush(&pen);
	const char *when = strstr(content(), "]: ");
	OK(when && sscanf(when, "]: %lld|", &told) == 1 && told >= before && told <= time(NULL));
	unlink("stats");
	pen.late = UINT32_MAX;
	qa_pen_record(&pen, qa_buf_span(&b), 7);
	qa_pen_flush(&pen);
	OK(strstr(content(), "]: 1709528767|") != NULL);

	/* more than the buffer holds; then what cannot be written */
	unlink("stats");
	begin(&b, QA_MESSAGE, QA_QUEUE, "a@example.org");
	recipients(&b, 10000);
	qa_pen_init(&pen, &to);
	qa_pen_record(&pen, qa_buf_span(&b), 1);
	qa_pen_flush(&pen);
	OK(pen.added == 10000 && pen.lost == 0);
	unlink("stats");
	if (mkdir("stats", 0700))
		return 2;
	qa_pen_record(&pen, qa_buf_span(&b), 1);
	qa_pen_flush(&pen);
	OK(pen.added == 10000 && pen.lost == 10000 && pen.err.num == EISDIR);
	qa_buf_free(&b);
	return done();
}
