/* SPDX-License-Identifier: GPL-2.0-or-later */
/* touch-proof FILE - a program that nobody learned: it proves that it ran. */
#include <fcntl.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	return argc > 1 && open(argv[1], O_CREAT | O_WRONLY, 0644) >= 0 ? 0 : 1;
}
