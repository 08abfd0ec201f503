/* SPDX-License-Identifier: ISC */
#include "table/app.h"

#include <stddef.h>
#include <time.h>

#include "base/ascii.h"
#include "base/cur.h"
#include "base/mem.h"
#include "sys/addr.h"
#include "table/account.h"

static bool
is_name(char c)
{
	return ascii_isalnum(c) || c == '.' || c == '_' || c == '-';
}

static bool
is_protocol(struct slice word)
{
	static const char *const protocols[] = { "imap", "pop3", "managesieve",
		"jmap", "smtp" };

	for (size_t i = 0; i < ARRAY_LEN(protocols); i++)
		if (slice_is(word, protocols[i]))
			return true;
	return false;
}

static bool
is_protocols(struct slice list)
{
	while (list.n > 0)
		if (!is_protocol(slice_cut(list, ',', &list)))
			return false;
	return true;
}

static int
check_networks(struct slice list, struct err *err)
{
	struct cidr net;

	while (list.n > 0)
		if (addr_cidr_parse(&net, slice_cut(list, ',', &list), err) ==
		    -1)
			return -1;
	return 0;
}

static int
two(struct cur *c, int max)
{
	const struct slice s = cur_take(c, 2);
	struct cur in = cur_of(s);
	const int v = (int)cur_u64(&in, (uint64_t)max);

	if (!cur_end(&in))
		cur_fail(c);
	return v;
}

/* 2027-01-31, 2027-01-31T12:00:00Z */
static bool
parse_time(struct slice text, int64_t *s)
{
	struct cur c = cur_of(text);
	struct tm tm = { .tm_isdst = 0 };
	struct tm back;
	time_t t;

	tm.tm_year = two(&c, 99) * 100;
	tm.tm_year += two(&c, 99) - 1900;
	cur_lit(&c, "-");
	tm.tm_mon = two(&c, 12) - 1;
	cur_lit(&c, "-");
	tm.tm_mday = two(&c, 31);
	if (cur_left(&c) > 0) {
		cur_lit(&c, "T");
		tm.tm_hour = two(&c, 23);
		cur_lit(&c, ":");
		tm.tm_min = two(&c, 59);
		cur_lit(&c, ":");
		tm.tm_sec = two(&c, 59);
		cur_lit(&c, "Z");
	}
	back = tm;
	t = timegm(&back);
	*s = t;
	/* 31 February is another day */
	return cur_end(&c) && tm.tm_year >= 70 && back.tm_mon == tm.tm_mon &&
	       back.tm_mday == tm.tm_mday;
}

static int
set(struct app_entry *e, struct slice key, struct slice value, struct err *err)
{
	if (slice_is(key, "name")) {
		struct cur c = cur_of(value);

		e->name = cur_while(&c, is_name);
		if (!cur_end(&c) || value.n == 0 || value.n > APP_NAME_MAX)
			return err_set(err, ERR_PERM,
			    "name: expected letters, digits, \".\", \"_\" and "
			    "\"-\"");
	} else if (slice_is(key, "hash")) {
		e->hash = value;
	} else if (slice_is(key, "protocols")) {
		e->protocols = value;
		if (!is_protocols(value))
			return err_set(err, ERR_PERM,
			    "protocols: expected imap, pop3 and smtp with "
			    "commas between");
	} else if (slice_is(key, "networks")) {
		e->networks = value;
		return check_networks(value, err);
	} else if (slice_is(key, "expires")) {
		e->expires = value;
		if (!parse_time(value, &e->expires_s))
			return err_set(err, ERR_PERM,
			    "expires: expected YYYY-MM-DD or "
			    "YYYY-MM-DDTHH:MM:SSZ");
	} else {
		return err_set(err, ERR_PERM,
		    "expected name=, hash=, protocols=, networks= or expires=");
	}
	return 0;
}

enum found
app_next(struct slice *value, struct app_entry *e, struct err *err)
{
	struct slice words = slice_trim(slice_cut(*value, ';', value));

	*e = (struct app_entry){ .expires_s = 0 };
	if (words.n == 0 && slice_trim(*value).n == 0)
		return ABSENT;
	while (words.n > 0) {
		const struct slice word = slice_cut(words, ' ', &words);
		struct slice rest;
		const struct slice key = slice_cut(word, '=', &rest);

		if (word.n > 0 && set(e, key, rest, err) == -1)
			return TEMPFAIL;
	}
	if (e->name.n > 0 && e->hash.n > 0)
		return FOUND;
	err_set(err, ERR_PERM, "an app password needs name= and hash=");
	return TEMPFAIL;
}

void
app_format(const struct app_entry *e, struct buf *out)
{
	const struct {
		const char *key;
		struct slice value;
	} fields[] = { { "name=", e->name }, { " hash=", e->hash },
		{ " protocols=", e->protocols }, { " networks=", e->networks },
		{ " expires=", e->expires } };

	if (out->n > 0)
		buf_adds(out, "; ");
	for (size_t i = 0; i < ARRAY_LEN(fields); i++)
		if (fields[i].value.n > 0) {
			buf_adds(out, fields[i].key);
			buf_add(out, fields[i].value);
		}
}

static bool
has_word(struct slice list, struct slice word)
{
	while (list.n > 0)
		if (slice_eq(slice_cut(list, ',', &list), word))
			return true;
	return false;
}

static bool
is_in(struct slice networks, const struct addr *addr)
{
	struct cidr net;

	while (networks.n > 0)
		if (addr_cidr_parse(
			&net, slice_cut(networks, ',', &networks), NULL) == 0 &&
		    addr_cidr_match(&net, addr))
			return true;
	return false;
}

bool
app_allows(const struct app_entry *e, struct slice protocol,
    const struct addr *addr, int64_t now_s)
{
	if (e->expires.n > 0 && now_s >= e->expires_s)
		return false;
	if (e->protocols.n > 0 && !has_word(e->protocols, protocol))
		return false;
	return e->networks.n == 0 || (addr != NULL && is_in(e->networks, addr));
}

int
app_check(struct slice name, struct slice value, struct err *err)
{
	struct account_entry a;
	struct app_entry e;
	enum found found;
	int n = 0;

	if (account_default(name, &a, err) == -1)
		return -1;
	while ((found = app_next(&value, &e, err)) == FOUND)
		if (++n > APP_MAX)
			return err_set(err, ERR_PERM,
			    "more than %d app passwords", APP_MAX);
	if (found == TEMPFAIL)
		return -1;
	return n > 0 ? 0 : err_set(err, ERR_PERM, "no app password");
}
