/* SPDX-License-Identifier: ISC */
#include "reporter/takers.h"

#include "dmarc/consent.h"
#include "dmarc/record.h"
#include "dnsclient/dnsclient.h"
#include "log/log.h"
#include "proto/weburi.h"
#include "report/tlsrpt.h"

enum { DNS_MS = 30000, NAME_MAX_BYTES = 512 };

static struct {
	bool open, asked; /* asked: for the record of DMARC */
	enum report_kind kind;
	const char *domain;
	struct slice rua; /* as it was when its mail came */
	struct takers found;
	struct arena arena;
	struct dns_answers answers;
	struct dnsclient dns;
	void (*done)(void);
} now;

/* ---- of DMARC ---- */

static void
refuse(const struct dmarc_uri *u, const char *why)
{
	log_info("report.destination-refused", kv_s("domain", now.domain),
	    kv_slice("to", u->address), kv_s("why", why));
}

/* Where whoever gets it says that it is to go instead, at the same host. */
static void
redirect(struct dmarc_uri *u, struct slice rua)
{
	struct dmarc_uri other[DMARC_URIS_MAX];

	if (rua.n > 0 && dmarc_uris(rua, &now.arena, other) > 0 &&
	    slice_ieq(other[0].host, u->host))
		*u = other[0];
}

/* Leave those that agree. */
static void
choose(const struct dmarc_consent *consents)
{
	struct takers *t = &now.found;
	size_t n = 0;

	for (size_t i = 0; i < t->n; i++) {
		struct dmarc_uri *u = &t->uris[i];

		if (consents[i].found == FOUND) {
			redirect(u, consents[i].rua);
			t->uris[n++] = *u;
		} else if (consents[i].found == ABSENT) {
			refuse(u, "its domain does not agree");
		} else {
			t->uncertain = true;
			refuse(u, "no answer from the DNS");
		}
	}
	t->n = n;
}

/* Where there are several records there is none (RFC 9989 4.10.1). */
static struct slice
read_rua(const struct dns_answer *answer)
{
	struct slice rua = SLICE("");
	struct dmarc_record r;
	size_t n = 0;

	for (size_t i = 0; i < answer->n; i++)
		if (dmarc_record_parse(answer->records[i].txt, &r)) {
			rua = r.rua;
			n++;
		}
	return n == 1 ? rua : SLICE("");
}

/* Whom the domain names today; while it does not say, those of before. */
static bool
ask_rua(void)
{
	struct buf name = { .max = NAME_MAX_BYTES };
	struct takers *t = &now.found;
	const struct dns_answer *answer;
	struct slice rua = now.rua;

	buf_addf(&name, "_dmarc.%s", now.domain);
	answer = dns_answers_get(&now.answers, buf_slice(&name), DNS_TXT);
	buf_fini(&name);
	if (answer == NULL)
		return false;
	now.asked = true;
	t->uncertain = answer->found == TEMPFAIL;
	if (!t->uncertain)
		rua = read_rua(answer);
	t->wanted = rua.n > 0;
	t->n = dmarc_uris(rua, &now.arena, t->uris);
	return true;
}

static bool
consent(void)
{
	struct dmarc_consent consents[DMARC_URIS_MAX];
	bool all = true;

	if (!now.asked && !ask_rua())
		return false;
	for (size_t i = 0; i < now.found.n; i++)
		all &= dmarc_consent(slice_str(now.domain),
		    now.found.uris[i].host, &now.answers, &consents[i]);
	if (all)
		choose(consents);
	return all;
}

/* ---- of TLS ---- */

/* Those that it is posted to; the rest is dmarc_uris' to read. */
static void
take_posts(struct slice rua)
{
	struct takers *t = &now.found;
	struct weburi u;

	while (rua.n > 0 && t->nposts < PENDING_MAX) {
		const struct slice one = slice_trim(slice_cut(rua, ',', &rua));

		if (weburi_parse(one, &u))
			t->posts[t->nposts++] = arena_slice(&now.arena, one);
		else if (slice_istarts(one, SLICE("https:")))
			log_info("report.destination-refused",
			    kv_s("domain", now.domain), kv_slice("to", one),
			    kv_s("why", "it is no https URI"));
	}
}

/* Where there are several records there is none. */
static void
read_records(const struct dns_answer *answer)
{
	struct takers *t = &now.found;
	struct slice record = SLICE(""), rua;
	size_t n = 0;

	t->uncertain = answer->found == TEMPFAIL;
	for (size_t i = 0; i < answer->n; i++)
		if (tlsrpt_is_record(answer->records[i].txt)) {
			record = answer->records[i].txt;
			n++;
		}
	t->wanted = n == 1 && tlsrpt_parse(record, &rua);
	if (!t->wanted)
		return;
	t->n = dmarc_uris(rua, &now.arena, t->uris);
	take_posts(rua);
}

static bool
ask_record(void)
{
	struct buf name = { .max = NAME_MAX_BYTES };
	const struct dns_answer *answer;

	buf_addf(&name, "_smtp._tls.%s", now.domain);
	answer = dns_answers_get(&now.answers, buf_slice(&name), DNS_TXT);
	buf_fini(&name);
	if (answer != NULL)
		read_records(answer);
	return answer != NULL;
}

/* ---- */

static void
go_on(void)
{
	while (!(now.kind == REPORT_OF_TLS ? ask_record() : consent()))
		if (dnsclient_ask(&now.dns))
			return;
	now.done();
}

static void
on_all(struct dnsclient *d)
{
	(void)d;
	go_on();
}

void
takers_find(enum report_kind kind, const char *domain, struct slice rua,
    void (*done)(void))
{
	now.open = true;
	now.kind = kind;
	now.domain = domain;
	now.done = done;
	now.rua = rua;
	now.asked = false;
	now.found = (struct takers){ 0 };
	arena_init(&now.arena);
	dns_answers_init(&now.answers);
	dnsclient_init(&now.dns, &now.answers, DNS_MS, on_all);
	go_on();
}

const struct takers *
takers_found(void)
{
	return &now.found;
}

void
takers_forget(void)
{
	if (!now.open)
		return;
	now.open = false;
	dnsclient_fini(&now.dns);
	dns_answers_fini(&now.answers);
	arena_fini(&now.arena);
}
