/* SPDX-License-Identifier: ISC */
#include "proto/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "base/ascii.h"
#include "base/utf8.h"

/* RFC 5322 3.2.3 */
static bool
is_atext(char c)
{
	return ascii_isalnum(c) ||
	       (c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~", c) != NULL);
}

/* One character of UTF-8 beyond ASCII, where ALLOW has it; 0 otherwise. */
static size_t
wide(struct slice s, unsigned allow)
{
	if (s.n == 0 || (allow & ADDRESS_UTF8) == 0 ||
	    (unsigned char)s.p[0] < 0x80)
		return 0;
	return utf8_len(s);
}

/* How much of S is atoms with single dots between them. */
static size_t
dot_string_len(struct slice s, unsigned allow)
{
	size_t at = 0, good = 0;

	while (at < s.n) {
		const size_t n =
		    is_atext(s.p[at]) ? 1 : wide(slice_from(s, at), allow);

		if (n > 0)
			good = at += n;
		else if (s.p[at] == '.' && at > 0 && good == at)
			at++;
		else
			break;
	}
	return good;
}

/* How much of S is atoms and dots in any order: RFC 5321 wants single dots
 * between atoms, but a large operator has given out others for years. */
static size_t
loose_len(struct slice s, unsigned allow)
{
	size_t at = 0, n = 1;

	while (at < s.n && n > 0) {
		n = is_atext(s.p[at]) || s.p[at] == '.'
			? 1
			: wide(slice_from(s, at), allow);
		at += n;
	}
	return at;
}

/* A local part as it is meant, without quotes. */
struct local {
	char text[ADDRESS_LOCAL_MAX];
	size_t n;
};

static void
local_add(struct local *l, struct cur *c, struct slice s)
{
	if (s.n > sizeof l->text - l->n) {
		cur_fail(c);
		return;
	}
	if (s.n > 0)
		memcpy(l->text + l->n, s.p, s.n);
	l->n += s.n;
}

/* Quoted-string (RFC 5321 4.1.2: no folding, no control characters). */
static void
read_quoted(struct cur *c, unsigned allow, struct local *l)
{
	cur_lit(c, "\"");
	while (cur_ok(c) && !cur_try_byte(c, '"')) {
		const size_t n = wide(cur_rest(c), allow);

		(void)cur_try_byte(c, '\\');
		if (n == 0 && !ascii_isprint((char)cur_peek(c)))
			cur_fail(c);
		local_add(l, c, cur_take(c, n > 0 ? n : 1));
	}
}

static void
put_local(const struct local *l, struct buf *out)
{
	const struct slice s = slice_of(l->text, l->n);

	if (s.n > 0 && dot_string_len(s, ADDRESS_UTF8) == s.n) {
		buf_add(out, s);
		return;
	}
	buf_addc(out, '"');
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '"' || s.p[i] == '\\')
			buf_addc(out, '\\');
		buf_addc(out, s.p[i]);
	}
	buf_addc(out, '"');
}

static void
read_local(struct cur *c, unsigned allow, struct buf *out)
{
	struct local l = { .n = 0 };

	if (cur_peek(c) == '"') {
		read_quoted(c, allow, &l);
	} else {
		const size_t n = loose_len(cur_rest(c), allow);

		if (n == 0)
			cur_fail(c);
		local_add(&l, c, cur_take(c, n));
	}
	if (cur_ok(c))
		put_local(&l, out);
}

/* "127.0.0.1]" or "IPv6:::1]", behind the opening bracket. */
static void
read_literal(struct cur *c, struct buf *out)
{
	const bool six = cur_try(c, "IPv6:");
	const struct slice s = cur_until(c, ']');
	unsigned char addr[16];
	char text[INET6_ADDRSTRLEN];

	if (!cur_ok(c) || !slice_copy(s, text, sizeof text) ||
	    inet_pton(six ? AF_INET6 : AF_INET, text, addr) != 1) {
		cur_fail(c);
		return;
	}
	inet_ntop(six ? AF_INET6 : AF_INET, addr, text, sizeof text);
	buf_adds(out, six ? "[IPv6:" : "[");
	buf_adds(out, text);
	buf_addc(out, ']');
}

/* One label: letters, digits and hyphens within; the underscore that RFC 5321
 * does not know is in use. */
static size_t
label_len(struct slice s, unsigned allow)
{
	size_t at = 0;

	while (at < s.n) {
		const char c = s.p[at];
		const bool ok = ascii_isalnum(c) || c == '-' || c == '_';
		const size_t n = ok ? 1 : wide(slice_from(s, at), allow);

		if (n == 0)
			break;
		at += n;
	}
	if (at > 63 || (at > 0 && (s.p[0] == '-' || s.p[at - 1] == '-')))
		return 0;
	return at;
}

static void
put_lower(struct buf *out, struct slice s)
{
	char *to = buf_room(out, s.n);

	if (to == NULL || s.n == 0)
		return;
	for (size_t i = 0; i < s.n; i++)
		to[i] = ascii_lower(s.p[i]);
	buf_added(out, s.n);
}

static void
read_name(struct cur *c, unsigned allow, struct buf *out)
{
	const size_t from = out->n;

	do {
		const size_t n = label_len(cur_rest(c), allow);

		if (n == 0 && out->n > from) /* it was the final dot */
			break;
		if (n == 0)
			cur_fail(c);
		if (out->n > from)
			buf_addc(out, '.');
		put_lower(out, cur_take(c, n));
	} while (cur_try_byte(c, '.'));
	if (out->n - from > ADDRESS_DOMAIN_MAX)
		cur_fail(c);
}

void
address_domain(struct cur *c, unsigned allow, struct buf *out)
{
	const size_t from = out->n;

	if (cur_try_byte(c, '['))
		read_literal(c, out);
	else
		read_name(c, allow, out);
	if (out->failed)
		cur_fail(c);
	if (!cur_ok(c))
		buf_truncate(out, from);
}

bool
address_is_domain(struct slice s, unsigned allow)
{
	struct cur c = cur_of(s);
	struct buf out = { .max = ADDRESS_DOMAIN_MAX };
	bool ok;

	address_domain(&c, allow, &out);
	ok = cur_end(&c) && !slice_starts(s, SLICE("[")) &&
	     !slice_ends(s, SLICE("."));
	buf_fini(&out);
	return ok;
}

static bool
may_be_bare(struct slice local, unsigned allow)
{
	return (allow & ADDRESS_BARE) != 0 ||
	       ((allow & ADDRESS_POSTMASTER) != 0 &&
		   slice_iis(local, "postmaster"));
}

void
address_mailbox(struct cur *c, unsigned allow, struct buf *out)
{
	const size_t from = out->n;

	read_local(c, allow, out);
	if (cur_try_byte(c, '@')) {
		buf_addc(out, '@');
		address_domain(c, allow, out);
		if (cur_ok(c) && c->p[-1] == '.') /* none in RFC 5321 4.1.2 */
			cur_fail(c);
	} else if (!may_be_bare(slice_from(buf_slice(out), from), allow)) {
		cur_fail(c);
	}
	if (out->failed)
		cur_fail(c);
	if (!cur_ok(c))
		buf_truncate(out, from);
}

/* "@one,@two:" (RFC 5321 4.1.2 A-d-l): must be accepted, is of no use. */
static void
skip_source_route(struct cur *c, unsigned allow, struct buf *scratch)
{
	const size_t from = scratch->n;

	do {
		cur_lit(c, "@");
		address_domain(c, allow, scratch);
		buf_truncate(scratch, from);
	} while (cur_try_byte(c, ','));
	cur_lit(c, ":");
}

void
address_path(struct cur *c, unsigned allow, struct buf *out)
{
	const size_t from = out->n;

	cur_lit(c, "<");
	if ((allow & ADDRESS_NULL) != 0 && cur_try_byte(c, '>'))
		return;
	if (cur_peek(c) == '@')
		skip_source_route(c, allow, out);
	address_mailbox(c, allow, out);
	cur_lit(c, ">");
	if (!cur_ok(c))
		buf_truncate(out, from);
}

bool
address_parse(struct slice s, unsigned allow, struct buf *out)
{
	const size_t from = out->n;
	struct cur c = cur_of(s);

	if (cur_peek(&c) == '<')
		address_path(&c, allow, out);
	else
		address_mailbox(&c, allow, out);
	if (cur_end(&c))
		return true;
	buf_truncate(out, from);
	return false;
}

void
address_split(struct slice address, struct slice *local, struct slice *domain)
{
	size_t at = slice_rfind(address, '@');

	/* no domain ends in a quote, so that "a@b" is a local part */
	if (address.n > 0 && address.p[address.n - 1] == '"')
		at = address.n;
	*local = slice_sub(address, 0, at);
	*domain = slice_from(address, at + 1);
}

bool
address_split_tag(struct slice local, const char *delimiters,
    struct slice *user, struct slice *tag)
{
	*user = local;
	*tag = slice_sub(local, local.n, 0);
	if (local.n == 0 || local.p[0] == '"')
		return false;
	for (size_t i = 1; i + 1 < local.n; i++) {
		if (local.p[i] == '\0' ||
		    strchr(delimiters, local.p[i]) == NULL)
			continue;
		*user = slice_sub(local, 0, i);
		*tag = slice_from(local, i + 1);
		return true;
	}
	return false;
}

bool
address_needs_utf8(struct slice address)
{
	for (size_t i = 0; i < address.n; i++)
		if ((unsigned char)address.p[i] >= 0x80)
			return true;
	return false;
}
