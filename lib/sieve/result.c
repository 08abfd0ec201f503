/* SPDX-License-Identifier: ISC */
#include "sieve/result.h"

void
sieve_result_init(struct sieve_result *r)
{
	*r = (struct sieve_result){ .status = SIEVE_DONE };
	arena_init(&r->arena);
	r->tail = &r->first;
}

void
sieve_result_fini(struct sieve_result *r)
{
	arena_fini(&r->arena);
	*r = (struct sieve_result){ 0 };
}

const char *
sieve_result_name(enum sieve_action_kind kind)
{
	static const char *const names[] = {
		[SIEVE_KEEP] = "keep",
		[SIEVE_FILEINTO] = "fileinto",
		[SIEVE_REDIRECT] = "redirect",
		[SIEVE_DISCARD] = "discard",
		[SIEVE_REJECT] = "reject",
		[SIEVE_EREJECT] = "ereject",
		[SIEVE_VACATION] = "vacation",
		[SIEVE_NOTIFY] = "notify",
	};

	return names[kind];
}
