/* SPDX-License-Identifier: ISC */
#include "dns/mxlist.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/cur.h"

static const uint8_t mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

static bool
is_v4(const uint8_t ip[16])
{
	return memcmp(ip, mapped, sizeof mapped) == 0;
}

/* Where a host of that preference goes: behind all better ones, and at random
 * among its equals. */
static size_t
place(const struct mx_list *list, uint16_t preference,
    uint32_t (*random)(uint32_t n))
{
	size_t from = 0, to;

	while (from < list->n && list->hosts[from].preference < preference)
		from++;
	to = from;
	while (to < list->n && list->hosts[to].preference == preference)
		to++;
	return from + random((uint32_t)(to - from + 1));
}

static void
insert(struct mx_list *list, size_t at, const char *name, uint16_t preference)
{
	struct mx_host *h = &list->hosts[at];

	if (at == MX_HOSTS_MAX)
		return;
	if (list->n == MX_HOSTS_MAX)
		list->n--; /* the worst one falls off */
	memmove(h + 1, h, (list->n - at) * sizeof *h);
	list->n++;
	*h = (struct mx_host){ .preference = preference };
	(void)slice_copy(slice_str(name), h->name, sizeof h->name);
}

static void
erase(struct mx_list *list, size_t at)
{
	struct mx_host *h = &list->hosts[at];

	list->n--;
	memmove(h, h + 1, (list->n - at) * sizeof *h);
}

/* The same name a second time counts with its better preference. */
static bool
is_repeated(struct mx_list *list, const char *name, uint16_t preference)
{
	for (size_t i = 0; i < list->n; i++) {
		if (strcmp(list->hosts[i].name, name) != 0)
			continue;
		if (list->hosts[i].preference <= preference)
			return true;
		erase(list, i);
		return false;
	}
	return false;
}

void
mxlist_take(struct mx_list *list, const struct dns_answer *answer,
    uint32_t (*random)(uint32_t n))
{
	bool null = false;

	for (size_t i = 0; i < answer->n; i++) {
		const char *host = answer->records[i].mx.host;
		const uint16_t p = answer->records[i].mx.preference;

		if (*host == '\0')
			null = true;
		else if (!is_repeated(list, host, p))
			insert(list, place(list, p, random), host, p);
	}
	/* "." beside real hosts is an error of theirs that costs nothing. */
	if (null && list->n == 0)
		list->kind = MX_NULL;
}

void
mxlist_host_take(struct mx_host *host, enum dns_type type,
    const struct dns_answer *answer, uint32_t (*random)(uint32_t n))
{
	const size_t before = host->naddrs;

	if (answer->found == TEMPFAIL)
		host->temporary = true;
	for (size_t i = 0; i < answer->n && host->naddrs < MX_ADDRS_MAX; i++) {
		const struct dns_record *r = &answer->records[i];
		const size_t at =
		    before + random((uint32_t)(host->naddrs - before + 1));
		uint8_t ip[16];

		if (type == DNS_AAAA) {
			memcpy(ip, r->aaaa, sizeof ip);
		} else {
			memcpy(ip, mapped, sizeof mapped);
			memcpy(ip + sizeof mapped, r->a, sizeof r->a);
		}
		memcpy(host->ip[host->naddrs], host->ip[at], sizeof ip);
		memcpy(host->ip[at], ip, sizeof ip);
		host->naddrs++;
	}
}

/* IPv6 first, then in turns, each kind in the order it has. */
static void
alternate(struct mx_host *host)
{
	uint8_t out[MX_ADDRS_MAX][16];
	size_t six = 0, four = 0;

	for (size_t n = 0; n < host->naddrs; n++) {
		size_t *from = n % 2 == 0 ? &six : &four;

		while (six < host->naddrs && is_v4(host->ip[six]))
			six++;
		while (four < host->naddrs && !is_v4(host->ip[four]))
			four++;
		if (*from == host->naddrs)
			from = from == &six ? &four : &six;
		memcpy(out[n], host->ip[(*from)++], 16);
	}
	memcpy(host->ip, out, host->naddrs * sizeof *out);
}

void
mxlist_finish(struct mx_list *list)
{
	bool temporary = false;

	for (size_t i = list->n; i-- > 0;) {
		struct mx_host *h = &list->hosts[i];

		if (h->naddrs > 0) {
			alternate(h);
			continue;
		}
		temporary = temporary || h->temporary;
		erase(list, i);
	}
	if (list->kind == MX_HOSTS && list->n == 0)
		list->kind = temporary ? MX_TEMPFAIL : MX_NO_ADDRESS;
}

bool
mxlist_drop_self(struct mx_list *list, struct slice self, bool by_address)
{
	for (size_t i = 0; i < list->n; i++) {
		if (!slice_ieq(slice_str(list->hosts[i].name), self) &&
		    !(by_address && list->hosts[i].self))
			continue;
		while (i > 0 && list->hosts[i - 1].preference ==
				    list->hosts[i].preference)
			i--;
		list->n = i;
		return true;
	}
	return false;
}

void
mxlist_format(const struct mx_list *list, struct buf *out)
{
	for (size_t i = 0; i < list->n; i++) {
		const struct mx_host *h = &list->hosts[i];

		buf_addf(out, "%u %s %s %s", (unsigned)h->preference, h->name,
		    h->secure ? "secure" : "insecure",
		    h->self ? "self" : "other");
		for (size_t k = 0; k < h->naddrs; k++) {
			char ip[INET6_ADDRSTRLEN];

			if (is_v4(h->ip[k]))
				inet_ntop(
				    AF_INET, h->ip[k] + 12, ip, sizeof ip);
			else
				inet_ntop(AF_INET6, h->ip[k], ip, sizeof ip);
			buf_addf(out, " %s", ip);
		}
		buf_addc(out, '\n');
	}
}

static bool
parse_ip(struct slice word, uint8_t ip[16])
{
	char text[INET6_ADDRSTRLEN];

	if (!slice_copy(word, text, sizeof text))
		return false;
	memcpy(ip, mapped, sizeof mapped);
	return inet_pton(AF_INET, text, ip + 12) == 1 ||
	       inet_pton(AF_INET6, text, ip) == 1;
}

static bool
parse_host(struct slice line, struct mx_host *h)
{
	struct slice rest, word = slice_cut(line, ' ', &rest);
	struct cur number = cur_of(word);

	*h = (struct mx_host){ 0 };
	h->preference = (uint16_t)cur_u64(&number, UINT16_MAX);
	word = slice_cut(rest, ' ', &rest);
	if (!cur_end(&number) || word.n == 0 ||
	    !slice_copy(word, h->name, sizeof h->name))
		return false;
	word = slice_cut(rest, ' ', &rest);
	h->secure = slice_is(word, "secure");
	if (!h->secure && !slice_is(word, "insecure"))
		return false;
	word = slice_cut(rest, ' ', &rest);
	h->self = slice_is(word, "self");
	if (!h->self && !slice_is(word, "other"))
		return false;
	while (rest.n > 0) {
		word = slice_cut(rest, ' ', &rest);
		if (h->naddrs == MX_ADDRS_MAX ||
		    !parse_ip(word, h->ip[h->naddrs]))
			return false;
		h->naddrs++;
	}
	return true;
}

bool
mxlist_parse(struct slice text, struct mx_list *list)
{
	*list = (struct mx_list){ .kind = MX_HOSTS };
	while (text.n > 0) {
		const struct slice line = slice_cut(text, '\n', &text);

		if (list->n == MX_HOSTS_MAX ||
		    !parse_host(line, &list->hosts[list->n]))
			return false;
		list->n++;
	}
	return true;
}

static int
by_name(const void *a, const void *b)
{
	const struct mx_host *const *x = a, *const *y = b;

	return strcasecmp((*x)->name, (*y)->name);
}

void
mxlist_by_name(const struct mx_list *list, const struct mx_host **hosts)
{
	for (size_t i = 0; i < list->n; i++)
		hosts[i] = &list->hosts[i];
	qsort(hosts, list->n, sizeof hosts[0], by_name);
}
