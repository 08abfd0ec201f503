/* SPDX-License-Identifier: ISC */
/* STATUS (RFC 9051 6.3.11; DELETED and DELETED-STORAGE: RFC 9208 4.1.4): a job,
 * because the directories may have to be looked at first. */
#include <stdlib.h>

#include "base/buf.h"
#include "base/mem.h"
#include "ev/work.h"
#include "imapd/cmd/commands.h"
#include "imapd/cmd/statusitems.h"
#include "imapd/conf.h"
#include "imapd/conn/enabled.h"
#include "imapd/parse/boxname.h"
#include "imapd/parse/parse.h"
#include "imapd/selected/modseq.h"
#include "maildir/filename.h"
#include "maildir/rights.h"
#include "store/mailbox.h"
#include "store/message.h"
#include "store/visit.h"

enum item {
	ITEM_MESSAGES,
	ITEM_RECENT,
	ITEM_UIDNEXT,
	ITEM_UIDVALIDITY,
	ITEM_UNSEEN,
	ITEM_DELETED,
	ITEM_DELETED_STORAGE,
	ITEM_SIZE,
	ITEM_APPENDLIMIT,
	ITEM_MAILBOXID,
	ITEM_HIGHESTMODSEQ,
	ITEM_COUNT,
};

static const char *const names[ITEM_COUNT] = {
	[ITEM_MESSAGES] = "MESSAGES",
	[ITEM_RECENT] = "RECENT",
	[ITEM_UIDNEXT] = "UIDNEXT",
	[ITEM_UIDVALIDITY] = "UIDVALIDITY",
	[ITEM_UNSEEN] = "UNSEEN",
	[ITEM_DELETED] = "DELETED",
	[ITEM_DELETED_STORAGE] = "DELETED-STORAGE",
	[ITEM_SIZE] = "SIZE",
	[ITEM_APPENDLIMIT] = "APPENDLIMIT",
	[ITEM_MAILBOXID] = "MAILBOXID",
	[ITEM_HIGHESTMODSEQ] = "HIGHESTMODSEQ",
};

static unsigned
read_item(struct parse *p)
{
	for (unsigned i = 0; i < ITEM_COUNT; i++)
		if (parse_try_word(p, names[i]))
			return 1u << i;
	parse_fail(p, "expected a status item");
	return 0;
}

unsigned
status_items_parse(struct parse *p)
{
	unsigned items = 0;

	parse_open(p);
	do
		items |= read_item(p);
	while (parse_ok(p) && parse_next(p));
	return items;
}

static bool
has(unsigned items, enum item item)
{
	return (items >> item & 1) != 0;
}

static uint64_t
value_of(const struct mailbox_status *st, const struct status_sum *sum,
    enum item item)
{
	switch (item) {
	case ITEM_MESSAGES:
		return st->messages;
	case ITEM_RECENT:
		return st->recent;
	case ITEM_UIDNEXT:
		return st->uidnext;
	case ITEM_UIDVALIDITY:
		return st->uidvalidity;
	case ITEM_UNSEEN:
		return st->unseen;
	case ITEM_DELETED:
		return st->deleted;
	case ITEM_DELETED_STORAGE:
		return sum->bytes;
	case ITEM_SIZE:
		return st->bytes;
	case ITEM_APPENDLIMIT:
		return (uint64_t)imapd_conf->shared.message_size_limit;
	case ITEM_MAILBOXID: /* no number */
	case ITEM_HIGHESTMODSEQ:
		return st->highestmodseq;
	case ITEM_COUNT:
		break;
	}
	return 0;
}

void
status_items_enable(struct session *s, unsigned items)
{
	if (has(items, ITEM_HIGHESTMODSEQ))
		imapd_enable(s, ENABLED_CONDSTORE);
}

/* ---- DELETED-STORAGE ---- */

enum { SUM_STEP = 4096 }; /* messages in one snapshot */

struct summing {
	struct status_sum *sum;
	unsigned left;
};

static bool
add_deleted(void *arg, struct visit *v)
{
	struct summing *a = arg;

	a->sum->from = v->info.uid + 1;
	if ((v->info.flags & MSG_DELETED) != 0)
		a->sum->bytes += (uint64_t)v->info.vsize;
	return --a->left > 0;
}

/* Octets of RFC822.SIZE, which is what SIZE and the quota count.  1: there are
 * more messages. */
static int
sum_deleted(struct mailbox *m, struct status_sum *sum, struct err *err)
{
	struct summing a = { .sum = sum, .left = SUM_STEP };

	if (visit_messages(m, sum->from, VISIT_SIZES, add_deleted, &a, err) ==
	    -1)
		return -1;
	return a.left == 0;
}

int
status_items_put(struct session *s, struct mailbox *m, unsigned items,
    struct status_sum *sum, struct err *err)
{
	struct buf *out = imapd_out(s);
	struct mailbox_status st;
	char before = '(';
	bool more;

	if (mailbox_sync_some(m, false, &more, err) == -1)
		return -1;
	if (more)
		return 1;
	if (mailbox_status(m, &st, err) == -1)
		return -1;
	if (has(items, ITEM_DELETED_STORAGE) && st.deleted > 0) {
		const int rc = sum_deleted(m, sum, err);

		if (rc != 0)
			return rc;
	}
	buf_adds(out, "* STATUS ");
	boxname_put(s, mailbox_name(m));
	buf_addc(out, ' ');
	for (enum item i = 0; i < ITEM_COUNT; i++) {
		if (!has(items, i))
			continue;
		buf_addf(out, "%c%s ", before, names[i]);
		if (i == ITEM_MAILBOXID)
			buf_addf(out, "(%s)", st.id);
		else
			buf_addu(out, value_of(&st, sum, i));
		before = ' ';
	}
	buf_adds(out, ")\r\n");
	return 0;
}

struct status {
	struct imapd_job job;
	struct mailbox *mailbox;
	unsigned items;
	struct status_sum sum;
};

static void
on_more(struct session *s, struct imapd_job *job)
{
	struct status *j = OUTER(job, struct status, job);
	struct err err = { 0 };
	int rc = 1;

	while (rc == 1 && !work_spent())
		rc = status_items_put(s, j->mailbox, j->items, &j->sum, &err);
	if (rc == 1)
		imapd_more(s);
	else if (rc == -1)
		imapd_no(s, "status", &err);
	else
		imapd_ok(s, "STATUS completed");
}

static void
on_free(struct session *s, struct imapd_job *job)
{
	struct status *j = OUTER(job, struct status, job);

	(void)s;
	mailbox_close(&j->mailbox);
	xfree(&j);
}

static const struct job_ops ops = { .more = on_more, .free = on_free };

void
imapd_cmd_status(struct session *s, struct parse *p)
{
	struct status *j;
	struct mailbox *m;
	struct slice name;
	unsigned items;

	parse_space(p);
	name = boxname_parse(p);
	parse_space(p);
	items = status_items_parse(p);
	if (!parse_end(p)) {
		imapd_bad(s, p);
		return;
	}
	m = boxname_open(s, name, RIGHT_READ, false);
	if (m == NULL)
		return;
	j = xcalloc(1, sizeof *j);
	j->job.ops = &ops;
	j->mailbox = m;
	j->items = items;
	imapd_start(s, &j->job);
	status_items_enable(s, items);
	on_more(s, &j->job);
}
