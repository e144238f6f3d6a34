/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gram.h"

#include "tap.h"

static u64 run(const u32 *tokens, u32 n)
{
	u64 window = 0;

	for (u32 i = 0; i < n; i++)
		window = gram_push(window, tokens[i]);
	return window;
}

static void test_tokens(void)
{
	ok(token_of(0) == 1, "call 0 is token 1: no call is token 0");
	ok(token_of(506) == 507, "the last call with a token of its own");
	ok(token_of(507) == TOKEN_UNKNOWN && token_of(0xffffffff) == TOKEN_UNKNOWN,
	   "numbers that 9 bits cannot hold share one token");
	for (u32 call = 0; call < 2000; call++)
		if (token_of(call) == TOKEN_SIGNAL || token_of(call) == TOKEN_ACTING || token_of(call) == TOKEN_EXEC ||
		    token_of(call) == 0)
			ok(0, "call %u has a token that marks something else", call);
}

static void test_window(void)
{
	static const u32 seven[] = { 1, 2, 3, 4, 5, 6, 7 };
	u64 window = run(seven, 7);

	ok(window == run(seven + 1, 6), "the seventh push drops the first token");
	ok(gram_last(window, 1) == 7 && gram_last(window, 2) == run(seven + 5, 2),
	   "the newest tokens lie lowest");
	ok(gram_length(window, 6) == 6 && gram_length(window, 3) == 3,
	   "a full window is as long as asked");
	ok(gram_length(0, 6) == 0 && gram_length(run(seven, 2), 6) == 2, "a short one is shorter");
	ok(gram_length(window, 9) == 6, "no window is longer than six");
	ok((window & ~GRAM_MASK) == 0, "a window leaves the program's bits alone");
}

static void test_key(void)
{
	static const u32 three[] = { 5, 6, 7 };
	u64 gram = run(three, 3);

	ok(gram_program(gram_key(1023, gram)) == 1023, "the program comes back from a key");
	ok((gram_key(1023, gram) & GRAM_MASK) == gram, "and so do the tokens");
	ok(gram_key(1, gram) != gram_key(2, gram), "equal runs of two programs are two n-grams");
	ok(gram_key(1, gram) != gram_key(1, gram | GRAM_ACTING),
	   "a run over acting calls is not the run of the same calls");
}

int main(void)
{
	test_tokens();
	test_window();
	test_key();
	return tap_end();
}
