/* SPDX-License-Identifier: ISC */
/*
 * A question: u16 type, name and a NUL.  An answer: u8 found, u8 flags, u32
 * ttl, name and a NUL, u16 count, the records; numbers have their first byte in
 * front.  An address is its bytes; a name ends in a NUL; MX is u16 and a name,
 * TXT u16 and so many bytes.
 */
#include "dns/pass.h"

#include <string.h>

enum { NXDOMAIN = 1, SECURE = 2 };

static bool
is_for_rules(uint64_t type)
{
	return type == DNS_A || type == DNS_AAAA || type == DNS_MX ||
	       type == DNS_PTR || type == DNS_TXT;
}

static void
put_number(struct buf *out, unsigned bytes, uint64_t v)
{
	while (bytes-- > 0)
		buf_addc(out, (char)(v >> (8 * bytes) & 0xff));
}

static uint64_t
get_number(struct cur *c, unsigned bytes)
{
	uint64_t v = 0;

	while (bytes-- > 0) {
		const int b = cur_byte(c);

		v = v << 8 | (uint64_t)(b == -1 ? 0 : b);
	}
	return v;
}

static void
put_name(struct buf *out, const char *name)
{
	buf_add(out, slice_of(name, strlen(name) + 1));
}

static const char *
get_name(struct cur *c, struct arena *a)
{
	const struct slice name = cur_until(c, '\0');

	if (name.n >= DNS_NAME_MAX)
		cur_fail(c);
	return cur_ok(c) ? arena_str(a, name) : "";
}

/* ---- questions ---- */

void
dns_pass_put_question(struct buf *out, const char *name, enum dns_type type)
{
	put_number(out, 2, type);
	put_name(out, name);
}

bool
dns_pass_get_question(
    struct cur *c, struct arena *a, const char **name, enum dns_type *type)
{
	uint64_t t;

	if (cur_left(c) == 0)
		return false;
	t = get_number(c, 2);
	*name = get_name(c, a);
	if (!is_for_rules(t))
		cur_fail(c);
	*type = (enum dns_type)t;
	return cur_ok(c);
}

/* ---- answers ---- */

static void
put_record(struct buf *out, enum dns_type type, const struct dns_record *r)
{
	switch (type) {
	case DNS_A:
		buf_add(out, slice_of(r->a, sizeof r->a));
		return;
	case DNS_AAAA:
		buf_add(out, slice_of(r->aaaa, sizeof r->aaaa));
		return;
	case DNS_MX:
		put_number(out, 2, r->mx.preference);
		put_name(out, r->mx.host);
		return;
	case DNS_TXT:
		put_number(out, 2, r->txt.n);
		buf_add(out, r->txt);
		return;
	case DNS_PTR:
	case DNS_CNAME:
	case DNS_SRV:
	case DNS_TLSA:
		put_name(out, r->name);
		return;
	}
}

static void
get_bytes(struct cur *c, uint8_t *to, size_t n)
{
	const struct slice s = cur_take(c, n);

	if (s.n == n)
		memcpy(to, s.p, n);
}

static void
get_record(
    struct cur *c, enum dns_type type, struct arena *a, struct dns_record *r)
{
	switch (type) {
	case DNS_A:
		get_bytes(c, r->a, sizeof r->a);
		return;
	case DNS_AAAA:
		get_bytes(c, r->aaaa, sizeof r->aaaa);
		return;
	case DNS_MX:
		r->mx.preference = (uint16_t)get_number(c, 2);
		r->mx.host = get_name(c, a);
		return;
	case DNS_TXT:
		r->txt = cur_take(c, (size_t)get_number(c, 2));
		return;
	case DNS_PTR:
	case DNS_CNAME:
	case DNS_SRV:
	case DNS_TLSA:
		r->name = get_name(c, a);
		return;
	}
}

void
dns_pass_put_answer(
    struct buf *out, enum dns_type type, const struct dns_answer *answer)
{
	put_number(out, 1, answer->found);
	put_number(out, 1,
	    (answer->nxdomain ? NXDOMAIN : 0U) |
		(answer->secure ? SECURE : 0U));
	put_number(out, 4, answer->ttl_s);
	put_name(out, answer->name != NULL ? answer->name : "");
	put_number(out, 2, answer->n);
	for (size_t i = 0; i < answer->n; i++)
		put_record(out, type, &answer->records[i]);
}

bool
dns_pass_get_answer(struct cur *c, enum dns_type type, struct arena *a,
    struct dns_answer *answer)
{
	uint64_t found, flags;

	if (cur_left(c) == 0)
		return false;
	found = get_number(c, 1);
	flags = get_number(c, 1);
	*answer = (struct dns_answer){
		.nxdomain = (flags & NXDOMAIN) != 0,
		.secure = (flags & SECURE) != 0,
		.ttl_s = (uint32_t)get_number(c, 4),
	};
	answer->name = get_name(c, a);
	answer->n = (size_t)get_number(c, 2);
	if (found > TEMPFAIL || answer->n > DNS_RECORDS_MAX ||
	    (found == FOUND) != (answer->n > 0))
		cur_fail(c);
	if (!cur_ok(c))
		return false;
	answer->found = (enum found)found;
	answer->why =
	    answer->found == TEMPFAIL ? "the DNS did not answer" : NULL;
	answer->records = arena_alloc(a, answer->n * sizeof *answer->records);
	for (size_t i = 0; i < answer->n; i++)
		get_record(c, type, a, &answer->records[i]);
	return cur_ok(c);
}
