#include "traffic/bad.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

void
qa_bad_note(struct qa_bad *b, const struct qa_part *part, uint32_t line, const struct qa_quick_line *l)
{
	/* a writer that finds a torn line before its own puts a line feed between: empty lines are no faults */
	if (l->n == 0 || (l->n == 1 && l->p[0] == '\r'))
		return;
	b->count++;
	if (b->n == QA_BAD_KEPT)
		return;
	if (!b->kept && !(b->kept = malloc(2 * QA_BAD_KEPT * sizeof *b->kept)))
		return;
	struct qa_bad_line *k = &b->kept[b->n++];
	*k = (struct qa_bad_line){part->file, part->number, line, l->n < QA_BAD_TEXT ? l->n : QA_BAD_TEXT, l->why, {0}};
	memcpy(k->text, l->p, k->n);
}

static int
earlier(const void *x, const void *y)
{
	const struct qa_bad_line *a = x, *b = y;

	if (a->file != b->file)
		return a->file < b->file ? -1 : 1;
	if (a->part != b->part)
		return a->part < b->part ? -1 : 1;
	return (a->line > b->line) - (a->line < b->line);
}

void
qa_bad_merge(struct qa_bad *b, struct qa_bad *from)
{
	b->count += from->count;
	if (from->kept && !b->kept) {
		b->kept = from->kept;
		b->n = from->n;
		from->kept = NULL;
	} else if (from->kept) {
		memcpy(b->kept + b->n, from->kept, from->n * sizeof *b->kept);
		b->n += from->n;
		qsort(b->kept, b->n, sizeof *b->kept, earlier);
		if (b->n > QA_BAD_KEPT)
			b->n = QA_BAD_KEPT;
	}
	qa_bad_free(from);
}

int
qa_bad_show(const struct qa_bad *b, const struct qa_files *files, struct qa_buf *out)
{
	for (size_t i = 0; i < b->n; i++) {
		const struct qa_bad_line *k = &b->kept[i];

		if (qa_buf_addf(out, "%s:%llu: %s: ", files->v[k->file].name,
				(unsigned long long)qa_files_line(files, k->file, k->part, k->line), k->why) ||
		    qa_show_add(out, qa_span_of(k->text, k->n)) || qa_buf_addstr(out, k->n == QA_BAD_TEXT ? "...\n" : "\n"))
			return -1;
	}
	if (b->count > b->n && b->n)
		return qa_buf_addf(out, "and %llu more\n", (unsigned long long)(b->count - b->n));
	return 0;
}

void
qa_bad_free(struct qa_bad *b)
{
	free(b->kept);
	*b = (struct qa_bad){0};
}
