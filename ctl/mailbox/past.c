/* SPDX-License-Identifier: ISC */
#include "ctl/mailbox/past.h"

#include <bsd/string.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/mem.h"
#include "ctl/cmd/ctl.h"
#include "ctl/mailbox/asowner.h"
#include "ctl/mailbox/folders.h"
#include "store/gone.h"
#include "store/keptlist.h"
#include "store/mailbox.h"
#include "store/message.h"

enum { SOME = 256 };

static void
on_gone(void *arg, uint32_t uid)
{
	struct past *p = arg;

	if (p->ngone == p->cap) {
		p->cap = p->cap > 0 ? p->cap * 2 : 64;
		p->gone = xreallocarray(p->gone, p->cap, sizeof *p->gone);
	}
	p->gone[p->ngone++] = uid;
}

static int
by_id(const void *pa, const void *pb)
{
	const uint64_t *a = pa, *b = pb;

	return *a < *b ? -1 : *a > *b;
}

bool
past_has(const struct past *p, uint64_t email_id)
{
	return p->nids > 0 && bsearch(&email_id, p->ids, p->nids,
				  sizeof *p->ids, by_id) != NULL;
}

/* UIDs grow with the time: below one that was there at the time, every other
 * one was there before it, too. */
static int
look_at_messages(
    struct past *p, struct mailbox *m, int64_t at_s, struct err *err)
{
	struct message_info info[SOME];
	uint32_t from = 1;
	size_t n;

	do {
		if (message_read(m, from, info, SOME, &n, err) == -1)
			return -1;
		p->ids = xreallocarray(p->ids, p->nids + SOME, sizeof *p->ids);
		for (size_t i = 0; i < n; i++) {
			p->ids[p->nids++] = info[i].email_id;
			if (info[i].saved_s > at_s)
				p->later++;
			else if (info[i].uid > p->last)
				p->last = info[i].uid;
			from = info[i].uid + 1;
		}
	} while (n == SOME);
	qsort(p->ids, p->nids, sizeof *p->ids, by_id);
	return 0;
}

static int
look(struct past *p, struct asowner *o, struct slice name, int64_t at_s,
    struct err *err)
{
	struct mailbox_status st;
	struct mailbox *m;
	int rc = -1;

	switch (folders_status_if(o->account, name, &st, err)) {
	case ABSENT:
		return 0;
	case TEMPFAIL:
		return -1;
	case FOUND:
		break;
	}
	p->exists = true;
	strlcpy(p->id, st.id, sizeof p->id);
	if (mailbox_open(o->account, name, &m, err) != FOUND)
		return -1;
	if (look_at_messages(p, m, at_s, err) == 0)
		rc = mailbox_gone(m, at_s, &p->complete, on_gone, p, err);
	mailbox_close(&m);
	return rc;
}

int
past_look(struct past *p, struct asowner *o, struct slice name,
    const struct kept_mailbox *whole, int64_t at_s)
{
	struct err err = { 0 };

	*p = (struct past){ .last = 0 };
	if (whole != NULL)
		strlcpy(p->id, whole->id, sizeof p->id);
	if (look(p, o, name, at_s, &err) == -1)
		return asowner_fail(o, &err);
	/* The log speaks of what the folder was before it was deleted. */
	p->complete = p->complete && whole == NULL;
	return CTL_OK;
}

void
past_fini(struct past *p)
{
	xfree(&p->gone);
	xfree(&p->ids);
}

void
past_known(struct past *p, uint32_t uid)
{
	for (size_t i = 0; i < p->ngone; i++)
		if (p->gone[i] == uid) {
			p->gone[i] = p->gone[--p->ngone];
			return;
		}
}

void
past_found(struct past *p, uint32_t uid)
{
	if (uid > p->last)
		p->last = uid;
	past_known(p, uid);
}

void
past_count(struct past *p)
{
	p->missing = 0;
	for (size_t i = 0; i < p->ngone; i++)
		p->missing += p->gone[i] <= p->last;
}
