/* SPDX-License-Identifier: ISC */
#include "sieve/regexes.h"

#include "base/mem.h"
#include "sieve/exec.h"

/* More than these are compiled again and again: a script that makes patterns of
 * variables in a loop. */
enum { KEPT = 64 };

struct sieve_cached_regex {
	struct sieve_cached_regex *next;
	struct slice pattern;
	bool caseless;
	struct sieve_regex *regex;
	uint32_t number;
};

static void
forget_all(struct sieve_exec *x)
{
	while (x->regexes != NULL) {
		struct sieve_cached_regex *c = x->regexes;

		x->regexes = c->next;
		sieve_regex_free(&c->regex);
		free(c);
	}
}

const struct sieve_regex *
sieve_regexes_find(struct sieve_exec *x, struct slice pattern, bool caseless)
{
	struct sieve_cached_regex *c;
	struct sieve_regex *r;
	char why[160];

	for (c = x->regexes; c != NULL; c = c->next)
		if (c->caseless == caseless && slice_eq(c->pattern, pattern))
			return c->regex;
	if (sieve_exec_spend(x, 100 + pattern.n) == -1)
		return NULL;
	r = sieve_regex_new(pattern, caseless, x->limits, why, sizeof why);
	if (r == NULL) {
		sieve_exec_warn(x, "invalid regular expression: %s", why);
		return NULL;
	}
	if (x->regexes != NULL && x->regexes->number == KEPT)
		forget_all(x);
	c = xcalloc(1, sizeof *c);
	*c = (struct sieve_cached_regex){ x->regexes,
		sieve_exec_keep(x, pattern), caseless, r,
		x->regexes != NULL ? x->regexes->number + 1 : 1 };
	x->regexes = c;
	return r;
}

void
sieve_regexes_free(struct sieve_exec *x)
{
	forget_all(x);
}
