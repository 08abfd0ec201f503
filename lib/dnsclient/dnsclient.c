/* SPDX-License-Identifier: ISC */
#include "dnsclient/dnsclient.h"

#include <string.h>

#include "base/buf.h"
#include "base/cur.h"
#include "base/mem.h"
#include "ipc/msg.h"
#include "ipc/role.h"

/* lookup answers in time what it knows by then. */
enum { GRACE_MS = 1000 };

void
dnsclient_init(struct dnsclient *d, struct dns_answers *answers,
    int64_t time_ms, void (*on_all)(struct dnsclient *))
{
	*d = (struct dnsclient){
		.answers = answers,
		.on_all = on_all,
		.until_ms = ev_now_ms() + time_ms,
	};
}

void
dnsclient_fini(struct dnsclient *d)
{
	ipc_cancel(&d->call);
}

/* What is asked and wanted is TEMPFAIL. */
static void
give_up(struct dnsclient *d)
{
	d->n = 0;
	dns_answers_give_up(d->answers);
}

/* Put in what came; as much as is answered is asked no more. */
static void
take(struct dnsclient *d, struct slice text)
{
	struct cur c = cur_of(text);
	struct dns_answer answer;
	struct arena arena;
	size_t i = 0;

	arena_init(&arena);
	while (i < d->n &&
	       dns_pass_get_answer(&c, d->asked[i].type, &arena, &answer)) {
		dns_answers_put(d->answers, slice_str(d->asked[i].name),
		    d->asked[i].type, &answer);
		i++;
	}
	arena_fini(&arena);
	if (i == 0 || !cur_end(&c)) {
		give_up(d);
		return;
	}
	d->n -= i;
	memmove(d->asked, &d->asked[i], d->n * sizeof d->asked[0]);
}

static void
on_found(struct ipc_call *call, struct msg *m)
{
	struct dnsclient *d = OUTER(call, struct dnsclient, call);

	if (m == NULL)
		give_up(d);
	else
		take(d, m->lookup_dns_found.answers);
	if (!dnsclient_ask(d))
		d->on_all(d);
}

bool
dnsclient_ask(struct dnsclient *d)
{
	const int64_t left_ms = d->until_ms - ev_now_ms();
	struct buf out = { .max = DNS_PASS_MAX * (DNS_NAME_MAX + 2) };

	if (ipc_calling(&d->call))
		return true;
	while (d->n < DNS_PASS_MAX &&
	       dns_answers_wanted(
		   d->answers, &d->asked[d->n].name, &d->asked[d->n].type))
		d->n++;
	if (d->n == 0)
		return false;
	for (size_t i = 0; i < d->n; i++)
		dns_pass_put_question(&out, d->asked[i].name, d->asked[i].type);
	IPC_CALL(ipc_link(ROLE_LOOKUP, 0, 0), &d->call, lookup_dns_found,
	    on_found, left_ms > 1 ? left_ms + GRACE_MS : GRACE_MS, lookup_dns,
	    .time_ms = (uint32_t)(left_ms > 1 ? left_ms : 1),
	    .questions = buf_slice(&out));
	buf_fini(&out);
	return true;
}
