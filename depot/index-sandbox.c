#include "index-sandbox.h"
#include "archive/home.h"
#include "base/log.h"
#include "conf/conf.h"
#include "sys/sandbox.h"
#include "sys/sys.h"

#include <errno.h>
#include <string.h>
#include <time.h>

/* Partitions that lie elsewhere, behind a symbolic link in the depot: "DOMAIN/depot/YYYY-MM". */
static void
list_links(const char *home, const char *domain, GPtrArray *names)
{
	char path[QA_PATH_MAX], one[QA_PATH_MAX];
	struct qa_names parts;
	struct stat st;

	if (qa_home_path(path, home, NULL, QA_HOME_DEPOT, domain) || qa_listdir(AT_FDCWD, path, &parts, NULL))
		return;
	for (size_t i = 0; i < parts.n; i++)
		if (qa_home_path(one, home, NULL, QA_HOME_DEPOT "/%s", domain, parts.v[i]) == 0 &&
		    qa_sys->fstatat(AT_FDCWD, one, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(st.st_mode))
			g_ptr_array_add(names, g_strdup_printf("%s/depot/%s", domain, parts.v[i]));
	qa_names_free(&parts);
}

GPtrArray *
index_folders(const char *home, struct qa_err *err)
{
	GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
	struct qa_names found = {0};
	char path[QA_PATH_MAX];

	if (qa_home_path(path, home, err, "domain") ||
	    (qa_listdir(AT_FDCWD, path, &found, err) && err->num != ENOENT)) {
		g_ptr_array_free(names, TRUE);
		return NULL;
	}
	for (size_t i = 0; i < found.n; i++) {
		if (found.v[i][0] == '.')
			continue;
		g_ptr_array_add(names, g_strdup(found.v[i]));
		list_links(home, found.v[i], names);
	}
	qa_names_free(&found);
	return names;
}

/* etc/sandbox says `required` when a kernel without one is reason enough to stop. */
static bool
is_required(const char *home, struct qa_err *err)
{
	struct qa_buf word = QA_BUF(QA_CONTROL_FILE);
	char path[QA_PATH_MAX];
	bool required = false;

	if (qa_home_path(path, home, err, "etc/sandbox") == 0 && qa_control_text(AT_FDCWD, path, &word, err) == 1)
		required = qa_span_is(qa_buf_span(&word), "required");
	qa_buf_free(&word);
	return required;
}

static void
rule_add(GArray *rules, GPtrArray *paths, char *path, unsigned more)
{
	struct qa_sandbox_rule r = {path, QA_SANDBOX_READ | QA_SANDBOX_MAYBE | more};

	g_ptr_array_add(paths, path);
	g_array_append_val(rules, r);
}

/* 1 shut, 0 the kernel cannot, -1. */
static int
shut(const char *home, GPtrArray *names, struct qa_err *err)
{
	static const char *const system[] = {"/usr", "/lib", "/lib64", "/etc/localtime", "/etc/ld.so.cache"};
	static const char *const parts[] = {"depot", "log", "var/catalog"};
	g_autoptr(GArray) rules = g_array_new(FALSE, FALSE, sizeof(struct qa_sandbox_rule));
	g_autoptr(GPtrArray) paths = g_ptr_array_new_with_free_func(g_free);
	bool required = is_required(home, err);

	for (size_t i = 0; i < sizeof system / sizeof system[0]; i++)
		rule_add(rules, paths, g_strdup(system[i]), 0);
	for (guint i = 0; i < names->len; i++) {
		const char *name = g_ptr_array_index(names, i);

		if (strchr(name, '/'))
			rule_add(rules, paths, g_strdup_printf("%s/domain/%s", home, name), 0);
		for (int k = 0; k < 3 && !strchr(name, '/'); k++)
			rule_add(rules, paths, g_strdup_printf("%s/domain/%s/%s", home, name, parts[k]),
				 k == 2 ? QA_SANDBOX_WRITE | QA_SANDBOX_MAKE : 0);
	}
	int r = qa_sandbox_apply((struct qa_sandbox_rule *)(void *)rules->data, rules->len, required, err);
	/* the key is out of reach, but its mode is not: others would read it */
	return r < 0 || qa_sandbox_calls(err) < 0 ? -1 : r;
}

int
index_shut(const char *home, GPtrArray *names, struct qa_err *err)
{
	int r = shut(home, names, err);

	if (r == 0)
		qa_log(QA_NOTICE, "event=index.sandbox.none why=\"the kernel has no Landlock\"");
	return r < 0 ? -1 : 0;
}

int
index_shut_domain(const char *home, const char *domain, struct qa_err *err)
{
	g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);

	tzset(); /* the file that TZ names may be out of reach afterwards */
	g_ptr_array_add(names, g_strdup(domain));
	list_links(home, domain, names);
	return shut(home, names, err) < 0 ? -1 : 0;
}
