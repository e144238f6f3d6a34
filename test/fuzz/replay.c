/* SPDX-License-Identifier: GPL-2.0-or-later */
/* replay.c - main() for a fuzz harness without libFuzzer: run it on the files named.
 * Every input that ever crashed lives in the corpus, so it is a test for ever. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		static uint8_t buf[1 << 20];
		FILE *f = fopen(argv[i], "re");
		size_t n;

		if (!f) {
			perror(argv[i]);
			return EXIT_FAILURE;
		}
		n = fread(buf, 1, sizeof(buf), f);
		fclose(f);
		LLVMFuzzerTestOneInput(buf, n);
	}
	printf("ok - %d inputs replayed\n", argc - 1);
	return EXIT_SUCCESS;
}
