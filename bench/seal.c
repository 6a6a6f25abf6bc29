/*
 * seal: closes every month of a domain as if it were long over: segments packed anew, catalogs compacted. Nothing else may
 * write the archive meanwhile.
 *
 *	seal HOME DOMAIN
 */
#include "archive/home.h"
#include "archive/read.h"
#include "catalog/catalog.h"
#include "store/seal.h"

#include <stdio.h>

static int
seal_month(const char *depot, const char *var, const char *domain, uint64_t committed, qa_month m, struct qa_err *err)
{
	struct qa_partition_where w = {.depot = depot, .var = var, .domain = domain, .month = m};
	struct qa_catalog *c;
	char dir[QA_PATH_MAX + 16];
	int rc;

	if (qa_seal_whole(&w, committed, NULL, NULL, err) != 1)
		return -1;
	snprintf(dir, sizeof dir, "%s/catalog", var);
	if (qa_catalog_write(dir, domain, m, &c, NULL, err))
		return -1;
	rc = qa_catalog_seal(c, err);
	qa_catalog_close(c);
	return rc;
}

static int
seal(const char *home, const char *domain, struct qa_err *err)
{
	char depot[QA_PATH_MAX], var[QA_PATH_MAX];
	struct qa_archive *a;
	const qa_month *v;
	size_t n;
	int rc = 0;

	if (qa_home_path(depot, home, err, QA_HOME_DEPOT, domain) || qa_home_path(var, home, err, QA_HOME_VAR, domain) ||
	    qa_archive_open(home, domain, &a, err) != 1)
		return -1;
	n = qa_archive_months(a, &v);
	for (size_t i = 0; i < n && rc == 0; i++)
		rc = seal_month(depot, var, domain, qa_archive_committed(a), v[i], err);
	qa_archive_close(a);
	return rc;
}

int
main(int argc, char **argv)
{
	struct qa_err err = {.text = "no such domain"};

	if (argc != 3) {
		fprintf(stderr, "usage: seal HOME DOMAIN\n");
		return 2;
	}
	if (seal(argv[1], argv[2], &err)) {
		fprintf(stderr, "seal: %s\n", err.text);
		return 2;
	}
	return 0;
}
