/* SPDX-License-Identifier: ISC */
#include "ctl/view/progress.h"

#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include "sys/clock.h"

enum { FIRST_MS = 1000, EACH_MS = 200 };

static struct {
	enum { TO_BE_ASKED, TERMINAL, NONE } stderr_is;
	const char *what; /* NULL: none */
	int64_t total;
	int64_t next_ms;
	bool shown;
} state;

bool
progress_wanted(void)
{
	if (state.stderr_is == TO_BE_ASKED)
		return isatty(STDERR_FILENO) == 1;
	return state.stderr_is == TERMINAL;
}

void
progress_remember(void)
{
	state.stderr_is = progress_wanted() ? TERMINAL : NONE;
}

void
progress_begin(const char *what, int64_t total)
{
	progress_end();
	if (!progress_wanted())
		return;
	state.what = what;
	state.total = total;
	state.next_ms = clock_ms() + FIRST_MS;
}

void
progress_at(int64_t n)
{
	if (state.what == NULL || clock_ms() < state.next_ms)
		return;
	state.next_ms = clock_ms() + EACH_MS;
	state.shown = true;
	fprintf(stderr, "\r%s: %lld", state.what, (long long)n);
	if (state.total > 0)
		fprintf(stderr, " of %lld", (long long)state.total);
	fputs("\033[K", stderr);
	(void)fflush(stderr);
}

void
progress_end(void)
{
	if (state.shown)
		fputs("\r\033[K", stderr);
	state.shown = false;
	state.what = NULL;
}
