/* SPDX-License-Identifier: ISC */
#include "smtpd/xclient.h"

#include <stdlib.h>

#include "base/cur.h"
#include "base/hex.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "conf/shared.h"
#include "front/session.h"
#include "log/log.h"
#include "proto/address.h"
#include "smtpd/auth.h"
#include "smtpd/conf.h"
#include "smtpd/dialog.h"
#include "smtpd/greeting.h"
#include "smtpd/judge/judge.h"
#include "smtpd/parse.h"
#include "smtpd/session.h"

/* ---- values ---- */

/* What the xtext VALUE (RFC 3461 4) stands for; what is none stands for itself,
 * as Postfix has it. */
static void
decode(struct slice value, struct buf *out)
{
	for (size_t i = 0; i < value.n; i++) {
		const int hi =
		    i + 2 < value.n ? hex_digit_upper(value.p[i + 1]) : -1;
		const int lo =
		    i + 2 < value.n ? hex_digit_upper(value.p[i + 2]) : -1;

		if (value.p[i] == '+' && hi >= 0 && lo >= 0) {
			buf_addc(out, (char)(hi << 4 | lo));
			i += 2;
		} else {
			buf_addc(out, value.p[i]);
		}
	}
}

static bool
take_name(struct smtpd_xclient *x, struct slice value)
{
	struct cur c = cur_of(value);

	buf_reset(&x->name);
	if (value.n == 0 || slice_iis(value, "[TEMPUNAVAIL]"))
		return true;
	address_domain(&c, 0, &x->name);
	return cur_end(&c) && slice_find(value, '[') == value.n;
}

static bool
to_addr(struct slice value, struct addr *addr)
{
	if (slice_istarts(value, SLICE("IPV6:")))
		return addr_of_ip(
		    addr, AF_INET6, slice_from(value, sizeof "IPV6:" - 1), 0);
	return addr_of_ip(addr, AF_INET, value, 0);
}

static bool
take_addr(struct smtpd_xclient *x, struct slice value)
{
	x->has_addr = true;
	return to_addr(value.n > 0 ? value : SLICE("0.0.0.0"), &x->addr);
}

static bool
to_port(struct slice value, uint16_t *port)
{
	struct cur c = cur_of(value);

	*port = (uint16_t)cur_u64(&c, UINT16_MAX);
	return value.n == 0 || cur_end(&c);
}

static bool
take_port(struct smtpd_xclient *x, struct slice value)
{
	x->has_port = true;
	return to_port(value, &x->port);
}

static bool
take_proto(struct smtpd_xclient *x, struct slice value)
{
	x->extended = slice_iis(value, "ESMTP");
	return x->extended || slice_iis(value, "SMTP");
}

static bool
take_helo(struct smtpd_xclient *x, struct slice value)
{
	struct slice helo;

	buf_reset(&x->helo);
	buf_add(&x->helo, value);
	return value.n == 0 || smtpd_parse_helo(value, &helo);
}

static bool
take_login(struct smtpd_xclient *x, struct slice value)
{
	buf_reset(&x->login);
	buf_add(&x->login, value);
	for (size_t i = 0; i < value.n; i++)
		if ((unsigned char)value.p[i] <= ' ' || value.p[i] == 0x7f)
			return false;
	return utf8_valid(value);
}

/* Ours; there is nothing that depends on it. */
static bool
take_destaddr(struct smtpd_xclient *x, struct slice value)
{
	struct addr addr;

	(void)x;
	return value.n == 0 || to_addr(value, &addr);
}

static bool
take_destport(struct smtpd_xclient *x, struct slice value)
{
	uint16_t port;

	(void)x;
	return to_port(value, &port);
}

/* clang-format off */
static const struct attribute {
	const char *name;
	/* VALUE is empty where it is unavailable; false: it is none. */
	bool (*take)(struct smtpd_xclient *x, struct slice value);
	bool needed; /* cannot be unavailable */
} attributes[] = {
	{ "NAME",     take_name,     false },
	{ "ADDR",     take_addr,     false },
	{ "PORT",     take_port,     false },
	{ "PROTO",    take_proto,    true },
	{ "HELO",     take_helo,     false },
	{ "LOGIN",    take_login,    false },
	{ "DESTADDR", take_destaddr, false },
	{ "DESTPORT", take_destport, false },
};
/* clang-format on */

/* ---- the grammar ---- */

static const struct attribute *
find(struct slice name)
{
	for (size_t i = 0; i < ARRAY_LEN(attributes); i++)
		if (slice_iis(name, attributes[i].name))
			return &attributes[i];
	return NULL;
}

static bool
take_value(
    const struct attribute *a, struct smtpd_xclient *x, struct slice value)
{
	struct buf text = { .max = SMTPD_XCLIENT_VALUE_MAX };
	bool ok;

	if (value.n > SMTPD_XCLIENT_VALUE_MAX)
		return false;
	decode(value, &text);
	if (slice_iis(buf_slice(&text), "[UNAVAILABLE]"))
		ok = !a->needed && a->take(x, SLICE(""));
	else
		ok = text.n > 0 && a->take(x, buf_slice(&text));
	buf_fini(&text);
	return ok;
}

static int
take_attribute(
    struct slice word, struct smtpd_xclient *x, unsigned *seen, struct err *err)
{
	struct slice value;
	const struct slice name = slice_cut(word, '=', &value);
	const struct attribute *a = find(name);
	unsigned bit;

	if (a == NULL)
		return err_set(
		    err, ERR_PERM, "501 5.5.4 Bad XCLIENT attribute name");
	bit = 1U << (a - attributes);
	if ((*seen & bit) != 0)
		return err_set(err, ERR_PERM,
		    "501 5.5.4 Duplicate XCLIENT attribute %s", a->name);
	*seen |= bit;
	if (!take_value(a, x, value))
		return err_set(err, ERR_PERM,
		    "501 5.5.4 Bad value of XCLIENT attribute %s", a->name);
	return 0;
}

int
smtpd_parse_xclient(struct slice args, struct smtpd_xclient *x, struct err *err)
{
	unsigned seen = 0;

	*x = (struct smtpd_xclient){
		.name.max = SMTPD_XCLIENT_VALUE_MAX,
		.helo.max = SMTPD_XCLIENT_VALUE_MAX,
		.login.max = SMTPD_XCLIENT_VALUE_MAX,
	};
	if (args.n == 0)
		return err_set(err, ERR_PERM,
		    "501 5.5.4 Syntax: XCLIENT attribute=value...");
	while (args.n > 0) {
		const struct slice word = slice_cut(args, ' ', &args);

		if (word.n > 0 && take_attribute(word, x, &seen, err) == -1)
			return -1;
	}
	return 0;
}

void
smtpd_xclient_fini(struct smtpd_xclient *x)
{
	buf_fini(&x->name);
	buf_fini(&x->helo);
	buf_fini(&x->login);
}

/* ---- the command ---- */

void
smtpd_xclient_announce(const struct smtpd_session *s, struct buf *out)
{
	if (!s->front.vouches)
		return;
	buf_adds(out, "250-XCLIENT");
	for (size_t i = 0; i < ARRAY_LEN(attributes); i++)
		buf_addf(out, " %s", attributes[i].name);
	buf_adds(out, "\r\n");
}

/* False: a limit keeps that client out, and the session has ended. */
static bool
change_client(struct smtpd_session *s, const struct smtpd_xclient *x)
{
	if (s->proxy == NULL)
		s->proxy = xstrdup(s->front.ip);
	if (x->has_addr && !front_become(&s->front, &x->addr))
		return false;
	if (x->has_addr || x->has_port)
		s->front.port = x->port;
	return true;
}

/* The session is where it was when the client had connected; what was said of
 * its greeting and its login counts. */
static void
begin_anew(struct smtpd_session *s, const struct smtpd_xclient *x)
{
	smtpd_judge_end(s);
	smtpd_session_forget(s);
	if (x->name.n > 0)
		s->client_name = xslicedup(buf_slice(&x->name));
	if (x->login.n > 0)
		s->login = xslicedup(buf_slice(&x->login));
	if (x->helo.n > 0) {
		s->helo = xslicedup(buf_slice(&x->helo));
		s->extended = x->extended;
		smtpd_session_enter(s, SMTPD_GREETED);
	}
	log_info("smtpd.xclient", kv_s("sid", s->front.sid),
	    kv_s("client", s->front.ip), kv_s("proxy", s->proxy),
	    kv_s("account", s->login != NULL ? s->login : ""));
	smtpd_greet(s);
}

void
smtpd_xclient_command(struct smtpd_session *s, struct slice args)
{
	struct smtpd_xclient x;
	struct err err;

	if (!s->front.vouches) {
		smtpd_mistake(s, "550 5.7.0 XCLIENT is not permitted");
		return;
	}
	if (smtpd_parse_xclient(args, &x, &err) == -1)
		smtpd_mistake(s, err.text);
	else if (change_client(s, &x))
		begin_anew(s, &x);
	smtpd_xclient_fini(&x);
}
