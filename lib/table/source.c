/* SPDX-License-Identifier: ISC */
#include "table/source.h"

#include <arpa/inet.h>

#include "base/buf.h"
#include "base/cur.h"
#include "proto/address.h"

/* An address that a socket can be bound to, and that is one host's. */
static bool
take_ip(struct slice text, struct source *s)
{
	char copy[INET6_ADDRSTRLEN];
	struct in_addr v4;
	struct in6_addr v6;

	s->ip = text;
	if (!slice_copy(text, copy, sizeof copy))
		return false;
	if (inet_pton(AF_INET, copy, &v4) == 1)
		return v4.s_addr != htonl(INADDR_ANY) &&
		       !IN_MULTICAST(ntohl(v4.s_addr));
	s->ipv6 = true;
	return inet_pton(AF_INET6, copy, &v6) == 1 &&
	       !IN6_IS_ADDR_UNSPECIFIED(&v6) && !IN6_IS_ADDR_MULTICAST(&v6) &&
	       !IN6_IS_ADDR_V4MAPPED(&v6) && !IN6_IS_ADDR_LINKLOCAL(&v6);
}

/* HOST, or an address literal. */
static bool
is_helo(struct slice name)
{
	struct cur c = cur_of(name);
	struct buf out = { .max = ADDRESS_MAX };
	bool ok;

	address_domain(&c, 0, &out);
	ok = cur_end(&c) && name.n <= SOURCE_HELO_MAX &&
	     !slice_ends(name, SLICE("."));
	buf_fini(&out);
	return ok;
}

static int
take_word(struct slice word, struct sources *s, struct err *err)
{
	struct source one = { .ipv6 = false };
	const struct slice ip = slice_cut(word, '=', &one.helo);

	if (s->n == SOURCES_MAX)
		return err_set(
		    err, ERR_PERM, "more than %d addresses", SOURCES_MAX);
	if (!take_ip(ip, &one) || (ip.n < word.n && !is_helo(one.helo)))
		return err_set(err, ERR_PERM,
		    "expected ADDRESS or ADDRESS=NAME, such as 192.0.2.1 or "
		    "2001:db8::1=mail.example.org, not \"%.*s\"",
		    SLICE_FMT(slice_sub(word, 0, 60)));
	s->v[s->n++] = one;
	return 0;
}

static bool
is_word(char c)
{
	return c != ' ' && c != '\t';
}

int
source_parse(struct slice value, struct sources *s, struct err *err)
{
	struct cur c = cur_of(value);

	s->n = 0;
	if (value.n > SOURCES_TEXT_MAX)
		return err_set(
		    err, ERR_PERM, "more than %d bytes", SOURCES_TEXT_MAX);
	cur_skip_blank(&c);
	while (cur_left(&c) > 0) {
		if (take_word(cur_while(&c, is_word), s, err) == -1)
			return -1;
		cur_skip_blank(&c);
	}
	if (s->n == 0)
		return err_set(err, ERR_PERM, "expected an address");
	return 0;
}

static size_t
count(const struct sources *s, bool ipv6)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++)
		n += s->v[i].ipv6 == ipv6;
	return n;
}

/* Number N of those of a family. */
static void
add_one(const struct sources *s, bool ipv6, size_t n, struct buf *out)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct source *one = &s->v[i];

		if (one->ipv6 != ipv6 || n-- > 0)
			continue;
		if (out->n > 0)
			buf_addc(out, ' ');
		buf_add(out, one->ip);
		if (one->helo.n > 0)
			buf_addc(out, '=');
		buf_add(out, one->helo);
		return;
	}
}

void
source_choose(const struct sources *s, uint64_t n, struct buf *out)
{
	for (int ipv6 = 0; ipv6 <= 1; ipv6++) {
		const size_t all = count(s, ipv6 == 1);

		if (all > 0)
			add_one(s, ipv6 == 1, (size_t)(n % all), out);
	}
}

/* ---- keys ---- */

static bool
is_ip(struct slice key)
{
	struct source s = { .ipv6 = false };

	return take_ip(key, &s);
}

static bool
is_key(struct slice key)
{
	struct buf out = { .max = ADDRESS_MAX };
	bool ok;

	if (slice_is(key, "*"))
		return true;
	if (slice_starts(key, SLICE(SOURCE_LOGIN)))
		return key.n > sizeof SOURCE_LOGIN - 1;
	if (slice_starts(key, SLICE("@")) || slice_starts(key, SLICE(".")))
		return address_is_domain(slice_from(key, 1), ADDRESS_UTF8);
	if (slice_find(key, '@') == key.n)
		return address_is_domain(key, ADDRESS_UTF8) || is_ip(key);
	ok = address_parse(key, ADDRESS_UTF8, &out);
	buf_fini(&out);
	return ok;
}

int
source_check(struct slice key, struct slice value, struct err *err)
{
	struct sources s;

	if (!is_key(key))
		return err_set(err, ERR_PERM,
		    "expected login=NAME, NAME@DOMAIN, @DOMAIN, HOST, DOMAIN, "
		    ".DOMAIN, ADDRESS or *");
	return source_parse(value, &s, err);
}
