/*
 * Runs a fuzz target once over every file of a corpus folder: the corpus as
 * a regression test, with any compiler.  Fails on an empty folder.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int
replay(const char *path)
{
	static uint8_t data[1 << 20];
	FILE *f = fopen(path, "rb");
	uint8_t *exact;
	size_t n;

	if (f == NULL)
		return -1;
	n = fread(data, 1, sizeof data, f);
	fclose(f);
	/* an allocation of just that size, so that sanitizers see overreads */
	exact = malloc(n == 0 ? 1 : n);
	if (exact == NULL)
		return -1;
	for (size_t i = 0; i < n; i++)
		exact[i] = data[i];
	(void)LLVMFuzzerTestOneInput(exact, n);
	free(exact);
	return 0;
}

int
main(int argc, char **argv)
{
	struct dirent *e;
	unsigned count = 0;
	DIR *d;

	if (argc != 2 || (d = opendir(argv[1])) == NULL) {
		fprintf(stderr, "usage: replay CORPUS_FOLDER\n");
		return 2;
	}
	while ((e = readdir(d)) != NULL) {
		char path[4096];

		if (e->d_name[0] == '.')
			continue;
		(void)snprintf(path, sizeof path, "%s/%s", argv[1], e->d_name);
		if (replay(path) < 0) {
			fprintf(stderr, "cannot read %s\n", path);
			return 2;
		}
		count++;
	}
	closedir(d);
	printf("%u inputs replayed\n", count);
	return count == 0 ? 1 : 0;
}
