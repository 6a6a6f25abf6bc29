#include "statistic/tcp.h"
#include "base/clock.h"
#include "sys/sys.h"

#include <errno.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <stddef.h>
#include <sys/socket.h>

enum { ESTABLISHED = 1, TIME_WAIT = 6, CLOSE = 7, CLOSE_WAIT = 8, LAST_ACK = 9, CLOSING = 11 }; /* tcpi_state */

/* Of Linux 4.19 on, which tells what was sent twice. */
static int
get(int fd, struct tcp_info *t)
{
	socklen_t n = sizeof *t;

	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, t, &n))
		return -1;
	if (n < offsetof(struct tcp_info, tcpi_bytes_retrans) + sizeof t->tcpi_bytes_retrans) {
		errno = ENOTSUP;
		return -1;
	}
	return 0;
}

bool
qa_tcp_both(int in, int out)
{
	struct stat a, b;
	struct tcp_info t;

	return qa_sys->fstat(in, &a) == 0 && qa_sys->fstat(out, &b) == 0 && S_ISSOCK(a.st_mode) && a.st_dev == b.st_dev &&
	       a.st_ino == b.st_ino && get(in, &t) == 0;
}

int
qa_tcp_count(int fd, struct qa_tcp *c_r)
{
	struct tcp_info t = {0}, again = {0};

	/* the kernel looks at the state a moment before the counts, so the state that counts is the next one */
	do {
		t = again;
		if (get(fd, &again))
			return -1;
	} while (t.tcpi_state != again.tcpi_state);
	int s = t.tcpi_state;
	/* the end of what the other side sends counts there as a byte */
	bool ended = s == CLOSE_WAIT || s == LAST_ACK || s == CLOSING || s == TIME_WAIT;
	*c_r = (struct qa_tcp){
		.in = t.tcpi_bytes_received - (ended && t.tcpi_bytes_received),
		.out = t.tcpi_bytes_sent - t.tcpi_bytes_retrans,
		.broken = s == CLOSE,
		.open = s == ESTABLISHED,
		.quiet = t.tcpi_last_data_recv * (QA_SECOND / 1000),
	};
	if (s != CLOSE)
		c_r->out += t.tcpi_notsent_bytes;
	return 0;
}
