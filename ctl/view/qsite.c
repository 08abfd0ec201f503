/* SPDX-License-Identifier: ISC */
#include "ctl/view/qsite.h"

#include <stdio.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/mem.h"
#include "ctl/inst/dial.h"
#include "ctl/view/fields.h"
#include "ipc/frame.h"
#include "ipc/lookup.h"
#include "ipc/msg.h"
#include "ipc/role.h"
#include "queue/envelope_text.h"

enum { ANSWER_MS = 60000 };

static int
ask(struct dial *d, struct msg *m, enum msg_type type, struct err *err)
{
	if (dial_send(d, m, err) == -1 || dial_recv(d, m, ANSWER_MS, err) == -1)
		return -1;
	if (m->type == type)
		return 0;
	return err_set(err, ERR_TEMP, "the answer is %s", msg_name(m->type));
}

/* Upwards: what has begun is not over. */
static int64_t
seconds(struct slice line, const char *key)
{
	return (fields_num_or(line, key, 0) + 999) / 1000;
}

static struct slice
with_number(struct arena *a, const char *name, int64_t n)
{
	char text[64];

	snprintf(text, sizeof text, "%s:%lld", name, (long long)n);
	return arena_slice(a, slice_str(text));
}

static void
take_line(struct slice line, struct arena *a, struct qsite *s)
{
	*s = (struct qsite){
		.name = fields_text(a, line, "site"),
		.role = fields_text(a, line, "role"),
		.source = fields_text(a, line, "source"),
		.active = fields_num_or(line, "active", 0),
		.window = fields_num_or(line, "window", 0),
		.limit = fields_num_or(line, "limit", 0),
		.waiting = fields_num_or(line, "waiting", 0),
		.fails = fields_num_or(line, "fails", 0),
		.dsn = fields_text(a, line, "dsn"),
		.why = fields_text(a, line, "why"),
		.down_s = seconds(line, "down"),
		.probe = fields_num_or(line, "probe", 0) > 0,
		.limits = fields_text(a, line, "limits"),
		.shared = fields_num_or(line, "shared", -1),
		.sent = fields_num_or(line, "sent", 0),
		.rate = fields_num_or(line, "rate", 0),
		.rate_s = seconds(line, "rate_ms"),
		.pause_s = seconds(line, "pause"),
		.full = fields_num_or(line, "full", 0) > 0,
	};
	if (s->name.n == 0)
		s->name = with_number(
		    a, arena_str(a, s->role), fields_num_or(line, "uid", 0));
}

int
qsite_each(const struct instance *in, struct slice name, struct arena *a,
    void (*visit)(void *arg, const struct qsite *s), void *arg, struct err *err)
{
	struct buf cursor = { .max = 64 };
	struct dial d;
	bool more = true;
	int rc = dial_open(&d, in, ROLE_QMGR, err);

	if (rc == -1)
		return -1;
	while (rc == 0 && more) {
		struct msg m = { .type = MSG_queue_site,
			.queue_site = {
			    .name = name, .cursor = buf_slice(&cursor) } };
		const struct msg_queue_sited *r = &m.queue_sited;
		struct slice text;

		rc = ask(&d, &m, MSG_queue_sited, err);
		if (rc == 0 && !r->ok)
			rc = err_set(err, ERR_TEMP, "qmgr did not answer");
		if (rc == -1)
			break;
		more = r->more;
		buf_reset(&cursor);
		buf_add(&cursor, r->cursor);
		text = r->text;
		while (text.n > 0) {
			struct qsite s;

			take_line(slice_cut(text, '\n', &text), a, &s);
			visit(arg, &s);
		}
	}
	buf_fini(&cursor);
	dial_close(&d);
	return rc;
}

/* ---- lookup ---- */

static struct slice
with_transport(
    struct arena *a, const struct msg_lookup_found *f, struct slice name)
{
	struct buf text = { .max = 4096 };
	struct slice s;

	buf_add(&text, f->transport);
	buf_addc(&text, ':');
	buf_add(&text, name);
	s = arena_slice(a, buf_slice(&text));
	buf_fini(&text);
	return s;
}

static void
take_route(const struct msg_lookup_found *f, struct arena *a, struct qroute *r)
{
	static const char *const kinds[LOOKUP_KINDS] = {
		[LOOKUP_MAILBOX] = "mailbox",
		[LOOKUP_ALIAS] = "alias",
		[LOOKUP_RELAY] = "relay",
		[LOOKUP_DISCARD] = "discard",
		[LOOKUP_HOLD] = "hold",
		[LOOKUP_REFUSE] = "refuse",
		[LOOKUP_TEMPFAIL] = "tempfail",
	};

	*r = (struct qroute){
		.kind =
		    slice_str(f->kind < LOOKUP_KINDS ? kinds[f->kind] : "-"),
		.limits = arena_slice(a, f->limits),
		.text = arena_slice(a, f->text),
	};
	if (f->kind == LOOKUP_MAILBOX)
		r->site = with_number(a, "local", f->uid);
	if (f->kind != LOOKUP_RELAY)
		return;
	r->nexthop = with_transport(a, f, f->nexthop);
	r->site = f->site.n > 0 ? with_transport(a, f, f->site) : r->nexthop;
	r->relayhost = f->relayhost;
	if (r->relayhost)
		r->nexthop = r->site;
}

int
qsite_route(const struct instance *in, struct slice address,
    struct slice sender, struct arena *a, struct qroute *r, struct err *err)
{
	struct msg m = { .type = MSG_lookup_address,
		.lookup_address = { .address = address,
		    .sender = sender,
		    .flags = LOOKUP_SITE } };
	struct dial d;
	int rc;

	if (dial_open(&d, in, ROLE_LOOKUP, err) == -1)
		return -1;
	rc = ask(&d, &m, MSG_lookup_found, err);
	if (rc == 0)
		take_route(&m.lookup_found, a, r);
	dial_close(&d);
	return rc;
}
