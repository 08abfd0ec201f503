/* SPDX-License-Identifier: ISC */
/* Which parts of a delivery were done, for a retry (carry.c). */
#include <stdio.h>

#include "local/script/inner.h"
#include "log/log.h"
#include "script/seen.h"

enum { REMEMBER_S = 10 * 24 * 3600 /* longer than qmgr tries */ };

/* The part WHAT of this recipient's delivery. */
static struct seen_key
part_key(const struct script_run *r, const char *what, char id[64])
{
	snprintf(id, 64, "%.*s.%u",
	    (int)(r->job->qid.n > 40 ? 40 : r->job->qid.n), r->job->qid.p,
	    r->rcpt.number);
	return (struct seen_key){ "done", slice_str(id), slice_str(what) };
}

bool
parts_was_done(const struct script_run *r, const char *what)
{
	char id[64];
	const struct seen_key key = part_key(r, what, id);

	return seen_find(r->script.account, &key, r->now_s) == FOUND;
}

void
parts_remember(const struct script_run *r, const char *what)
{
	char id[64];
	const struct seen_key key = part_key(r, what, id);
	struct err err;

	if (seen_put(r->script.account, &key, r->now_s, REMEMBER_S, &err) == -1)
		log_warn("local.sieve-forgets", kv_slice("qid", r->job->qid),
		    kv_slice("account", r->rcpt.account),
		    kv_s("why", err.text));
}
