/* Address lists, as GMime reads them. */
#include "message/field.h"

#define PIECE 1024 /* what GMime sees at a time, when there is a comma to cut at */
#define PIECE_MAX 2048

/* The front of s that GMime gets: up to a comma that stands in no quotes, brackets or comments,
 * of those in the first PIECE bytes the last, else the first; without any, PIECE_MAX bytes.
 * *skip_r: how much of s is done with it. */
static qa_span
piece_next(qa_span s, size_t *skip_r)
{
	size_t cut = 0, most = s.n < PIECE_MAX ? s.n : PIECE_MAX;
	unsigned depth = 0;
	bool quoted = false, angle = false;

	*skip_r = s.n;
	if (s.n <= PIECE)
		return s;
	for (size_t i = 0; i < most && (i < PIECE || !cut); i++) {
		unsigned char c = s.p[i];

		if (c == '\\' && (quoted || depth))
			i++;
		else if (c == '"' && !depth)
			quoted = !quoted;
		else if (!quoted && c == '(')
			depth++;
		else if (!quoted && c == ')')
			depth -= depth > 0;
		else if (!quoted && !depth && (c == '<' || c == '>'))
			angle = c == '<';
		else if (c == ',' && !quoted && !depth && !angle && i)
			cut = i;
	}
	if (cut) {
		*skip_r = cut + 1;
		return qa_span_cut(s, 0, cut);
	}
	while (most < s.n && most > 1 && (s.p[most] & 0xc0) == 0x80)
		most--;
	*skip_r = most;
	return qa_span_cut(s, 0, most);
}

struct reader {
	GMimeParserOptions *options;
	qa_mailbox_take *take;
	void *arg;
	struct qa_sink hidden, name, addr;
	bool lost, punycode, enough;
};

static void
give(struct reader *r, const struct qa_mailbox *box)
{
	r->enough = r->enough || !r->take(r->arg, box);
}

/* GMime could not read all of it. */
static void
warned(gint64 offset, GMimeParserWarning errcode, const gchar *item, gpointer r)
{
	(void)offset;
	(void)errcode;
	(void)item;
	((struct reader *)r)->lost = true;
}

/* What stands in the outermost brackets of a comment. */
static qa_span
comment(qa_span s)
{
	const unsigned char *open = memchr(s.p, '(', s.n), *close = memrchr(s.p, ')', s.n);

	if (!open || !close || close < open)
		return qa_span_of(NULL, 0);
	return qa_span_of(open + 1, (size_t)(close - open) - 1);
}

/* ALONE: the piece it is all of, empty when there are others. */
static void
mailbox(struct reader *r, InternetAddress *a, qa_span alone)
{
	InternetAddressMailbox *m = INTERNET_ADDRESS_MAILBOX(a);
	const char *name = internet_address_get_name(a);
	struct qa_mailbox box;

	qa_sink_clear(&r->name);
	qa_sink_clear(&r->addr);
	if (name)
		qa_field_show(name, &r->name);
	/* GMime turns xn-- into the characters it stands for; we keep what was written */
	qa_field_show(r->punycode ? internet_address_mailbox_get_idn_addr(m)
				  : internet_address_mailbox_get_addr(m),
		      &r->addr);
	box.name = qa_span_trim(qa_sink_span(&r->name));
	box.addr = qa_sink_span(&r->addr);
	if (!box.name.n && alone.n)
		box.name = qa_span_trim(comment(alone)); /* GMime keeps it in some places only */
	if (box.addr.n && !memchr(box.addr.p, '@', box.addr.n) && !box.name.n) {
		box.name = box.addr;
		box.addr.n = 0;
	}
	if (box.name.n || box.addr.n)
		give(r, &box);
}

static void
list(struct reader *r, InternetAddressList *l, qa_span alone)
{
	int n = internet_address_list_length(l);

	for (int i = 0; i < n && !r->enough; i++) {
		InternetAddress *a = internet_address_list_get_address(l, i);

		if (INTERNET_ADDRESS_IS_GROUP(a))
			list(r, internet_address_group_get_members(INTERNET_ADDRESS_GROUP(a)),
			     qa_span_of(NULL, 0));
		else
			mailbox(r, a, n == 1 ? alone : qa_span_of(NULL, 0));
	}
}

/* "mailing list x@y": words in front of an address without brackets, as ezmlm writes them. */
static bool
bare(struct reader *r, qa_span s)
{
	const unsigned char *at = s.n ? memchr(s.p, '@', s.n) : NULL;
	InternetAddressList *l;
	struct qa_sink addr = QA_SINK(0);
	struct qa_mailbox box;
	size_t from, to;

	for (size_t i = 0; i < s.n; i++)
		if (strchr("<>\"(),;:", s.p[i]) && s.p[i])
			return false;
	if (!at || memchr(at + 1, '@', s.n - (size_t)(at + 1 - s.p)))
		return false;
	for (from = (size_t)(at - s.p); from > 0 && !qa_blank(s.p[from - 1]); from--)
		;
	for (to = (size_t)(at - s.p); to < s.n && !qa_blank(s.p[to]); to++)
		;
	l = internet_address_list_parse(NULL,
					qa_field_hide(qa_span_cut(s, from, to - from), "?.", &r->hidden));
	if (!l || internet_address_list_length(l) != 1 ||
	    !INTERNET_ADDRESS_IS_MAILBOX(internet_address_list_get_address(l, 0))) {
		g_clear_object(&l);
		return false;
	}
	qa_sink_add(&addr, s.p + from, to - from);
	box.name = qa_span_trim(qa_span_cut(s, 0, from));
	if (!box.name.n)
		box.name = qa_span_trim(qa_span_cut(s, to, s.n));
	box.addr = qa_sink_span(&addr);
	give(r, &box);
	r->hidden.failed = r->hidden.failed || addr.failed;
	qa_sink_free(&addr);
	g_object_unref(l);
	return true;
}

static void
piece(struct reader *r, qa_span s)
{
	InternetAddressList *l;
	struct qa_mailbox words = {qa_span_trim(s), {NULL, 0}};

	r->lost = false;
	r->punycode = memmem(s.p, s.n, "xn--", 4) != NULL;
	l = internet_address_list_parse(r->options, qa_field_hide(s, "?.", &r->hidden));
	if (l)
		list(r, l, s);
	while (words.name.n && strchr(",;:<> \t", words.name.p[0]))
		words.name.p++, words.name.n--;
	while (words.name.n && strchr(",;:<> \t", words.name.p[words.name.n - 1]))
		words.name.n--;
	if ((!l || r->lost) && words.name.n && (l || !bare(r, words.name)))
		give(r, &words);
	g_clear_object(&l);
}

bool
qa_mailbox_each(qa_span utf8, qa_mailbox_take *take, void *arg)
{
	struct reader r = {.take = take, .arg = arg};
	size_t skip;

	r.options = g_mime_parser_options_new();
	g_mime_parser_options_set_warning_callback(r.options, warned, &r);
	for (; utf8.n && !r.enough; utf8 = qa_span_cut(utf8, skip, utf8.n))
		piece(&r, piece_next(utf8, &skip));
	g_mime_parser_options_free(r.options);
	qa_sink_free(&r.hidden);
	qa_sink_free(&r.name);
	qa_sink_free(&r.addr);
	return !r.hidden.failed && !r.name.failed && !r.addr.failed;
}
