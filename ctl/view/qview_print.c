/* SPDX-License-Identifier: ISC */
/* A message of the queue for people and for programs. */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/slice.h"
#include "ctl/view/out.h"
#include "ctl/view/qview.h"

static void
json_str(struct buf *b, const char *key, struct slice v)
{
	buf_addf(b, ",\"%s\":", key);
	out_json(b, v);
}

static void
json_rcpts(struct buf *b, const struct qview_entry *e)
{
	buf_adds(b, ",\"recipients\":[");
	for (size_t i = 0; i < e->nrcpts; i++) {
		const struct qview_rcpt *r = &e->rcpts[i];

		buf_adds(b, i > 0 ? ",{\"address\":" : "{\"address\":");
		out_json(b, r->address);
		if (r->target.n > 0)
			json_str(b, "target", r->target);
		if (r->dsn.n > 0)
			json_str(b, "dsn", r->dsn);
		if (r->host.n > 0)
			json_str(b, "host", r->host);
		if (r->text.n > 0)
			json_str(b, "text", r->text);
		if (r->site.n > 0)
			json_str(b, "site", r->site);
		buf_addc(b, '}');
	}
	buf_addc(b, ']');
}

static void
print_json(struct qview_printer *p, const struct qview_entry *e)
{
	struct buf *b = &p->line;

	buf_adds(b, p->messages == 0 ? "[{\"qid\":" : ",{\"qid\":");
	out_json(b, e->qid);
	json_str(b, "state", e->state);
	buf_addf(b, ",\"arrived\":%lld,\"size\":%lld,\"attempts\":%lld",
	    (long long)e->arrived_s, (long long)e->size_bytes,
	    (long long)e->attempts);
	if (e->next_s >= 0)
		buf_addf(b, ",\"next\":%lld", (long long)e->next_s);
	json_str(b, "sender", e->sender);
	if (e->login.n > 0)
		json_str(b, "login", e->login);
	if (slice_is(e->state, "held"))
		json_str(b, "held", qview_held(e));
	json_rcpts(b, e);
	buf_adds(b, "}\n");
}

struct slice
qview_held(const struct qview_entry *e)
{
	return e->held.n > 0 ? e->held : SLICE("an administrator");
}

void
qview_span(struct buf *b, int64_t seconds)
{
	static const struct {
		int64_t s;
		const char *name;
	} units[] = { { 86400, "d" }, { 3600, "h" }, { 60, "m" }, { 1, "s" } };
	size_t i = 0;

	if (seconds <= 0) {
		buf_adds(b, "now");
		return;
	}
	while (seconds < units[i].s)
		i++;
	buf_addf(b, "%lld%s", (long long)(seconds / units[i].s), units[i].name);
	seconds %= units[i].s;
	if (++i < ARRAY_LEN(units) && seconds >= units[i].s)
		buf_addf(b, "%lld%s", (long long)(seconds / units[i].s),
		    units[i].name);
}

static void
pad_to(struct buf *b, size_t column)
{
	do {
		buf_addc(b, ' ');
	} while (b->n < column);
}

static void
print_text(struct qview_printer *p, const struct qview_entry *e)
{
	struct buf *b = &p->line;

	if (p->messages == 0)
		buf_adds(b, "QID             STATE      SIZE  AGE     NEXT    "
			    "SENDER\n");
	fwrite(b->p, 1, b->n, stdout);
	buf_reset(b);
	out_plain(b, e->qid);
	pad_to(b, 16);
	out_plain(b, e->state);
	pad_to(b, 24);
	buf_addf(b, "%7lld", (long long)e->size_bytes);
	pad_to(b, 33);
	qview_span(b, p->now_s - e->arrived_s);
	pad_to(b, 41);
	if (e->next_s >= 0)
		qview_span(b, e->next_s - p->now_s);
	else
		buf_addc(b, '-');
	pad_to(b, 49);
	out_plain(b, e->sender.n > 0 ? e->sender : SLICE("<>"));
	buf_addc(b, '\n');
	if (slice_is(e->state, "held")) {
		buf_adds(b, "    held: ");
		out_plain(b, qview_held(e));
		buf_addc(b, '\n');
	}
	for (size_t i = 0; i < e->nrcpts; i++) {
		const struct qview_rcpt *r = &e->rcpts[i];

		buf_adds(b, "    ");
		out_plain(b, r->target.n > 0 ? r->target : r->address);
		if (r->dsn.n > 0 || r->text.n > 0) {
			buf_adds(b, "  (");
			out_plain(b, r->dsn);
			if (r->host.n > 0) {
				buf_addc(b, ' ');
				out_plain(b, r->host);
			}
			buf_addc(b, ' ');
			out_plain(b, r->text);
			buf_addc(b, ')');
		}
		buf_addc(b, '\n');
	}
}

bool
qview_print(void *arg, const struct qview_entry *e)
{
	struct qview_printer *p = arg;

	if (p->line.max == 0)
		buf_init(&p->line, 1u << 20);
	buf_reset(&p->line);
	if (p->json)
		print_json(p, e);
	else
		print_text(p, e);
	fwrite(p->line.p, 1, p->line.n, stdout);
	p->messages++;
	p->bytes += e->size_bytes;
	return true;
}
