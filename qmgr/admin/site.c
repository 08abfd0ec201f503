/* SPDX-License-Identifier: ISC */
/*
 * What is known of destinations, for `pabal queue why`.  A line for each, words
 * as in a list:
 *   role= uid= site= source=         whose deliveries they are
 *   active= window= limit=           under way; as many as may be, now and ever
 *   waiting=                         for their turn in memory
 *   fails= dsn= why=                 troubles in a row, and the last one's
 * words down=MS probe=1                  not tried for so long; to be tried
 * once limits=                          KEY VALUE of the table limits; and what
 *                                    came of it: shared= (deliveries of all
 *                                    its sites), sent= rate= rate_ms= pause=MS
 *                                    full=1
 * Its parts only stand where they say something.
 */
#include <inttypes.h>

#include "base/buf.h"
#include "base/cur.h"
#include "ipc/ipc.h"
#include "qmgr/admin/admin.h"
#include "qmgr/run/dest_state.h"
#include "queue/envelope_text.h"
#include "queue/sitename.h"
#include "table/limit.h"

enum {
	LOOKS_A_CALL = 1000, /* destinations */
	TEXT_BYTES = 40000,  /* more that match are not told */
};

struct site_asked {
	struct slice name;
	struct buf text;
};

static void
add_text(struct buf *b, const char *key, struct slice v)
{
	if (v.n == 0)
		return;
	buf_addf(b, " %s=", key);
	envelope_escape(b, v);
}

static void
add_number(struct buf *b, const char *key, int64_t v)
{
	if (v != 0)
		buf_addf(b, " %s=%" PRId64, key, v);
}

static void
describe_limits(struct buf *b, const struct shape_state *s)
{
	if (s->limit == NULL)
		return;
	add_text(b, "limits", s->text);
	if (s->limit->shared)
		buf_addf(b, " shared=%u", s->active);
	if (s->limit->rate > 0)
		buf_addf(b, " sent=%u rate=%u rate_ms=%" PRId64, s->sent,
		    s->limit->rate, s->limit->rate_ms);
	add_number(b, "pause", s->wait_ms);
	add_number(b, "full", s->full);
}

static void
describe(struct site_asked *q, const struct dest_state *st)
{
	struct buf *b = &q->text;

	if (b->n > TEXT_BYTES)
		return;
	buf_addf(b, "role=%s uid=%u", role_name(st->role), st->uid);
	add_text(b, "site", st->site);
	add_text(b, "source", st->source);
	buf_addf(b, " active=%u window=%u limit=%u waiting=%zu", st->active,
	    st->window, st->limit, st->waiting);
	if (st->fails > 0) {
		add_number(b, "fails", st->fails);
		add_text(b, "dsn", slice_str(st->dsn));
		add_text(b, "why", slice_str(st->why));
	}
	add_number(b, "down", st->down_ms);
	add_number(b, "probe", st->probe);
	describe_limits(b, &st->shape);
	buf_addc(b, '\n');
}

static void
on_dest(void *arg, const struct dest_state *st)
{
	struct site_asked *q = arg;

	if (st->role == ROLE_SMTP && sitename_means(st->site, q->name))
		describe(q, st);
}

/* One of local or pipe, which has one name; false: it is a site. */
static bool
find_exact(struct site_asked *q)
{
	struct dest_state st;
	struct slice rest;
	const struct slice role = slice_cut(q->name, ':', &rest);
	struct cur c = cur_of(rest);
	enum role agent;

	if (slice_is(role, "local"))
		agent = ROLE_LOCAL;
	else if (slice_is(role, "pipe"))
		agent = ROLE_PIPE;
	else
		return false;
	if (dest_find(agent, (uid_t)cur_u64(&c, UINT32_MAX), SLICE(""), &st) &&
	    cur_end(&c))
		describe(q, &st);
	return true;
}

void
admin_on_site(struct ipc *peer, struct msg *m)
{
	const struct msg_queue_site *s = &m->queue_site;
	struct site_asked q = { .name = s->name,
		.text = { .max = MSG_MAX_BYTES - 256 } };
	struct cur c = cur_of(s->cursor);
	struct buf cursor = { .max = 32 };
	size_t at = 0;
	bool more = false, ok = true;

	if (s->cursor.n > 0) {
		at = (size_t)cur_u64(&c, SIZE_MAX);
		ok = cur_end(&c);
	}
	if (ok && (s->cursor.n > 0 || !find_exact(&q)))
		more = dest_visit(&at, LOOKS_A_CALL, on_dest, &q);
	if (more)
		buf_addf(&cursor, "%zu", at);
	IPC_SEND(peer, queue_sited, .id = s->id, .ok = ok, .more = more,
	    .cursor = buf_slice(&cursor), .text = buf_slice(&q.text));
	buf_fini(&cursor);
	buf_fini(&q.text);
}
