/*
 * Runs a fuzz target without libFuzzer: each argument is a file, or a folder of files, to
 * replay; without arguments it runs a few thousand seeded mutations of nothing, which
 * still reaches the first refusals of a parser.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static unsigned long runs;

static void
one_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	struct stat st;

	if (!f || fstat(fileno(f), &st)) {
		perror(path);
		exit(2);
	}
	size_t n = (size_t)st.st_size;
	uint8_t *p = malloc(n ? n : 1);
	if (!p || fread(p, 1, n, f) != n) {
		perror(path);
		exit(2);
	}
	fclose(f);
	LLVMFuzzerTestOneInput(p, n);
	runs++;
	/* every truncation of small inputs, as a parser sees them on a bad day */
	for (size_t cut = 0; n <= 4096 && cut < n; cut++, runs++) {
		uint8_t *q = malloc(cut ? cut : 1);

		if (!q)
			exit(2);
		memcpy(q, p, cut);
		LLVMFuzzerTestOneInput(q, cut);
		free(q);
	}
	free(p);
}

static void
one_path(const char *path)
{
	struct stat st;

	if (stat(path, &st)) {
		perror(path);
		exit(2);
	}
	if (!S_ISDIR(st.st_mode)) {
		one_file(path);
		return;
	}
	struct dirent **list;
	int n = scandir(path, &list, NULL, alphasort);
	for (int i = 0; i < n; i++) {
		char name[4096];

		snprintf(name, sizeof name, "%s/%s", path, list[i]->d_name);
		if (list[i]->d_name[0] != '.')
			one_path(name);
		free(list[i]);
	}
	if (n >= 0)
		free(list);
}

int
main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		one_path(argv[i]);
	if (argc < 2) {
		uint32_t x = 2463534242u;
		uint8_t buf[512];

		for (; runs < 5000; runs++) {
			size_t n = runs % sizeof buf;

			for (size_t i = 0; i < n; i++) {
				x ^= x << 13, x ^= x >> 17, x ^= x << 5;
				buf[i] = (uint8_t)x;
			}
			LLVMFuzzerTestOneInput(buf, n);
		}
	}
	printf("ok 1 - %lu inputs\n1..1\n", runs);
	return 0;
}
