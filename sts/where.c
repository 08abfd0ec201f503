/* SPDX-License-Identifier: ISC */
#include "sts/where.h"

#include <string.h>

#include "sts/conf.h"
#include "sys/ip16.h"

enum {
	ADDRESSES = 8, /* of each family that are tried */
	TEXT_MAX = 2048,
};

/* The IPv4 address that IP leads to behind NAT64 (RFC 6052 2.1) and 6to4
 * (RFC 3056 2), mapped into V4. */
static bool
embedded(const uint8_t ip[16], uint8_t v4[16])
{
	static const uint8_t nat64[12] = { 0x00, 0x64, 0xff, 0x9b };
	static const uint8_t six_to_4[2] = { 0x20, 0x02 };
	const uint8_t *from = NULL;

	if (memcmp(ip, nat64, sizeof nat64) == 0)
		from = ip + sizeof nat64;
	else if (memcmp(ip, six_to_4, sizeof six_to_4) == 0)
		from = ip + sizeof six_to_4;
	if (from == NULL)
		return false;
	memset(v4, 0, 10);
	v4[10] = v4[11] = 0xff;
	memcpy(v4 + 12, from, 4);
	return true;
}

static bool
is_inside(const uint8_t ip[16])
{
	uint8_t v4[16];
	struct addr a;

	ip16_addr(&a, ip, (uint16_t)sts_conf->https_port);
	return conf_nets_match(&sts_conf->inside_networks, &a) ||
	       (embedded(ip, v4) && is_inside(v4));
}

static void
add(struct sts_where *w, const uint8_t ip[16], bool *inside)
{
	char text[ADDR_TEXT];
	const bool v6 = !addr_ip16_is_v4(ip);
	struct addr a;

	if (is_inside(ip)) {
		*inside = true;
		return;
	}
	ip16_addr(&a, ip, (uint16_t)sts_conf->https_port);
	if (w->text.n == 0)
		w->first = a;
	buf_addf(&w->text, "%s%s%s%s", w->text.n > 0 ? "," : "", v6 ? "[" : "",
	    addr_format_ip(&a, text), v6 ? "]" : "");
}

static void
add_v4(struct sts_where *w, const struct dns_answer *a, bool *inside)
{
	uint8_t ip[16] = { [10] = 0xff, [11] = 0xff };

	for (size_t i = 0; a->found == FOUND && i < a->n && i < ADDRESSES;
	     i++) {
		memcpy(ip + 12, a->records[i].a, 4);
		add(w, ip, inside);
	}
}

static void
add_v6(struct sts_where *w, const struct dns_answer *a, bool *inside)
{
	for (size_t i = 0; a->found == FOUND && i < a->n && i < ADDRESSES; i++)
		add(w, a->records[i].aaaa, inside);
}

bool
sts_where(struct dns_answers *answers, struct slice host, struct sts_where *w)
{
	const struct dns_answer *a = dns_answers_get(answers, host, DNS_A);
	const struct dns_answer *aaaa =
	    dns_answers_get(answers, host, DNS_AAAA);
	bool inside = false;

	if (a == NULL || aaaa == NULL)
		return false;
	*w = (struct sts_where){ .why = NULL };
	buf_init(&w->text, TEXT_MAX);
	add_v6(w, aaaa, &inside);
	add_v4(w, a, &inside);
	if (w->text.n > 0)
		return true;
	w->inside = inside;
	w->why = inside ? "its host has addresses of inside_networks alone"
			: "its host has no address";
	return true;
}
