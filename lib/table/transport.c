/* SPDX-License-Identifier: ISC */
#include "table/transport.h"

#include <stdbool.h>
#include <stddef.h>

#include "base/ascii.h"
#include "base/buf.h"
#include "base/cur.h"
#include "base/mem.h"
#include "proto/address.h"
#include "proto/nexthop.h"
#include "table/command.h"

static const struct {
	const char *name;
	enum transport_kind kind;
	const char *code; /* of an error for which none is said */
} names[] = {
	{ "smtp", TRANSPORT_SMTP, NULL },
	{ "lmtp", TRANSPORT_LMTP, NULL },
	{ "error", TRANSPORT_ERROR, "5.0.0" },
	{ "retry", TRANSPORT_ERROR, "4.0.0" },
	{ "discard", TRANSPORT_DISCARD, NULL },
	{ "hold", TRANSPORT_HOLD, NULL },
	{ "pipe", TRANSPORT_PIPE, NULL },
};

const char *
transport_name(enum transport_kind kind)
{
	if (kind == TRANSPORT_PIPE)
		return "pipe";
	return kind == TRANSPORT_LMTP ? "lmtp" : "smtp";
}

/* An enhanced status code that says no: RFC 3463 2. */
static struct slice
take_code(struct cur *c)
{
	const char *from = c->p;

	if (!cur_try(c, "4.") && !cur_try(c, "5."))
		cur_fail(c);
	(void)cur_u64(c, 999);
	cur_lit(c, ".");
	(void)cur_u64(c, 999);
	return slice_of(from, (size_t)(c->p - from));
}

static int
take_text(struct slice text, struct transport *t, struct err *err)
{
	t->text = slice_trim(text);
	for (size_t i = 0; i < t->text.n; i++)
		if (!ascii_isprint(t->text.p[i]))
			return err_set(err, ERR_PERM, "only ASCII in the text");
	return 0;
}

/* "5.1.2 TEXT", or text alone, for which CODE is said; its first digit is the
 * only one for retry. */
static int
take_error(
    struct slice rest, const char *code, struct transport *t, struct err *err)
{
	struct cur c = cur_of(rest);
	const bool retry = code[0] == '4';

	if (rest.n > 0 && !ascii_isdigit(rest.p[0])) {
		t->code = slice_str(code);
		return take_text(rest, t, err);
	}
	if (rest.n == 0 && retry) {
		t->code = slice_str(code);
		return 0;
	}
	t->code = take_code(&c);
	if (!cur_ok(&c) || (cur_left(&c) > 0 && cur_peek(&c) != ' ') ||
	    (retry && t->code.p[0] != '4'))
		return err_set(err, ERR_PERM,
		    retry ? "expected retry:TEXT or retry:4.4.1 TEXT"
			  : "expected error:5.1.2 TEXT");
	return take_text(cur_rest(&c), t, err);
}

int
transport_parse(struct slice value, struct transport *t, struct err *err)
{
	struct slice rest;
	const struct slice name = slice_cut(value, ':', &rest);
	struct nexthop nh;
	size_t kind = 0;

	*t = (struct transport){ .nexthop = rest };
	while (kind < ARRAY_LEN(names) && !slice_is(name, names[kind].name))
		kind++;
	if (kind == ARRAY_LEN(names) || name.n == value.n)
		return err_set(err, ERR_PERM,
		    "expected smtp:NEXTHOP, lmtp:NEXTHOP, error:CODE TEXT, "
		    "retry:TEXT, discard:TEXT, hold:TEXT or pipe:NAME");
	t->kind = names[kind].kind;
	if (t->kind == TRANSPORT_PIPE)
		return table_command_is_name(rest)
			   ? 0
			   : err_set(err, ERR_PERM,
				 "expected pipe:NAME, of the table commands");
	if (t->kind >= TRANSPORT_ERROR)
		t->nexthop = slice_of(NULL, 0);
	if (t->kind == TRANSPORT_ERROR)
		return take_error(rest, names[kind].code, t, err);
	if (t->kind >= TRANSPORT_ERROR)
		return take_text(rest, t, err);
	if (rest.n == 0 && t->kind == TRANSPORT_SMTP)
		return 0;
	if (!nexthop_parse(rest, &nh))
		return err_set(err, ERR_PERM,
		    "expected DOMAIN, [HOST], [HOST]:PORT or unix:/PATH");
	if (nh.kind == NEXTHOP_UNIX && t->kind == TRANSPORT_SMTP)
		return err_set(err, ERR_PERM, "unix: is for lmtp only");
	return 0;
}

int
transport_check(struct slice key, struct slice value, struct err *err)
{
	struct transport t;
	struct buf out;
	bool ok;

	buf_init(&out, ADDRESS_MAX);
	if (slice_find(key, '@') < key.n) {
		ok = address_parse(key, ADDRESS_UTF8, &out);
	} else {
		struct cur c =
		    cur_of(slice_from(key, slice_starts(key, SLICE("."))));

		address_domain(&c, ADDRESS_UTF8, &out);
		ok = cur_end(&c) || slice_is(key, "*");
	}
	ok = ok && !slice_ends(key, SLICE("."));
	buf_fini(&out);
	if (!ok)
		return err_set(err, ERR_PERM,
		    "expected DOMAIN, .DOMAIN, NAME@DOMAIN or *");
	return transport_parse(value, &t, err);
}

int
transport_check_sender(struct slice key, struct slice value, struct err *err)
{
	const bool domain = slice_starts(key, SLICE("@"));
	struct cur c = cur_of(slice_from(key, domain));
	struct buf out = { .max = ADDRESS_MAX };
	struct transport t;
	bool ok;

	if (domain)
		address_domain(&c, ADDRESS_UTF8, &out);
	ok = domain ? cur_end(&c) && !slice_ends(key, SLICE("."))
		    : address_parse(key, ADDRESS_UTF8, &out);
	buf_fini(&out);
	if (!ok)
		return err_set(
		    err, ERR_PERM, "expected NAME@DOMAIN or @DOMAIN");
	if (transport_parse(value, &t, err) == -1)
		return -1;
	if (t.kind != TRANSPORT_SMTP || t.nexthop.n == 0)
		return err_set(err, ERR_PERM,
		    "expected smtp:DOMAIN, smtp:[HOST] or smtp:[HOST]:PORT");
	return 0;
}
