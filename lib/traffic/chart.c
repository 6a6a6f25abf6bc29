/* Charts as SVG. Whoever sees no colours tells series apart by patterns, and reads the values beside them. */
#include "traffic/report-private.h"

#include <string.h>

enum { WIDTH = 900, LEFT = 74, TOP = 22, HIGH = 200, FOOT = 26, ROW = 24, NAMES = 270, LONGEST = 430, NAME_MOST = 36 };

void
qa_page_text(GString *out, const char *s)
{
	g_autofree char *shown = qa_report_shown(s);
	g_autofree char *escaped = g_markup_escape_text(shown, -1);

	g_string_append(out, escaped);
}

static const char *const unit_name[] = {"bytes", "kB", "MB", "GB", "TB", "PB"};

/* The largest unit that leaves at least 1; its size. */
static double
unit_of(double bytes, unsigned *u_r)
{
	double size = 1;

	for (*u_r = 0; *u_r < 5 && bytes / size >= 1024; ++*u_r)
		size *= 1024;
	return size;
}

void
qa_size_text(double bytes, char out[QA_SIZE_TEXT])
{
	unsigned u;
	double v = bytes / unit_of(bytes, &u);

	g_snprintf(out, QA_SIZE_TEXT, u == 0 || v >= 99.95 ? "%.0f %s" : "%.1f %s", v, unit_name[u]);
}

/* The same in a few characters: "1.2G". */
static void
short_text(double bytes, char out[QA_SIZE_TEXT])
{
	unsigned u;
	double v = bytes / unit_of(bytes, &u);

	g_snprintf(out, QA_SIZE_TEXT, u == 0 || v >= 9.95 ? "%.0f%.1s" : "%.1f%.1s", v, u ? unit_name[u] : "");
}

void
qa_chart_patterns(GString *out)
{
	static const char *const inside[QA_CHART_SERIES] = {
	    "<rect width=\"8\" height=\"8\" fill=\"#3a6ea5\"/>",
	    "<rect width=\"8\" height=\"8\" fill=\"#fff\"/><path d=\"M-2 2 2-2M0 8 8 0M6 10 10 6\" stroke=\"#9a3324\" stroke-width=\"2.5\"/>",
	    "<rect width=\"8\" height=\"8\" fill=\"#fff\"/><path d=\"M2 .4a1.6 1.6 0 1 0 .1 0zM6 4.4a1.6 1.6 0 1 0 .1 0z\" fill=\"#222\"/>",
	    "<rect width=\"8\" height=\"8\" fill=\"#fff\"/><path d=\"M0 4H8M4 0V8\" stroke=\"#2d6a3e\" stroke-width=\"1.6\"/>",
	    "<rect width=\"8\" height=\"8\" fill=\"#d9d9d9\"/><path d=\"M0 2H8M0 6H8\" stroke=\"#555\" stroke-width=\"1\"/>",
	};

	g_string_append(out, "<svg width=\"0\" height=\"0\" class=\"defs\" aria-hidden=\"true\"><defs>\n");
	for (unsigned i = 0; i < QA_CHART_SERIES; i++)
		g_string_append_printf(out, "<pattern id=\"p%u\" width=\"8\" height=\"8\" patternUnits=\"userSpaceOnUse\">%s</pattern>\n", i,
				       inside[i]);
	g_string_append(out, "</defs></svg>\n");
}

void
qa_chart_swatch(GString *out, unsigned series)
{
	g_string_append_printf(out,
			       "<svg width=\"26\" height=\"14\" aria-hidden=\"true\"><rect x=\"1\" y=\"1\" width=\"24\" height=\"12\""
			       " fill=\"url(#p%u)\" class=\"b\"/></svg>",
			       series);
}

static void
svg_start(GString *out, const char *title, unsigned height)
{
	g_string_append_printf(out, "<svg viewBox=\"0 0 %d %u\" role=\"img\" aria-label=\"", WIDTH, height);
	qa_page_text(out, title);
	g_string_append(out, "\">\n");
}

/* A step of 1, 2 or 5 times a power of ten that divides V into at most five. */
static double
step_of(double v)
{
	double step = 1;

	while (step * 5 < v)
		step *= 10;
	while (step > 1e-3 && step / 10 * 5 >= v)
		step /= 10;
	return step / 5 * 5 >= v ? step / 5 : step / 2 * 5 >= v ? step / 2 : step;
}

/* Lines across and what they stand for; the value of the highest. */
static double
axis(GString *out, double most)
{
	unsigned u;
	double size = unit_of(most, &u), step = step_of(most > 0 ? most / size : 5), top = step;

	while (top * size < most)
		top += step;
	for (int i = 0; i * step <= top + step / 100; i++) {
		double y = TOP + HIGH - HIGH * i * step / top;

		g_string_append_printf(out, "<path d=\"M%d %.1fH%d\" class=\"g\"/><text x=\"%d\" y=\"%.1f\" class=\"r\">%.4g %s</text>\n", LEFT, y,
				       WIDTH - 4, LEFT - 6, y + 4, i * step, unit_name[u]);
	}
	return top * size;
}

void
qa_chart_columns(GString *out, const char *title, const struct qa_chart_column *c, size_t n, unsigned series, const char *hits)
{
	double most = 0, w = (WIDTH - 8.0 - LEFT) / (double)(n ? n : 1);
	char text[QA_SIZE_TEXT];

	for (size_t i = 0; i < n; i++) {
		double all = 0;

		for (unsigned k = 0; k < series; k++)
			all += c[i].v[k];
		most = all > most ? all : most;
	}
	svg_start(out, title, TOP + HIGH + FOOT);
	double top = axis(out, most);
	for (size_t i = 0; i < n; i++) {
		double x = LEFT + w * (double)i, y = TOP + HIGH, all = 0;

		g_string_append(out, "<g>");
		for (unsigned k = 0; k < series; k++) {
			double h = HIGH * c[i].v[k] / top;

			y -= h;
			all += c[i].v[k];
			if (c[i].v[k] > 0)
				g_string_append_printf(out, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"url(#p%u)\" class=\"b\"/>",
						       x + w * 0.12, y, w * 0.76, h, k);
		}
		qa_size_text(all, text);
		g_string_append_printf(out, "<title>%s: %s, %llu %s</title>", c[i].full, text, (unsigned long long)c[i].hits, hits);
		short_text(all, text);
		if (all > 0 && w > 18)
			g_string_append_printf(out, "<text x=\"%.1f\" y=\"%.1f\" class=\"v\">%s</text>", x + w / 2, y - 3, text);
		if (w > 18 || i % 5 == 0)
			g_string_append_printf(out, "<text x=\"%.1f\" y=\"%d\" class=\"m\">%s</text>", x + w / 2, TOP + HIGH + 16, c[i].label);
		g_string_append(out, "</g>\n");
	}
	g_string_append_printf(out, "<path d=\"M%d %dH%d\" class=\"a\"/></svg>\n", LEFT, TOP + HIGH, WIDTH - 4);
}

/* A name in at most NAME_MOST characters. */
static void
name_text(GString *out, const char *name)
{
	g_autofree char *s = qa_report_shown(name);

	if (g_utf8_strlen(s, -1) > NAME_MOST)
		memcpy(g_utf8_offset_to_pointer(s, NAME_MOST - 3), "...", 4);
	qa_page_text(out, s);
}

void
qa_chart_bars(GString *out, const char *title, const struct qa_chart_bar *b, size_t n, const char *hits)
{
	double most = 1;
	char text[QA_SIZE_TEXT];

	for (size_t i = 0; i < n; i++)
		most = b[i].v > most ? b[i].v : most;
	svg_start(out, title, (unsigned)(n * ROW + 8));
	for (size_t i = 0; i < n; i++) {
		double w = LONGEST * b[i].v / most;
		int y = (int)i * ROW + 4;

		qa_size_text(b[i].v, text);
		g_string_append(out, "<g><title>");
		qa_page_text(out, b[i].label);
		g_string_append_printf(out, ": %s, %llu %s</title><text x=\"%d\" y=\"%d\" class=\"r\">", text, (unsigned long long)b[i].hits, hits,
				       NAMES - 8, y + 15);
		name_text(out, b[i].label);
		g_string_append_printf(out,
				       "</text><rect x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"%d\" fill=\"url(#p%u)\" class=\"b\"/>"
				       "<text x=\"%.1f\" y=\"%d\">%s, %llu %s</text></g>\n",
				       NAMES, y + 2, w < 1 && b[i].v > 0 ? 1 : w, ROW - 6, b[i].series, NAMES + w + 6, y + 15, text,
				       (unsigned long long)b[i].hits, hits);
	}
	g_string_append_printf(out, "<path d=\"M%d 2V%zu\" class=\"a\"/></svg>\n", NAMES, n * ROW + 6);
}
