/*
 * md_checkproof: whether a proof holds for a message. Needs no archive and no network: two files and a key.
 */
#include "archive/prove.h"
#include "base/clock.h"
#include "base/text.h"
#include "tool.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
    "Says whether MESSAGE is the one that PROOF is about, and whether the log signed by KEY holds it.\n"
    "Exit 0 it does, 1 it does not, 2 something is wrong with the files or the key.\n\n"
    "  -k KEY        the domain's public key (vkey), as a string or a file; `md_domain show` prints it\n"
    "      --json    say it in JSON\n";
enum { JSON = 1 };
static const struct option longs[] = {{"json", no_argument, NULL, JSON}, {0}};
static const struct qa_opt opt = {"md_checkproof", "[--json] -k KEY PROOF MESSAGE", help, "k:", longs};

static void
show(const struct qa_proven *w)
{
	char id[QA_ENTRY_ID_TEXT], when[QA_RFC3339_TEXT];

	qa_entry_id_text(&w->leaf.id, id);
	qa_rfc3339(w->leaf.captured, when);
	printf("good: this message is leaf %llu of %llu in the log %s\n", (unsigned long long)w->index,
	       (unsigned long long)w->size, w->origin);
	printf("entry    %s (%s, captured by %s)\ncaptured %s\n", id, qa_kind_name(w->leaf.kind),
	       qa_source_name(w->leaf.source), when);
}

static void
show_json(const struct qa_proven *w, int rc, const struct qa_err *err)
{
	struct qa_buf b = QA_BUF(1 << 16);
	char id[QA_ENTRY_ID_TEXT], when[QA_RFC3339_TEXT];
	int bad;

	qa_entry_id_text(&w->leaf.id, id);
	qa_rfc3339(w->leaf.captured, when);
	if (rc == 1)
		bad = qa_buf_addf(&b, "{\"good\":true,\"id\":\"%s\",\"index\":%llu,\"size\":%llu,\"kind\":\"%s\",\"source\":\"%s\","
				      "\"captured\":\"%s\",\"origin\":",
				  id, (unsigned long long)w->index, (unsigned long long)w->size,
				  qa_kind_name(w->leaf.kind), qa_source_name(w->leaf.source), when) ||
		      qa_json_add(&b, qa_span_str(w->origin));
	else
		bad = qa_buf_addstr(&b, "{\"good\":false,\"reason\":") || qa_json_add(&b, qa_span_str(err->text));
	if (!bad && qa_buf_addstr(&b, "}\n") == 0)
		tool_write(&opt, qa_buf_span(&b));
	qa_buf_free(&b);
}

int
main(int argc, char **argv)
{
	struct qa_buf key = QA_BUF(4096), proof = QA_BUF(1 << 20), message = QA_BUF((size_t)1 << 30);
	struct qa_proven w;
	struct qa_err err;
	const char *word = NULL;
	bool json = false;
	int rc, c;

	while ((c = qa_opt_next(&opt, argc, argv)) != -1) {
		if (c == 'k')
			word = optarg;
		else if (c == JSON)
			json = true;
		else
			qa_usage(&opt);
	}
	if (!word || argc - optind != 2)
		qa_usage(&opt);
	word = tool_key(&opt, word, &key);
	tool_read(&opt, argv[optind], &proof);
	tool_read(&opt, argv[optind + 1], &message);
	rc = qa_checkproof(word, qa_buf_span(&proof), qa_buf_span(&message), &w, &err);
	if (rc < 0)
		qa_die(opt.program, &err);
	if (json)
		show_json(&w, rc, &err);
	else if (rc == 1)
		show(&w);
	else
		printf("BAD: %s\n", err.text);
	qa_buf_free(&key);
	qa_buf_free(&proof);
	qa_buf_free(&message);
	return rc == 1 ? 0 : 1;
}
