/* SPDX-License-Identifier: ISC */
#include "dns/wire.h"

#include <stdio.h>
#include <string.h>

#include "base/ascii.h"
#include "base/cur.h"

enum {
	HEADER = 12,
	RCODE_NXDOMAIN = 3,
	CLASS_IN = 1,
	ALIASES_MAX = 16,
	POINTERS_MAX = 64, /* jumps in one compressed name */
};

/* A record before its data is looked at. */
struct rr {
	char owner[DNS_NAME_MAX];
	uint16_t type, class;
	uint32_t ttl_s;
	struct cur data;
};

static uint16_t
get_u16(struct cur *c)
{
	const struct slice s = cur_take(c, 2);

	if (s.n != 2)
		return 0;
	return (uint16_t)((unsigned char)s.p[0] << 8 | (unsigned char)s.p[1]);
}

static uint32_t
get_u32(struct cur *c)
{
	const uint32_t high = get_u16(c);

	return high << 16 | get_u16(c);
}

/* One label to OUT in lower case.  A dot or a backslash inside a label, a NUL
 * or a blank would read as another name than it is: such names are nobody's
 * mail host. */
static bool
add_label(struct slice label, char *out, size_t *n)
{
	if (*n + label.n + 1 >= DNS_NAME_MAX)
		return false;
	if (*n > 0)
		out[(*n)++] = '.';
	for (size_t i = 0; i < label.n; i++) {
		const char ch = label.p[i];

		if (!ascii_isprint(ch) || ch == ' ' || ch == '.' || ch == '\\')
			return false;
		out[(*n)++] = ascii_lower(ch);
	}
	return true;
}

/* A name at C, compressed or not (RFC 1035 4.1.4), from PACKET.  Pointers
 * lead backwards only, so none leads in a circle. */
static void
get_name(struct cur *c, struct slice packet, char out[DNS_NAME_MAX])
{
	struct cur at = *c;
	const char *limit = packet.p + packet.n;
	bool jumped = false;
	size_t n = 0;

	for (int steps = 0; steps < POINTERS_MAX + 128; steps++) {
		const char *here = at.p;
		const int len = cur_byte(&at);
		const int top = len & 0xc0;

		if (len == -1 || top == 0x40 || top == 0x80)
			break;
		if (top == 0xc0) {
			const int low = cur_byte(&at);
			const size_t to = (size_t)((len & 0x3f) << 8 | low);

			if (low == -1 || packet.p + to >= limit ||
			    packet.p + to >= here)
				break;
			if (!jumped)
				*c = at;
			jumped = true;
			limit = packet.p + to;
			at = cur_of(slice_from(packet, to));
			continue;
		}
		if (len == 0) {
			if (!jumped)
				*c = at;
			out[n] = '\0';
			return;
		}
		if (!add_label(cur_take(&at, (size_t)len), out, &n) ||
		    !cur_ok(&at))
			break;
	}
	cur_fail(c);
	out[0] = '\0';
}

static void
get_rr(struct cur *c, struct slice packet, struct rr *rr)
{
	get_name(c, packet, rr->owner);
	rr->type = get_u16(c);
	rr->class = get_u16(c);
	rr->ttl_s = get_u32(c);
	rr->data = cur_of(cur_take(c, get_u16(c)));
}

/* A compressed name in a record's data, that ends where the data ends. */
static const char *
get_data_name(struct cur *c, struct slice packet, struct arena *a)
{
	char name[DNS_NAME_MAX];

	get_name(c, packet, name);
	return arena_str(a, slice_str(name));
}

static struct slice
get_strings(struct cur *c, struct arena *a)
{
	char *p = arena_alloc(a, cur_left(c) + 1);
	size_t n = 0;

	while (cur_left(c) > 0) {
		const int len = cur_byte(c);
		const struct slice s = cur_take(c, len > 0 ? (size_t)len : 0);

		if (s.n > 0)
			memcpy(p + n, s.p, s.n);
		n += s.n;
	}
	return slice_of(p, n);
}

static void
get_bytes(struct cur *c, uint8_t *out, size_t n)
{
	const struct slice s = cur_take(c, n);

	if (s.n == n)
		memcpy(out, s.p, n);
}

/* The data of a record of TYPE; false when it has not that type's form. */
static bool
get_record(struct cur c, struct slice packet, enum dns_type type,
    struct arena *a, struct dns_record *r)
{
	switch (type) {
	case DNS_A:
		get_bytes(&c, r->a, sizeof r->a);
		break;
	case DNS_AAAA:
		get_bytes(&c, r->aaaa, sizeof r->aaaa);
		break;
	case DNS_CNAME:
	case DNS_PTR:
		r->name = get_data_name(&c, packet, a);
		break;
	case DNS_MX:
		r->mx.preference = get_u16(&c);
		r->mx.host = get_data_name(&c, packet, a);
		break;
	case DNS_SRV:
		r->mx.preference = get_u16(&c);
		r->mx.weight = get_u16(&c);
		r->mx.port = get_u16(&c);
		r->mx.host = get_data_name(&c, packet, a);
		break;
	case DNS_TXT:
		r->txt = get_strings(&c, a);
		break;
	case DNS_TLSA:
		r->tlsa.usage = (uint8_t)cur_byte(&c);
		r->tlsa.selector = (uint8_t)cur_byte(&c);
		r->tlsa.matching = (uint8_t)cur_byte(&c);
		r->tlsa.data = arena_slice(a, cur_take(&c, cur_left(&c)));
		break;
	}
	return cur_end(&c);
}

/* Where NAME leads by the aliases in the answer; NAME itself without one. */
static bool
follow(struct cur answers, unsigned count, struct slice packet, char *name,
    uint32_t *ttl_s)
{
	for (int hops = 0; hops < ALIASES_MAX; hops++) {
		struct cur c = answers;
		bool moved = false;

		for (unsigned i = 0; i < count && !moved; i++) {
			struct rr rr;

			get_rr(&c, packet, &rr);
			if (!cur_ok(&c))
				return false;
			if (rr.type != DNS_CNAME || rr.class != CLASS_IN ||
			    strcmp(rr.owner, name) != 0)
				continue;
			get_name(&rr.data, packet, name);
			if (!cur_end(&rr.data))
				return false;
			if (rr.ttl_s < *ttl_s)
				*ttl_s = rr.ttl_s;
			moved = true;
		}
		if (!moved)
			return true;
	}
	return false;
}

static bool
collect(struct cur c, unsigned count, struct slice packet, enum dns_type type,
    struct arena *a, struct dns_answer *answer)
{
	answer->records =
	    arena_alloc(a, (count < DNS_RECORDS_MAX ? count : DNS_RECORDS_MAX) *
			       sizeof *answer->records);
	for (unsigned i = 0; i < count; i++) {
		struct rr rr;

		get_rr(&c, packet, &rr);
		if (!cur_ok(&c))
			return false;
		if (rr.type != type || rr.class != CLASS_IN ||
		    strcmp(rr.owner, answer->name) != 0 ||
		    answer->n == DNS_RECORDS_MAX)
			continue;
		if (!get_record(
			rr.data, packet, type, a, &answer->records[answer->n]))
			return false;
		answer->n++;
		if (rr.ttl_s < answer->ttl_s)
			answer->ttl_s = rr.ttl_s;
	}
	return true;
}

static void
fail(struct dns_answer *answer, const char *why)
{
	answer->found = TEMPFAIL;
	answer->n = 0;
	answer->ttl_s = 0;
	answer->why = why;
}

void
dns_wire_parse(struct slice packet, enum dns_type type, struct arena *a,
    struct dns_answer *answer)
{
	struct cur c = cur_of(packet);
	char name[DNS_NAME_MAX];
	unsigned flags, questions, count, rcode;

	*answer = (struct dns_answer){ .name = "", .ttl_s = INT32_MAX };
	(void)get_u16(&c);
	flags = get_u16(&c);
	questions = get_u16(&c);
	count = get_u16(&c);
	(void)get_u32(&c);
	rcode = flags & 15;
	get_name(&c, packet, name);
	(void)get_u32(&c);
	if (!cur_ok(&c) || questions != 1) {
		fail(answer, "malformed answer");
		return;
	}
	if (rcode != 0 && rcode != RCODE_NXDOMAIN) {
		fail(answer, "server failure");
		return;
	}
	if (!follow(c, count, packet, name, &answer->ttl_s)) {
		fail(answer, "malformed answer or loop of aliases");
		return;
	}
	answer->name = arena_str(a, slice_str(name));
	answer->nxdomain = rcode == RCODE_NXDOMAIN;
	if (!collect(c, count, packet, type, a, answer)) {
		fail(answer, "malformed answer");
		return;
	}
	answer->found = answer->n > 0 ? FOUND : ABSENT;
	if (answer->n == 0 && answer->ttl_s == INT32_MAX)
		answer->ttl_s = 0;
}

const char *
dns_type_name(enum dns_type type)
{
	switch (type) {
	case DNS_A:
		return "A";
	case DNS_CNAME:
		return "CNAME";
	case DNS_PTR:
		return "PTR";
	case DNS_MX:
		return "MX";
	case DNS_TXT:
		return "TXT";
	case DNS_AAAA:
		return "AAAA";
	case DNS_SRV:
		return "SRV";
	case DNS_TLSA:
		return "TLSA";
	}
	return "?";
}

void
dns_reverse_name(const uint8_t ip[16], char out[DNS_NAME_MAX])
{
	static const uint8_t mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff,
		0xff };
	char *p = out;

	if (memcmp(ip, mapped, sizeof mapped) == 0) {
		snprintf(out, DNS_NAME_MAX, "%u.%u.%u.%u.in-addr.arpa", ip[15],
		    ip[14], ip[13], ip[12]);
		return;
	}
	for (int i = 15; i >= 0; i--) {
		*p++ = "0123456789abcdef"[ip[i] & 15];
		*p++ = '.';
		*p++ = "0123456789abcdef"[ip[i] >> 4];
		*p++ = '.';
	}
	memcpy(p, "ip6.arpa", sizeof "ip6.arpa");
}
