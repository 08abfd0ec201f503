/* SPDX-License-Identifier: ISC */
#include "ctl/dns/dnscheck.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/hex.h"
#include "base/mem.h"
#include "ctl/dns/dnsclients.h"
#include "ctl/dns/dnsround.h"
#include "ctl/dns/dnssts.h"
#include "ctl/sign/signkeys.h"
#include "dkim/key.h"
#include "dmarc/record.h"
#include "dns/answers.h"
#include "spf/spf.h"
#include "sys/addr.h"

enum { NAME_BYTES = 400 };

/* ---- where mail comes in ---- */

static void
check_mx(struct dnsround *r)
{
	struct dnscheck_row *w = dnsround_row(r, "mx", r->host->domain);
	const struct dns_answer *a = dnsround_get(r, r->host->domain, DNS_MX);
	bool ours = false;

	if (dnsround_has_answer(w, a))
		for (size_t i = 0; i < a->n; i++) {
			const char *host = a->records[i].mx.host;

			ours |= dnsround_is_host(r, host);
			dnsround_say(
			    w, host[0] != '\0'
				   ? slice_str(host)
				   : SLICE("\"MX 0 .\": it takes no mail"));
		}
	if (w->verdict == DNSCHECK_GOOD && !ours)
		w->verdict = DNSCHECK_WRONG;
	if (w->verdict >= DNSCHECK_MISSING)
		buf_addf(&w->publish, "%s. MX 10 %s.\n", r->host->domain,
		    r->host->hostname);
}

static void
address_text(const uint8_t ip[16], char text[INET6_ADDRSTRLEN], bool *v6)
{
	*v6 = !addr_ip16_is_v4(ip);
	(void)inet_ntop(*v6 ? AF_INET6 : AF_INET, *v6 ? ip : ip + 12, text,
	    INET6_ADDRSTRLEN);
}

/* Its name leads to the address, and the address to its name. */
static void
check_address(struct dnsround *r, const uint8_t ip[16])
{
	const char *host = r->host->hostname;
	struct dnscheck_row *w = dnsround_row(r, "address", host);
	char text[INET6_ADDRSTRLEN], reverse[DNS_NAME_MAX];
	const struct dns_answer *a;
	bool v6, named = false;

	address_text(ip, text, &v6);
	a = dnsround_get(r, host, v6 ? DNS_AAAA : DNS_A);
	if (dnsround_has_answer(w, a) && !dnsround_has_address(a, ip, v6)) {
		w->verdict = DNSCHECK_WRONG;
		buf_addf(&w->detail, "%s is not among them", text);
	} else if (w->verdict == DNSCHECK_GOOD) {
		buf_adds(&w->detail, text);
	}
	if (w->verdict >= DNSCHECK_MISSING)
		buf_addf(
		    &w->publish, "%s. %s %s\n", host, v6 ? "AAAA" : "A", text);
	dns_reverse_name(ip, reverse);
	w = dnsround_row(r, "reverse", reverse);
	a = dnsround_get(r, reverse, DNS_PTR);
	if (dnsround_has_answer(w, a))
		for (size_t i = 0; i < a->n; i++) {
			named |= dnsround_is_host(r, a->records[i].name);
			dnsround_say(w, slice_str(a->records[i].name));
		}
	if (w->verdict == DNSCHECK_GOOD && !named)
		w->verdict = DNSCHECK_WRONG;
	if (w->verdict >= DNSCHECK_MISSING)
		buf_addf(&w->publish, "%s. PTR %s.\n", reverse, host);
}

/* ---- whose mail goes out ---- */

static bool
is_spf(struct slice txt)
{
	return slice_iis(txt, "v=spf1") || slice_istarts(txt, SLICE("v=spf1 "));
}

static size_t
count_spf(const struct dns_answer *a)
{
	size_t n = 0;

	for (size_t i = 0; a != NULL && a->found == FOUND && i < a->n; i++)
		n += is_spf(a->records[i].txt);
	return n;
}

/* As a host that gets our mail would find. */
static void
check_spf(struct dnsround *r, const uint8_t ip[16])
{
	struct buf sender = { .max = NAME_BYTES };
	struct dnscheck_row *w = dnsround_row(r, "spf", r->host->domain);
	struct spf_question q = { .helo = slice_str(r->host->hostname),
		.now_s = r->host->now_s,
		.limits = &spf_limits_default };
	struct spf_verdict v = { .result = SPF_TEMPERROR };
	const struct dns_answer *a = dnsround_get(r, r->host->domain, DNS_TXT);
	struct arena arena;
	char text[INET6_ADDRSTRLEN];
	bool v6;

	arena_init(&arena);
	address_text(ip, text, &v6);
	buf_addf(&sender, "postmaster@%s", r->host->domain);
	q.sender = buf_slice(&sender);
	memcpy(q.ip, ip, sizeof q.ip);
	if (!spf_check(&q, r->answers, &arena, &v))
		r->waits = true;
	buf_addf(&w->detail, "%s for %s", spf_result_name(v.result), text);
	if (v.why.n > 0)
		buf_addf(&w->detail, ": %.*s", SLICE_FMT(v.why));
	if (v.result == SPF_TEMPERROR)
		w->verdict = DNSCHECK_UNKNOWN;
	else if (v.result == SPF_NONE)
		w->verdict = DNSCHECK_MISSING;
	else if (v.result != SPF_PASS)
		w->verdict = DNSCHECK_WRONG;
	if (w->verdict == DNSCHECK_MISSING && a != NULL && count_spf(a) == 0)
		buf_addf(&w->publish, "%s. TXT \"v=spf1 mx ~all\"\n",
		    r->host->domain);
	else if (w->verdict == DNSCHECK_WRONG)
		buf_addf(&w->publish, "%s. TXT \"v=spf1 %s:%s ~all\"   ; %s\n",
		    r->host->domain, v6 ? "ip6" : "ip4", text,
		    count_spf(a) > 1
			? "in place of all that are there"
			: "or that term in the record that is there");
	arena_fini(&arena);
	buf_fini(&sender);
}

static void
check_key(struct dnsround *r, const struct signkey *k)
{
	char *name = xasprintf("%s._domainkey.%s", k->selector, k->domain);
	struct dnscheck_row *w = dnsround_row(r, "dkim", name);
	const struct dns_answer *a = dnsround_get(r, name, DNS_TXT);
	bool shown = false;

	if (dnsround_has_answer(w, a)) {
		for (size_t i = 0; i < a->n; i++)
			shown |= dkim_key_shows(
			    a->records[i].txt, slice_str(k->public));
		w->verdict = shown ? DNSCHECK_GOOD : DNSCHECK_WRONG;
		buf_adds(&w->detail, shown ? k->type : "another key");
	}
	if (w->verdict >= DNSCHECK_MISSING)
		signkeys_record(k, &w->publish);
	free(name);
}

static void
check_dkim(struct dnsround *r)
{
	struct dnscheck_row *w;

	for (size_t i = 0; i < r->host->keys->n; i++)
		check_key(r, &r->host->keys->v[i]);
	if (r->host->keys->n > 0)
		return;
	w = dnsround_row(r, "dkim", r->host->domain);
	w->verdict = DNSCHECK_MISSING;
	buf_addf(&w->detail, "this host has no keys: \"pabal dkim add %s\"",
	    r->host->domain);
}

static void
check_dmarc(struct dnsround *r)
{
	char *name = xasprintf("_dmarc.%s", r->host->domain);
	struct dnscheck_row *w = dnsround_row(r, "dmarc", name);
	const struct dns_answer *a = dnsround_get(r, name, DNS_TXT);
	struct dmarc_record d;
	size_t n = 0;

	if (dnsround_has_answer(w, a)) {
		for (size_t i = 0; i < a->n; i++)
			if (dmarc_record_parse(a->records[i].txt, &d)) {
				n++;
				dnsround_say(w, a->records[i].txt);
			}
		if (n != 1)
			w->verdict = n == 0 ? DNSCHECK_MISSING : DNSCHECK_WRONG;
		else if (!d.usable)
			w->verdict = DNSCHECK_WRONG;
		if (n == 0)
			buf_adds(&w->detail, "there is none");
	}
	if (w->verdict >= DNSCHECK_MISSING)
		buf_addf(&w->publish,
		    "%s. TXT \"v=DMARC1; p=none; rua=mailto:postmaster@%s\"\n",
		    name, r->host->domain);
	free(name);
}

/* ---- what need not be there ---- */

static bool
is_our_key(const struct dnsround *r, const struct dns_record *t)
{
	const char *id = r->host->key_id;

	if (t->tlsa.usage != 3 || t->tlsa.selector != 1 ||
	    t->tlsa.matching != 1 || 2 * t->tlsa.data.n != strlen(id))
		return false;
	for (size_t i = 0; i < t->tlsa.data.n; i++)
		if ((hex_digit(id[2 * i]) << 4 | hex_digit(id[2 * i + 1])) !=
		    (uint8_t)t->tlsa.data.p[i])
			return false;
	return true;
}

/* Where there is one that is not ours, hosts that look refuse to send here. */
static void
check_tlsa(struct dnsround *r)
{
	char *name = xasprintf("_25._tcp.%s", r->host->hostname);
	struct dnscheck_row *w = dnsround_row(r, "tlsa", name);
	const struct dns_answer *a = dnsround_get(r, name, DNS_TLSA);
	bool ours = false;

	if (dnsround_has_answer(w, a)) {
		for (size_t i = 0; i < a->n; i++)
			ours |= is_our_key(r, &a->records[i]);
		w->verdict = ours ? DNSCHECK_GOOD : DNSCHECK_WRONG;
		buf_adds(&w->detail, ours ? "the key of this host"
					  : "none is 3 1 1 of this host's key");
	} else if (w->verdict == DNSCHECK_MISSING) {
		w->verdict = DNSCHECK_OPTIONAL;
	}
	if (r->host->key_id[0] == '\0') {
		free(name);
		return;
	}
	if (w->verdict == DNSCHECK_OPTIONAL)
		buf_addf(&w->publish,
		    "; in a zone that is signed (DNSSEC), and changed with the "
		    "key:\n%s. TLSA 3 1 1 %s\n",
		    name, r->host->key_id);
	else if (w->verdict == DNSCHECK_WRONG)
		buf_addf(
		    &w->publish, "%s. TLSA 3 1 1 %s\n", name, r->host->key_id);
	free(name);
}

/* ---- all of it ---- */

/* Those that the hostname has, where we do not know our own. */
static void
add_found(struct dnsround *r, enum dns_type type, struct dnscheck_host *host)
{
	const struct dns_answer *a = dnsround_get(r, r->host->hostname, type);

	for (size_t i = 0; a != NULL && a->found == FOUND && i < a->n &&
			   host->naddresses < DNSCHECK_ADDRESSES_MAX;
	     i++) {
		uint8_t *to = host->addresses[host->naddresses++];

		memset(to, 0, 16);
		if (type == DNS_AAAA) {
			memcpy(to, a->records[i].aaaa, 16);
		} else {
			to[10] = to[11] = 0xff;
			memcpy(to + 12, a->records[i].a, 4);
		}
	}
}

static void
check_addresses(struct dnsround *r, const struct dnscheck_host *host)
{
	struct dnscheck_row *w;

	for (size_t i = 0; i < host->naddresses; i++) {
		check_address(r, host->addresses[i]);
		check_spf(r, host->addresses[i]);
	}
	if (host->naddresses > 0)
		return;
	w = dnsround_row(r, "address", host->hostname);
	w->verdict = DNSCHECK_MISSING;
	buf_adds(&w->detail, "there is none");
	buf_addf(&w->publish, "%s. A (the public address of this host)\n",
	    host->hostname);
}

bool
dnscheck_run(struct dnscheck *c, const struct dnscheck_host *host,
    struct dns_answers *answers)
{
	struct dnscheck_host known = *host;
	struct dnsround r = { .c = c, .host = host, .answers = answers };

	c->n = 0;
	if (host->naddresses == 0) {
		add_found(&r, DNS_A, &known);
		add_found(&r, DNS_AAAA, &known);
		r.host = &known;
	}
	check_mx(&r);
	check_addresses(&r, &known);
	check_dkim(&r);
	check_dmarc(&r);
	dnssts_check(&r);
	check_tlsa(&r);
	dnsclients_check(&r);
	if (r.waits)
		dnscheck_fini(c);
	return !r.waits;
}

void
dnscheck_fini(struct dnscheck *c)
{
	for (size_t i = 0; i < c->n; i++) {
		buf_fini(&c->rows[i].name);
		buf_fini(&c->rows[i].detail);
		buf_fini(&c->rows[i].publish);
	}
	c->n = 0;
}

const char *
dnscheck_word(enum dnscheck_verdict v)
{
	static const char *const words[DNSCHECK_VERDICTS] = {
		[DNSCHECK_GOOD] = "good",
		[DNSCHECK_OPTIONAL] = "optional",
		[DNSCHECK_UNKNOWN] = "unknown",
		[DNSCHECK_MISSING] = "missing",
		[DNSCHECK_WRONG] = "wrong",
	};

	return words[v];
}

bool
dnscheck_is_well(const struct dnscheck *c)
{
	for (size_t i = 0; i < c->n; i++)
		if (c->rows[i].verdict >= DNSCHECK_UNKNOWN)
			return false;
	return true;
}
