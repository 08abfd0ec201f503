/* SPDX-License-Identifier: ISC */
#include "smtpd/parse.h"

#include <stddef.h>

#include "base/ascii.h"
#include "base/cur.h"
#include "base/mem.h"
#include "proto/address.h"
#include "queue/priority.h"

enum {
	ENVID_MAX = 100, /* RFC 3461 4.4 */
	ORCPT_MAX = 500, /* RFC 3461 4.2 */
	AUTH_MAX = 500,  /* RFC 4954 5 */
	HELO_MAX = 255,
};

/* One parameter: KEYWORD or KEYWORD=VALUE. */
struct smtpd_param {
	struct slice name;
	struct slice value;
	bool has_value;
};

/* A parameter that is known: where it goes and how it must look. */
struct rule {
	const char *name;
	unsigned may; /* bit that must be there */
	bool (*take)(void *to, struct slice value);
	bool needs_value;
};

/* ---- values ---- */

static bool
is_xchar(char c)
{
	return c >= '!' && c <= '~' && c != '=';
}

/* RFC 3461 4: xtext; "+" begins two upper-case hex digits. */
static bool
is_xtext(struct slice s, size_t max)
{
	for (size_t i = 0; i < s.n; i++) {
		if (!is_xchar(s.p[i]))
			return false;
		if (s.p[i] != '+')
			continue;
		for (size_t j = i + 1; j < i + 3; j++)
			if (j >= s.n || !(ascii_isdigit(s.p[j]) ||
					    (s.p[j] >= 'A' && s.p[j] <= 'F')))
				return false;
	}
	return s.n <= max;
}

static bool
take_size(void *to, struct slice value)
{
	struct smtpd_mail_args *a = to;
	struct cur c = cur_of(value);

	/* RFC 1870 6.1: up to 20 digits; more than any limit is enough. */
	a->size = (int64_t)cur_u64(&c, INT64_MAX);
	if (cur_end(&c))
		return true;
	a->size = INT64_MAX;
	for (size_t i = 0; i < value.n; i++)
		if (!ascii_isdigit(value.p[i]))
			return false;
	return value.n > 0 && value.n <= 20;
}

static bool
take_body(void *to, struct slice value)
{
	struct smtpd_mail_args *a = to;

	if (slice_iis(value, "7BIT"))
		a->body = SLICE("7BIT");
	else if (slice_iis(value, "8BITMIME"))
		a->body = SLICE("8BITMIME");
	else if (slice_iis(value, "BINARYMIME"))
		a->body = SLICE("BINARYMIME");
	return a->body.n > 0;
}

static bool
take_utf8(void *to, struct slice value)
{
	struct smtpd_mail_args *a = to;

	(void)value;
	a->smtputf8 = true;
	return true;
}

static bool
take_requiretls(void *to, struct slice value)
{
	struct smtpd_mail_args *a = to;

	(void)value;
	a->requiretls = true;
	return true;
}

static bool
take_level(void *to, struct slice value)
{
	struct smtpd_mail_args *a = to;

	return priority_level_parse(value, &a->mt_priority);
}

static bool
take_auth(void *to, struct slice value)
{
	struct smtpd_mail_args *a = to;

	a->auth = value;
	return slice_is(value, "<>") || is_xtext(value, AUTH_MAX);
}

static bool
take_ret(void *to, struct slice value)
{
	struct smtpd_mail_args *a = to;

	a->ret = value;
	return slice_iis(value, "FULL") || slice_iis(value, "HDRS");
}

static bool
take_envid(void *to, struct slice value)
{
	struct smtpd_mail_args *a = to;

	a->envid = value;
	return value.n > 0 && is_xtext(value, ENVID_MAX);
}

static bool
take_notify(void *to, struct slice value)
{
	struct smtpd_rcpt_args *a = to;
	struct slice rest = value;

	a->notify = value;
	if (slice_iis(value, "NEVER"))
		return true;
	do {
		const struct slice word = slice_cut(rest, ',', &rest);

		if (!slice_iis(word, "SUCCESS") &&
		    !slice_iis(word, "FAILURE") && !slice_iis(word, "DELAY"))
			return false;
	} while (rest.n > 0);
	return value.p[value.n - 1] != ',';
}

static bool
take_orcpt(void *to, struct slice value)
{
	struct smtpd_rcpt_args *a = to;
	struct slice address;
	const struct slice type = slice_cut(value, ';', &address);

	a->orcpt = value;
	for (size_t i = 0; i < type.n; i++)
		if (!ascii_isalnum(type.p[i]) && type.p[i] != '-')
			return false;
	return type.n > 0 && address.n > 0 && is_xtext(address, ORCPT_MAX);
}

/* clang-format off */
static const struct rule mail_rules[] = {
	{ "SIZE",        0,                    take_size,       true },
	{ "BODY",        0,                    take_body,       true },
	{ "SMTPUTF8",    0,                    take_utf8,       false },
	{ "AUTH",        0,                    take_auth,       true },
	{ "MT-PRIORITY", 0,                    take_level,      true },
	{ "RET",         SMTPD_MAY_DSN,        take_ret,        true },
	{ "ENVID",       SMTPD_MAY_DSN,        take_envid,      true },
	{ "REQUIRETLS",  SMTPD_MAY_REQUIRETLS, take_requiretls, false },
};

static const struct rule rcpt_rules[] = {
	{ "NOTIFY", SMTPD_MAY_DSN, take_notify, true },
	{ "ORCPT",  SMTPD_MAY_DSN, take_orcpt,  true },
};
/* clang-format on */

/* ---- the grammar ---- */

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static bool
is_word(char c)
{
	return !is_blank(c);
}

static int
take_param(const struct smtpd_param *p, const struct rule *rules, size_t n,
    unsigned may, unsigned *seen, void *to, struct err *err)
{
	for (size_t i = 0; i < n; i++) {
		const struct rule *r = &rules[i];

		if (!slice_iis(p->name, r->name) || (r->may & ~may) != 0)
			continue;
		if ((*seen & 1U << i) != 0)
			return err_set(err, ERR_PERM,
			    "501 5.5.4 Duplicate parameter %s", r->name);
		*seen |= 1U << i;
		if (p->has_value != r->needs_value ||
		    (r->needs_value && p->value.n == 0) ||
		    !r->take(to, p->value))
			return err_set(err, ERR_PERM,
			    "501 5.5.4 Invalid value of parameter %s", r->name);
		return 0;
	}
	return err_set(err, ERR_PERM, "555 5.5.4 Unsupported parameter");
}

static int
parse_params(struct cur *c, const struct rule *rules, size_t n, unsigned may,
    void *to, struct err *err)
{
	unsigned seen = 0;

	for (;;) {
		const bool parted = is_blank((char)cur_peek(c));
		struct smtpd_param p = { 0 };
		struct slice word;

		cur_skip_blank(c);
		if (cur_left(c) == 0)
			return 0;
		if (!parted)
			return err_set(err, ERR_PERM,
			    "501 5.5.4 Missing space between parameters");
		word = cur_while(c, is_word);
		p.has_value = slice_find(word, '=') < word.n;
		p.name = slice_cut(word, '=', &p.value);
		if ((may & SMTPD_MAY_EXTEND) == 0)
			return err_set(
			    err, ERR_PERM, "555 5.5.4 Parameters require EHLO");
		if (take_param(&p, rules, n, may, &seen, to, err) == -1)
			return -1;
	}
}

int
smtpd_parse_mail(struct slice args, unsigned may, struct smtpd_mail_args *mail,
    struct buf *sender, struct err *err)
{
	struct cur c = cur_of(args);
	unsigned allow = ADDRESS_NULL | ADDRESS_UTF8;

	*mail = (struct smtpd_mail_args){ 0 };
	if ((may & SMTPD_MAY_BARE) != 0)
		allow |= ADDRESS_BARE;
	cur_skip_blank(&c);
	if (!cur_try(&c, "FROM:"))
		return err_set(
		    err, ERR_PERM, "501 5.5.4 Syntax: MAIL FROM:<address>");
	cur_skip_blank(&c);
	address_path(&c, allow, sender);
	if (!cur_ok(&c))
		return err_set(
		    err, ERR_PERM, "501 5.1.7 Bad sender address syntax");
	if (parse_params(
		&c, mail_rules, ARRAY_LEN(mail_rules), may, mail, err) == -1)
		return -1;
	if (!mail->smtputf8 && address_needs_utf8(buf_slice(sender)))
		return err_set(err, ERR_PERM,
		    "553 5.6.7 Internationalized address requires SMTPUTF8");
	return 0;
}

int
smtpd_parse_rcpt(struct slice args, unsigned may, struct smtpd_rcpt_args *rcpt,
    struct buf *to, struct err *err)
{
	struct cur c = cur_of(args);
	unsigned allow = ADDRESS_POSTMASTER | ADDRESS_UTF8;

	*rcpt = (struct smtpd_rcpt_args){ 0 };
	if ((may & SMTPD_MAY_BARE) != 0)
		allow |= ADDRESS_BARE;
	cur_skip_blank(&c);
	if (!cur_try(&c, "TO:"))
		return err_set(
		    err, ERR_PERM, "501 5.5.4 Syntax: RCPT TO:<address>");
	cur_skip_blank(&c);
	address_path(&c, allow, to);
	if (!cur_ok(&c))
		return err_set(
		    err, ERR_PERM, "501 5.1.3 Bad recipient address syntax");
	if ((may & SMTPD_MAY_UTF8) == 0 && address_needs_utf8(buf_slice(to)))
		return err_set(err, ERR_PERM,
		    "553 5.6.7 Internationalized address requires SMTPUTF8");
	return parse_params(
	    &c, rcpt_rules, ARRAY_LEN(rcpt_rules), may, rcpt, err);
}

bool
smtpd_parse_bdat(struct slice args, int64_t *size, bool *last)
{
	struct slice rest;
	struct cur c = cur_of(slice_cut(args, ' ', &rest));

	rest = slice_trim(rest);
	*size = (int64_t)cur_u64(&c, INT64_MAX);
	*last = slice_iis(rest, "LAST");
	return cur_end(&c) && (*last || rest.n == 0);
}

void
smtpd_qualify(struct buf *address, const char *domain)
{
	struct slice local, rest;

	address_split(buf_slice(address), &local, &rest);
	if (local.n > 0 && rest.n == 0)
		buf_addf(address, "@%s", domain);
}

bool
smtpd_parse_helo(struct slice args, struct slice *helo)
{
	*helo = slice_trim(args);
	for (size_t i = 0; i < helo->n; i++)
		if (!ascii_isprint(helo->p[i]) || helo->p[i] == ' ')
			return false;
	return helo->n > 0 && helo->n <= HELO_MAX;
}
