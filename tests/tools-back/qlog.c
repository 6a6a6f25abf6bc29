/*
 * qlog [-f FORM] [-s SEED] [-t FILE] [-r] MESSAGES: what qmail-send would log, on standard output, made of a seed; FORM is multilog, syslog,
 * local or plain (the default). -t: what a reader must find, a line for each report of a delivery:
 *	in|out TIME SENDER|RECIPIENT|BYTES|STATUS|ATTEMPTS
 * -r: qmail-send is killed now and then, with deliveries under way.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { SLOTS = 24, RECIPIENTS = 4, OPEN = 64 };

struct rcpt {
	char address[96];
	bool remote, done, busy;
	unsigned tries;
};

struct message {
	bool used;
	unsigned long number, bytes, qp;
	char sender[96];
	size_t n;
	struct rcpt r[RECIPIENTS];
};

static struct message open_now[OPEN];
static struct {
	bool used;
	unsigned long number;
	struct message *m;
	struct rcpt *r;
} slot[SLOTS];
static unsigned long delivery, made, killed;
static uint64_t seed = 1, now_us = UINT64_C(1709528767000000);
static const char *form = "plain";
static FILE *truth;

static uint64_t
dice(uint64_t n)
{
	seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
	return seed % n;
}

static void
stamp(void)
{
	time_t t = (time_t)(now_us / 1000000);
	unsigned us = (unsigned)(now_us % 1000000);
	struct tm tm;
	char date[64];

	now_us += 1 + dice(200000);
	t = (time_t)(now_us / 1000000);
	us = (unsigned)(now_us % 1000000);
	switch (form[0]) {
	case 'm':
		printf("@%016" PRIx64 "%08x ", (uint64_t)t + (UINT64_C(1) << 62) + 10, us * 1000);
		break;
	case 's':
		localtime_r(&t, &tm);
		strftime(date, sizeof date, "%b %e %H:%M:%S", &tm);
		printf("%s mx1 qmail: %lld.%06u ", date, (long long)t, us);
		break;
	case 'l':
		localtime_r(&t, &tm);
		strftime(date, sizeof date, "%Y-%m-%d %H:%M:%S", &tm);
		printf("%s.%09u ", date, us * 1000);
		break;
	default:
		break;
	}
}

static void
status(void)
{
	unsigned n[2] = {0, 0};

	for (size_t i = 0; i < SLOTS; i++)
		if (slot[i].used)
			n[slot[i].r->remote]++;
	stamp();
	printf("status: local %u/10 remote %u/20\n", n[0], n[1]);
}

static void
new_message(struct message *m)
{
	memset(m, 0, sizeof *m);
	m->used = true;
	/* inode numbers come again soon, but not two at once */
	m->number = 1000 + (unsigned long)(m - open_now);
	m->bytes = 300 + dice(60000);
	m->qp = 2000 + made % 30000;
	if (dice(20))
		snprintf(m->sender, sizeof m->sender, "s%u@d%u.example", (unsigned)dice(50), (unsigned)dice(40));
	m->n = 1 + (dice(4) == 0 ? dice(RECIPIENTS) : 0);
	for (size_t i = 0; i < m->n; i++) {
		m->r[i].remote = dice(2);
		snprintf(m->r[i].address, sizeof m->r[i].address, "r%lu.%zu@%c%u.example", made, i, m->r[i].remote ? 'x' : 'h', (unsigned)dice(300));
	}
	made++;
	stamp();
	printf("new msg %lu\n", m->number);
	stamp();
	printf("info msg %lu: bytes %lu from <%s> qp %lu uid 5\n", m->number, m->bytes, m->sender, m->qp);
}

static bool
start_one(void)
{
	for (size_t i = 0; i < SLOTS; i++)
		for (size_t k = 0, o = dice(OPEN); !slot[i].used && k < OPEN; k++) {
			struct message *m = &open_now[(k + o) % OPEN];

			for (size_t x = 0; m->used && x < m->n; x++) {
				struct rcpt *r = &m->r[x];

				if (r->done || r->busy)
					continue;
				r->busy = true;
				r->tries++;
				slot[i].used = true;
				slot[i].number = ++delivery;
				slot[i].m = m;
				slot[i].r = r;
				stamp();
				printf("starting delivery %lu: msg %lu to %s %s\n", delivery, m->number, r->remote ? "remote" : "local",
				       r->address);
				status();
				return true;
			}
		}
	return false;
}

static const struct {
	const char *kind, *text, *status;
	bool bytes, done;
} local[] = {
	{"success", "did_1+0+0/", "success", true, true},
	{"success", "did_0+0+1/", "success", true, true},
	{"failure", "Sorry,_no_mailbox_here_by_that_name._(#5.1.1)/", "reject", true, true},
	{"failure", "user_is_over_quota/", "mboxoverquota", true, true},
	{"deferral", "Temporary_error_on_maildir_delivery._(#4.3.0)/", "defer", false, false},
}, remote[] = {
	{"success", "192.0.2.7_accepted_message./Remote_host_said:_250_ok_1709528767_qp_4711/", "success", true, true},
	{"success", "192.0.2.8_accepted_message./Remote_host_said:_250_2.0.0_Ok:_queued_as_4TpX/", "success", true, true},
	{"failure", "192.0.2.7_does_not_like_recipient./Remote_host_said:_550_no_(#4.4.1)/Giving_up_on_192.0.2.7./", "reject", false, true},
	{"failure", "192.0.2.7_failed_after_I_sent_the_message./Remote_host_said:_554_spam/", "reject", true, true},
	{"failure", "SMTP_cannot_transfer_messages_with_partial_final_lines._(#5.6.2)/", "partial", true, true},
	{"deferral", "Sorry,_I_wasn't_able_to_establish_an_SMTP_connection._(#4.4.1)/", "timeout", false, false},
	{"deferral", "Connected_to_192.0.2.7_but_connection_died._Possible_duplicate!_(#4.4.2)/", "timeout", true, false},
	{"deferral", "192.0.2.7_failed_after_I_sent_the_message./Remote_host_said:_451_later/", "defer", true, false},
	{"deferral", "Unable_to_read_message._(#4.3.0)/", "readerr", false, false},
};

static void
end_message(struct message *m)
{
	for (size_t i = 0; i < m->n; i++)
		if (!m->r[i].done)
			return;
	if (dice(10) == 0) {
		stamp();
		printf("bounce msg %lu qp %lu\n", m->number, m->qp + 1);
	}
	stamp();
	printf("end msg %lu\n", m->number);
	m->used = false;
}

static void
report(size_t i)
{
	struct rcpt *r = slot[i].r;
	struct message *m = slot[i].m;
	size_t k = r->remote ? (dice(3) ? dice(2) : dice(9)) : (dice(3) ? 0 : dice(5));
	const char *kind = r->remote ? remote[k].kind : local[k].kind, *text = r->remote ? remote[k].text : local[k].text;
	const char *word = r->remote ? remote[k].status : local[k].status;
	bool bytes = r->remote ? remote[k].bytes : local[k].bytes;

	stamp();
	printf("delivery %lu: %s: %s\n", slot[i].number, kind, text);
	if (truth)
		fprintf(truth, "%s %llu %s|%s|%lu|%s|%u\n", r->remote ? "out" : "in", (unsigned long long)(now_us / 1000000), m->sender,
			r->address, bytes ? m->bytes : 0, word, r->tries);
	r->busy = false;
	r->done = r->remote ? remote[k].done : local[k].done;
	slot[i].used = false;
	status();
	end_message(m);
}

static void
kill_it(void)
{
	for (size_t i = 0; i < SLOTS; i++) {
		if (slot[i].used)
			slot[i].r->busy = false;
		slot[i].used = false;
	}
	delivery = 0;
	killed++;
	status();
}

int
main(int argc, char **argv)
{
	unsigned long messages;
	bool restarts = false;
	int c;

	while ((c = getopt(argc, argv, "f:s:t:r")) != -1)
		if (c == 'f')
			form = optarg;
		else if (c == 's')
			seed = strtoul(optarg, NULL, 10) + 1;
		else if (c == 't' && (truth = fopen(optarg, "we")) == NULL)
			return perror(optarg), 2;
		else if (c == 'r')
			restarts = true;
		else if (c == '?')
			return 2;
	if (optind + 1 != argc)
		return 2;
	messages = strtoul(argv[optind], NULL, 10);
	seed *= UINT64_C(0x9e3779b97f4a7c15);
	status();
	for (;;) {
		size_t i = dice(OPEN), k = dice(SLOTS);

		if (made < messages && !open_now[i].used)
			new_message(&open_now[i]);
		if (dice(3))
			start_one();
		if (slot[k].used)
			report(k);
		if (restarts && dice(3000) == 0)
			kill_it();
		if (made == messages) {
			bool any = false;

			for (i = 0; i < OPEN; i++)
				any |= open_now[i].used;
			if (!any)
				break;
		}
	}
	stamp();
	printf("status: exiting\n");
	return fflush(stdout) || (truth && fclose(truth)) ? 2 : 0;
}
