/* SPDX-License-Identifier: ISC */
#include "smtpd/rewrite/made.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/mem.h"
#include "dmarc/from.h"
#include "ipc/ipc.h"
#include "ipc/msg.h"
#include "ipc/rewrite.h"
#include "ipc/role.h"
#include "proto/address.h"
#include "proto/domain.h"
#include "smtpd/conf.h"
#include "smtpd/rewrite/fields.h"

enum {
	LINES_MAX = (SMTPD_MAILBOXES_MAX + 1) * (ADDRESS_MAX + 3),
	COPIES_MAX = 64 << 10,
};

struct smtpd_made {
	struct smtpd_fields fields;
	struct smtpd_made_of of;
	struct ipc_call call;
	struct buf questions, answers; /* a line for each address */
	struct slice ask;    /* questions that are still to be asked */
	struct slice answer; /* answers that are still to be taken */
	struct buf sender, copies;
	struct buf header; /* as it becomes */
	struct buf ascii;  /* an address that a header in ASCII can have */
	bool replaced;     /* From was not the login's */
	bool needs_utf8;   /* an address cannot stand in this message */
	void (*then)(void *arg, const char *refusal,
	    const struct smtpd_made_result *result);
	void *arg;
};

void
smtpd_made_free(struct smtpd_made **p)
{
	struct smtpd_made *r = *p;

	*p = NULL;
	if (r == NULL)
		return;
	ipc_cancel(&r->call);
	buf_fini(&r->questions);
	buf_fini(&r->answers);
	buf_fini(&r->sender);
	buf_fini(&r->copies);
	buf_fini(&r->header);
	buf_fini(&r->ascii);
	free(r);
}

static void
refuse(struct smtpd_made *r, const char *refusal)
{
	r->then(r->arg, refusal, NULL);
}

/* ---- what an address becomes ---- */

static bool
has_line(struct slice lines, struct slice address)
{
	while (lines.n > 0)
		if (slice_eq(slice_cut(lines, '\n', &lines), address))
			return true;
	return false;
}

/* ADDRESS, or the login's in its place. */
static struct slice
as_owned(const struct smtpd_made *r, struct slice address)
{
	return has_line(r->of.foreign, address) ? r->of.login : address;
}

static void
add_question(
    struct smtpd_made *r, enum lookup_class class, struct slice address)
{
	buf_addc(&r->questions, LOOKUP_CLASS_LETTERS[class]);
	buf_addc(&r->questions, ' ');
	buf_add(&r->questions, address);
	buf_addc(&r->questions, '\n');
}

/* As FIELDS' BECOMES: what is to be asked. */
static struct slice
collect(struct smtpd_fields *f, const struct smtpd_mailbox *m)
{
	struct smtpd_made *r = OUTER(f, struct smtpd_made, fields);

	add_question(r,
	    m->sender ? LOOKUP_HEADER_SENDER : LOOKUP_HEADER_RECIPIENT,
	    m->from ? as_owned(r, m->address) : m->address);
	return SLICE("");
}

/* ADDRESS as this message can have it. */
static struct slice
in_message(struct smtpd_made *r, struct slice address)
{
	if (r->of.utf8 || !address_needs_utf8(address))
		return address;
	buf_reset(&r->ascii);
	r->needs_utf8 |= !domain_address_to_ascii(address, &r->ascii) ||
			 address_needs_utf8(buf_slice(&r->ascii));
	return buf_slice(&r->ascii);
}

/* What ADDRESS, the next that was asked about, becomes; empty: it stays. */
static struct slice
next_answer(struct smtpd_made *r, struct slice address, bool owned)
{
	const struct slice asked = owned ? as_owned(r, address) : address;
	struct slice now = slice_cut(r->answer, '\n', &r->answer);

	if (now.n == 0 && !slice_eq(asked, address))
		now = asked;
	return now.n > 0 ? in_message(r, now) : now;
}

/* As FIELDS' BECOMES: what was answered. */
static struct slice
apply(struct smtpd_fields *f, const struct smtpd_mailbox *m)
{
	struct smtpd_made *r = OUTER(f, struct smtpd_made, fields);

	if (m->from && has_line(r->of.foreign, m->address))
		f->tell_from = r->replaced = true;
	return next_answer(r, m->address, m->from);
}

/* As FIELDS' BECOMES: nothing of anybody else's may be left in From. */
static struct slice
verify(struct smtpd_fields *f, const struct smtpd_mailbox *m)
{
	const struct smtpd_made *r = OUTER(f, struct smtpd_made, fields);

	f->odd_from |= m->from && has_line(r->of.foreign, m->address);
	return SLICE("");
}

/* Is From, where it depends on what was replaced, as it should be? */
static bool
is_his(struct smtpd_made *r)
{
	struct arena arena;
	struct dmarc_from from;

	if (!r->of.is_owned)
		return true;
	r->fields.becomes = verify;
	r->fields.out = NULL;
	if (!smtpd_fields_walk(&r->fields, buf_slice(&r->header)))
		return false;
	arena_init(&arena);
	dmarc_from_find(buf_slice(&r->header), &arena, &from);
	arena_fini(&arena);
	return !r->fields.odd_from && (from.state == DMARC_FROM_GOOD ||
					  from.state == DMARC_FROM_ABSENT);
}

/* ---- made anew ---- */

static void
finish(struct smtpd_made *r)
{
	const struct smtpd_made_result result = {
		.header = r->fields.changed > 0 ? buf_slice(&r->header)
						: (struct slice){ NULL, 0 },
		.sender = buf_slice(&r->sender),
		.copies = buf_slice(&r->copies),
		.changed = r->fields.changed,
		.replaced = r->replaced,
	};

	r->then(r->arg, NULL, &result);
}

static void
make(struct smtpd_made *r)
{
	r->answer = buf_slice(&r->answers);
	if (r->of.sender.n > 0)
		buf_add(&r->sender, next_answer(r, r->of.sender, true));
	r->fields.becomes = apply;
	r->fields.out = &r->header;
	if (!smtpd_fields_walk(&r->fields, r->of.header) || r->header.failed)
		refuse(r, "554 5.6.0 The header is too long");
	else if (r->needs_utf8)
		refuse(r, "550 5.6.7 A rewritten address needs SMTPUTF8");
	else if (!is_his(r))
		refuse(r, "550 5.7.1 The From field is malformed or ambiguous");
	else
		finish(r);
}

/* ---- asking ---- */

static void on_answer(struct ipc_call *call, struct msg *m);

/* Ask for the next addresses, or go on with what was answered. */
static void
ask_next(struct smtpd_made *r)
{
	struct slice left = r->ask, now;

	if (left.n == 0) {
		make(r);
		return;
	}
	for (size_t i = 0; i < LOOKUP_REWRITE_MAX && left.n > 0; i++)
		(void)slice_cut(left, '\n', &left);
	now = slice_sub(r->ask, 0, r->ask.n - left.n);
	r->ask = left;
	IPC_CALL(ipc_link(ROLE_LOOKUP, 0, 0), &r->call, lookup_rewritten,
	    on_answer, smtpd_conf->lookup_timeout, lookup_rewrite,
	    .addresses = now);
}

static void
on_answer(struct ipc_call *call, struct msg *m)
{
	struct smtpd_made *r = OUTER(call, struct smtpd_made, call);
	const struct msg_lookup_rewritten *in =
	    m != NULL ? &m->lookup_rewritten : NULL;

	if (in == NULL || in->failed) {
		refuse(r, "451 4.3.0 Temporary lookup failure");
		return;
	}
	buf_add(&r->answers, in->addresses);
	buf_add(&r->copies, in->copies);
	ask_next(r);
}

void
smtpd_made_start(struct smtpd_made **p, const struct smtpd_made_of *of,
    void (*then)(
	void *arg, const char *refusal, const struct smtpd_made_result *result),
    void *arg)
{
	struct smtpd_made *r = *p = xcalloc(1, sizeof *r);

	r->of = *of;
	r->then = then;
	r->arg = arg;
	buf_init(&r->questions, LINES_MAX);
	buf_init(&r->answers, LINES_MAX);
	buf_init(&r->sender, ADDRESS_MAX);
	buf_init(&r->copies, COPIES_MAX);
	buf_init(&r->header, SMTPD_HEADER_MADE_MAX);
	buf_init(&r->ascii, ADDRESS_MAX);
	r->fields.becomes = collect;
	if (of->sender.n > 0)
		add_question(
		    r, LOOKUP_ENVELOPE_SENDER, as_owned(r, of->sender));
	if (!smtpd_fields_walk(&r->fields, of->header) || r->questions.failed) {
		refuse(r, "554 5.6.0 The header has too many addresses");
		return;
	}
	r->ask = buf_slice(&r->questions);
	ask_next(r);
}
