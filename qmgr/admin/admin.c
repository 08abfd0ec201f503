/* SPDX-License-Identifier: ISC */
#include "qmgr/admin/admin.h"

#include <fcntl.h>

#include "qmgr/admin/select.h"
#include "qmgr/queue/entry.h"
#include "qmgr/queue/waiting.h"
#include "queue/envelope_text.h"
#include "sys/fd.h"

enum { TEXT_BYTES = 40000 }; /* then the page is full */

/* ---- list ---- */

static void
add_value(struct buf *b, const char *key, struct slice v)
{
	buf_addf(b, " %s=", key);
	envelope_escape(b, v);
}

/* What became of R, and its target: commands and other hosts' words, which are
 * other people's where a user asks. */
static void
describe_fate(struct buf *b, const struct qrecord_rcpt *r)
{
	if (r->target.n > 0)
		add_value(b, "target", r->target);
	if (r->dsn.n > 0)
		add_value(b, "dsn", r->dsn);
	if (r->host.n > 0)
		add_value(b, "host", r->host);
	if (r->text.n > 0)
		add_value(b, "text", r->text);
	if (r->site.n > 0)
		add_value(b, "site", r->site);
}

/* A line for the message, one more for each open recipient. */
static void
describe(struct buf *b, const struct qrecord *r, bool for_admin)
{
	static const char *const words[] = { "waiting", "active", "held" };

	buf_addf(b, "qid=%s state=%s arrived=%lld size=%lld attempts=%u", r->id,
	    words[r->state], (long long)r->arrived_us / 1000000,
	    (long long)r->size, r->attempts);
	if (r->state == ENTRY_WAITING)
		buf_addf(b, " next=%lld",
		    (long long)waiting_wall_ms(r->next_ms) / 1000);
	add_value(b, "sender", r->sender);
	if (for_admin && r->state == ENTRY_HELD && r->held.n > 0)
		add_value(b, "held", r->held);
	if (for_admin && r->login.n > 0)
		add_value(b, "login", r->login);
	buf_addc(b, '\n');
	for (size_t i = 0; i < r->nrcpts && b->n < TEXT_BYTES + 8000; i++) {
		buf_adds(b, " rcpt");
		add_value(b, "address", r->rcpts[i].address);
		if (for_admin)
			describe_fate(b, &r->rcpts[i]);
		buf_addc(b, '\n');
	}
}

void
admin_on_list(struct ipc *peer, struct msg *m)
{
	const struct msg_queue_list *q = &m->queue_list;
	struct buf text = { .max = MSG_MAX_BYTES - 256 };
	struct err err = { 0 };
	struct qrecord r;
	struct selection w;

	if (select_start(&w, peer, q->filter, q->cursor, &err) == -1) {
		IPC_SEND(peer, queue_listed, .id = q->id, .ok = false,
		    .text = slice_str(err.text));
		return;
	}
	while (!w.more && select_next(&w, true, &r)) {
		describe(&text, &r, w.admin);
		w.more = text.n > TEXT_BYTES;
	}
	select_end(&w);
	IPC_SEND(peer, queue_listed, .id = q->id, .ok = true, .more = w.more,
	    .cursor = slice_str(w.cursor), .text = buf_slice(&text));
	buf_fini(&text);
}

/* ---- count ---- */

void
admin_on_count(struct ipc *peer, struct msg *m)
{
	const struct msg_queue_count *q = &m->queue_count;
	struct err err = { 0 };
	struct qrecord r;
	struct selection w;
	uint64_t n = 0;

	if (select_start(&w, peer, q->filter, q->cursor, &err) == -1) {
		IPC_SEND(peer, queue_counted, .id = q->id, .ok = false,
		    .why = slice_str(err.text));
		return;
	}
	if (w.filter.n == 0)
		n = entry_count();
	else
		while (select_next(&w, false, &r))
			n++;
	select_end(&w);
	IPC_SEND(peer, queue_counted, .id = q->id, .ok = true, .more = w.more,
	    .cursor = slice_str(w.cursor), .messages = n);
}

/* ---- show ---- */

void
admin_on_show(struct ipc *peer, struct msg *m)
{
	struct entry *e = waiting_recall(m->queue_show.qid);
	struct err err = { 0 };
	int fd = -1;

	if (e == NULL)
		err_set(&err, ERR_PERM, "no such message in the queue");
	else {
		e->own = false;
		fd = spool_open(
		    e->id, (enum spool_place)e->place, O_RDONLY, &err);
		waiting_settle(e);
	}
	IPC_SEND(peer, queue_shown, .id = m->id, .ok = fd != -1,
	    .why = slice_str(err.text), .file = fd);
	fd_close(&fd);
}
