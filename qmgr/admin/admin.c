/* SPDX-License-Identifier: ISC */
/*
 * Each call walks a bounded number of entries from a cursor on, so that a
 * question about a million messages never holds up a delivery.  A cursor is
 * the id of the last entry seen.
 */
#include "qmgr/admin/admin.h"

#include <fcntl.h>

#include <bsd/string.h>

#include "base/mem.h"
#include "log/log.h"
#include "qmgr/admin/filter.h"
#include "qmgr/queue/note.h"
#include "qmgr/queue/tail.h"
#include "qmgr/run/dest.h"
#include "qmgr/run/round.h"
#include "queue/envelope_text.h"
#include "sys/clock.h"
#include "sys/fd.h"

enum {
	LOOKS_A_CALL = 5000, /* entries */
	LOADS_A_CALL = 200,  /* of them with their file read */
	TEXT_BYTES = 40000,  /* then the page is full */
};

struct admin_walk {
	struct filter filter;
	bool admin; /* for an administrator; not for any user (mailq) */
	struct entry *at;
	unsigned looks, loads;
	bool more;
	char cursor[ENVELOPE_ID_BYTES];
};

static int
walk_start(struct admin_walk *w, const struct ipc *peer, struct slice filter,
    struct slice cursor, struct err *err)
{
	*w = (struct admin_walk){ .admin = ipc_role(peer) == ROLE_CTL };
	if (filter_parse(&w->filter, filter, err) == -1)
		return -1;
	if (w->filter.admin && !w->admin)
		return err_set(err, ERR_PERM, "for administrators only");
	w->at = cursor.n > 0 ? entry_after(cursor) : entry_next(NULL);
	return 0;
}

/* The next entry that matches; its message, if the filter or WANT needs it, in
 * *M (message_done gives it back).  NULL: the page or the queue is at its
 * end. */
static struct entry *
walk_next(struct admin_walk *w, bool want, struct message **m)
{
	while (w->at != NULL) {
		struct entry *e = w->at;

		if (w->looks++ >= LOOKS_A_CALL || w->loads >= LOADS_A_CALL) {
			w->more = true;
			return NULL;
		}
		w->at = entry_next(e);
		strlcpy(w->cursor, e->id, sizeof w->cursor);
		*m = NULL;
		if (want || w->filter.needs_message) {
			const uint32_t attempts = e->attempts;

			w->loads++;
			*m = e->message != NULL ? e->message
						: message_load(e, NULL);
			e->attempts = attempts;
			if (*m == NULL)
				continue;
		}
		if (filter_match(&w->filter, e, *m))
			return e;
		if (*m != NULL && *m != e->message)
			message_free(m);
	}
	return NULL;
}

static void
message_done(const struct entry *e, struct message **m)
{
	if (*m != NULL && *m != e->message)
		message_free(m);
}

/* ---- list ---- */

static void
add_value(struct buf *b, const char *key, struct slice v)
{
	buf_addf(b, " %s=", key);
	envelope_escape(b, v);
}

static const char *
state_word(const struct entry *e)
{
	static const char *const words[] = { "waiting", "active", "held" };

	return words[e->state];
}

/* What became of R, and its target: commands and other hosts' words, which are
 * other people's where a user asks. */
static void
describe_fate(struct buf *b, const struct rcpt *r)
{
	if (r->env.target.n > 0)
		add_value(b, "target", r->env.target);
	if (r->dsn.n > 0)
		add_value(b, "dsn", r->dsn);
	if (r->host.n > 0)
		add_value(b, "host", r->host);
	if (r->text.n > 0)
		add_value(b, "text", r->text);
}

/* A line for the message, one more for each open recipient. */
static void
describe(struct buf *b, const struct entry *e, const struct message *m,
    bool for_admin)
{
	buf_addf(b, "qid=%s state=%s arrived=%lld size=%lld attempts=%u", e->id,
	    state_word(e), (long long)e->arrived_us / 1000000,
	    (long long)m->env.size, e->attempts);
	if (e->state == ENTRY_WAITING)
		buf_addf(b, " next=%lld",
		    (long long)(clock_wall_us() / 1000 + entry_wait_ms(e)) /
			1000);
	add_value(b, "sender", m->env.sender);
	buf_addc(b, '\n');
	for (size_t i = 0; i < m->nrcpts && b->n < TEXT_BYTES + 8000; i++) {
		const struct rcpt *r = m->rcpts[i];

		if (rcpt_is_final(r))
			continue;
		buf_adds(b, " rcpt");
		add_value(b, "address", r->env.address);
		if (for_admin)
			describe_fate(b, r);
		buf_addc(b, '\n');
	}
}

void
admin_on_list(struct ipc *peer, struct msg *m)
{
	const struct msg_queue_list *q = &m->queue_list;
	struct buf text = { .max = MSG_MAX_BYTES - 256 };
	struct err err = { 0 };
	struct message *msg;
	struct entry *e;
	struct admin_walk w;

	if (walk_start(&w, peer, q->filter, q->cursor, &err) == -1) {
		IPC_SEND(peer, queue_listed, .id = q->id, .ok = false,
		    .text = slice_str(err.text));
		return;
	}
	while ((e = walk_next(&w, true, &msg)) != NULL) {
		describe(&text, e, msg, w.admin);
		message_done(e, &msg);
		if (text.n > TEXT_BYTES) {
			w.more = w.at != NULL;
			break;
		}
	}
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
	struct message *msg;
	struct entry *e;
	struct admin_walk w;
	uint64_t n = 0;

	if (walk_start(&w, peer, q->filter, q->cursor, &err) == -1) {
		IPC_SEND(peer, queue_counted, .id = q->id, .ok = false,
		    .why = slice_str(err.text));
		return;
	}
	if (w.filter.n == 0)
		n = entry_count();
	else
		while ((e = walk_next(&w, false, &msg)) != NULL) {
			message_done(e, &msg);
			n++;
		}
	IPC_SEND(peer, queue_counted, .id = q->id, .ok = true, .more = w.more,
	    .cursor = slice_str(w.cursor), .messages = n);
}

/* ---- act ---- */

static bool
note_in_file(struct entry *e, const char *word)
{
	struct buf line = { .max = 100 };
	struct err err = { 0 };
	int rc;

	note_word(&line, word, clock_wall_us() / 1000);
	rc = tail_append(e, &line, &err);
	buf_fini(&line);
	if (rc == -1)
		log_err(
		    "spool.failed", kv_s("qid", e->id), kv_s("why", err.text));
	return rc == 0;
}

/* What became of an entry that a verb was meant for. */
enum acted { NOT_DONE, DONE, WHEN_ENDED /* when its attempt has ended */ };

static enum acted
do_hold(struct entry *e)
{
	if (e->state == ENTRY_HELD)
		return NOT_DONE;
	if (e->state == ENTRY_ACTIVE) {
		e->hold_wanted = true;
		return WHEN_ENDED;
	}
	if (!note_in_file(e, "held"))
		return NOT_DONE;
	entry_hold(e);
	return DONE;
}

static enum acted
do_release(struct entry *e)
{
	e->hold_wanted = false;
	if (e->state != ENTRY_HELD || !note_in_file(e, "released"))
		return NOT_DONE;
	entry_wait(e, 0);
	return DONE;
}

static enum acted
do_retry(struct entry *e)
{
	if (e->state != ENTRY_WAITING)
		return NOT_DONE;
	entry_wait(e, 0);
	return DONE;
}

static enum acted
do_delete(struct entry *e)
{
	return round_delete(e) ? DONE : WHEN_ENDED;
}

static const struct {
	const char *verb;
	enum acted (*act)(struct entry *e);
} verbs[] = {
	{ "hold", do_hold },
	{ "release", do_release },
	{ "retry", do_retry },
	{ "flush", do_retry },
	{ "delete", do_delete },
};

static enum acted (*find_verb(struct slice verb))(struct entry *)
{
	for (size_t i = 0; i < ARRAY_LEN(verbs); i++)
		if (slice_is(verb, verbs[i].verb))
			return verbs[i].act;
	return NULL;
}

void
admin_on_act(struct ipc *peer, struct msg *m)
{
	const struct msg_queue_act *q = &m->queue_act;
	enum acted (*act)(struct entry *) = find_verb(q->verb);
	struct err err = { 0 };
	struct message *msg;
	struct entry *e;
	struct admin_walk w;
	uint64_t n[WHEN_ENDED + 1] = { 0 };

	if (act == NULL)
		err_set(&err, ERR_PERM, "no such verb");
	if (act == NULL ||
	    walk_start(&w, peer, q->filter, q->cursor, &err) == -1) {
		IPC_SEND(peer, queue_acted, .id = q->id, .ok = false,
		    .why = slice_str(err.text));
		return;
	}
	while ((e = walk_next(&w, false, &msg)) != NULL) {
		message_done(e, &msg);
		n[act(e)]++;
	}
	if (act == do_retry)
		dest_flush();
	round_pump();
	IPC_SEND(peer, queue_acted, .id = q->id, .ok = true, .more = w.more,
	    .cursor = slice_str(w.cursor), .messages = n[DONE],
	    .active = n[WHEN_ENDED]);
}

/* ---- show ---- */

void
admin_on_show(struct ipc *peer, struct msg *m)
{
	struct entry *e = entry_find(m->queue_show.qid);
	struct err err = { 0 };
	int fd = -1;

	if (e == NULL)
		err_set(&err, ERR_PERM, "no such message in the queue");
	else {
		e->own = false;
		fd = spool_open(
		    e->id, (enum spool_place)e->place, O_RDONLY, &err);
	}
	IPC_SEND(peer, queue_shown, .id = m->id, .ok = fd != -1,
	    .why = slice_str(err.text), .file = fd);
	fd_close(&fd);
}
