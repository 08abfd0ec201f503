/* SPDX-License-Identifier: ISC */
#include "smtp/route/dane.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/cur.h"
#include "base/mem.h"
#include "ipc/ipc.h"
#include "smtp/session/dialog.h"
#include "tls/conn.h"

enum { TLSA_MS = 60000 };

struct smtp_dane {
	struct smtp_session *session;
	void (*done)(struct smtp_session *s, bool known);
	struct ipc_call call;
	char *records; /* lines of lookup_tlsa_found; NULL: none */
};

static void
on_tlsa(struct ipc_call *call, struct msg *m)
{
	struct smtp_dane *d = OUTER(call, struct smtp_dane, call);
	const struct msg_lookup_tlsa_found *in;

	if (m == NULL || m->lookup_tlsa_found.found == TEMPFAIL) {
		d->done(d->session, false);
		return;
	}
	in = &m->lookup_tlsa_found;
	if (in->found == FOUND && in->secure)
		d->records = xslicedup(in->records);
	d->done(d->session, true);
}

void
smtp_dane_ask(
    struct smtp_session *s, void (*done)(struct smtp_session *s, bool known))
{
	struct smtp_dane *d = xcalloc(1, sizeof *d);
	char *name = xasprintf("_%u._tcp.%s",
	    (unsigned)addr_port(&s->target.addr), s->target.host);

	d->session = s;
	d->done = done;
	s->dane = d;
	IPC_CALL(ipc_link(ROLE_LOOKUP, 0, 0), &d->call, lookup_tlsa_found,
	    on_tlsa, TLSA_MS, lookup_tlsa, .name = slice_str(name));
	free(name);
}

void
smtp_dane_free(struct smtp_dane **d)
{
	if (*d == NULL)
		return;
	ipc_cancel(&(*d)->call);
	free((*d)->records);
	xfree(d);
}

bool
smtp_dane_has_records(const struct smtp_dane *d)
{
	return d != NULL && d->records != NULL;
}

static void
add_hex(struct buf *out, struct cur *c)
{
	while (cur_left(c) >= 2) {
		const struct slice two = cur_take(c, 2);
		const char text[3] = { two.p[0], two.p[1] };

		buf_addc(out, (char)strtoul(text, NULL, 16));
	}
}

/* "usage selector matching hex" to the connection; true when usable. */
static bool
add_record(struct tls_conn *conn, struct slice line)
{
	struct cur c = cur_of(line);
	uint8_t v[3];
	struct buf data;
	bool usable;

	for (size_t i = 0; i < 3; i++) {
		v[i] = (uint8_t)cur_u64(&c, 255);
		(void)cur_try_byte(&c, ' ');
	}
	/* A digest, or a whole key or certificate. */
	buf_init(&data, line.n);
	add_hex(&data, &c);
	usable = cur_end(&c) && tls_conn_add_tlsa(conn, v[0], v[1], v[2],
				    buf_slice(&data)) == 1;
	buf_fini(&data);
	return usable;
}

unsigned
smtp_dane_apply(const struct smtp_dane *d, struct tls_conn *conn)
{
	struct slice text = slice_str(d->records);
	unsigned usable = 0;

	while (text.n > 0)
		usable += add_record(conn, slice_cut(text, '\n', &text));
	return usable;
}

struct slice
smtp_dane_records(const struct smtp_dane *d)
{
	return slice_str(d->records);
}
