/* SPDX-License-Identifier: ISC */
#include "ctl/dns/dnscheck.h"

#include "tests/unit.h"

#include <string.h>

#include "base/mem.h"
#include "ctl/sign/signkeys.h"
#include "dns/answers.h"
#include "dns/zone.h"

static const uint8_t ip4[16] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192,
	0, 2, 1 };
static const uint8_t ip6[16] = { 0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0,
	0, 0, 0, 1 };

static char id[] =
    "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

/* Everything is right, by the row it is for. */
static const struct {
	const char *what, *line;
} good[] = {
	{ "mx", "a.test. MX 10 mail.a.test." },
	{ "address", "mail.a.test. A 192.0.2.1" },
	{ "reverse", "1.2.0.192.in-addr.arpa. PTR mail.a.test." },
	{ "spf", "a.test. TXT \"v=spf1 mx -all\"" },
	{ "dkim", "s._domainkey.a.test. TXT \"v=DKIM1; k=ed25519; p=AAAA\"" },
	{ "dmarc", "_dmarc.a.test. TXT \"v=DMARC1; p=reject\"" },
	{ "mta-sts", "_mta-sts.a.test. TXT \"v=STSv1; id=1\"" },
	{ "sts-host", "mta-sts.a.test. A 192.0.2.7" },
	{ "autoconf", "autoconfig.a.test. CNAME web.test." },
	{ "tlsrpt", "_smtp._tls.a.test. TXT \"v=TLSRPTv1; "
		    "rua=https://r.test/,mailto:a@r.test\"" },
	{ "tlsa", "_25._tcp.mail.a.test. TLSA 3 1 1 00112233445566778899AABBCC"
		  "DDEEFF00112233445566778899aabbccddeeff" },
};

/* In the place of the line for WHAT; NULL: nothing. */
/* clang-format off */
static const struct {
	const char *what, *line;
	const char *verdict;
	const char *publish; /* "": nothing */
} rows[] = {
	{ "mx", NULL, "missing", "a.test. MX 10 mail.a.test.\n" },
	{ "mx", "a.test. MX 10 MAIL.a.test.\na.test. MX 20 mx.b.test.", "good", "" },
	{ "mx", "a.test. MX 10 mx.b.test.", "wrong", "a.test. MX 10 mail.a.test.\n" },
	{ "mx", "a.test. MX 0 .", "wrong", "a.test. MX 10 mail.a.test.\n" },
	{ "mx", "a.test. FAIL", "unknown", "" },
	{ "address", NULL, "missing", "mail.a.test. A 192.0.2.1\n" },
	{ "address", "mail.a.test. A 192.0.2.9", "wrong", "mail.a.test. A 192.0.2.1\n" },
	{ "address", "mail.a.test. A 192.0.2.9\nmail.a.test. A 192.0.2.1", "good", "" },
	{ "reverse", NULL, "missing", "1.2.0.192.in-addr.arpa. PTR mail.a.test.\n" },
	{ "reverse", "1.2.0.192.in-addr.arpa. PTR isp.test.", "wrong", "1.2.0.192.in-addr.arpa. PTR mail.a.test.\n" },
	{ "spf", NULL, "missing", "a.test. TXT \"v=spf1 mx ~all\"\n" },
	{ "spf", "a.test. TXT \"something else\"", "missing", "a.test. TXT \"v=spf1 mx ~all\"\n" },
	{ "spf", "a.test. TXT \"v=spf1 ip4:192.0.2.0/24 -all\"", "good", "" },
	{ "spf", "a.test. TXT \"v=spf1 -all\"", "wrong", NULL },
	{ "spf", "a.test. TXT \"v=spf1 ?all\"", "wrong", NULL },
	{ "spf", "a.test. TXT \"v=spf1 mx -all\"\na.test. TXT \"v=spf1 -all\"", "wrong", "a.test. TXT \"v=spf1 ip4:192.0.2.1 ~all\"   ; in place of all that are there\n" },
	{ "dkim", NULL, "missing", "s._domainkey.a.test. TXT \"v=DKIM1; k=ed25519; p=AAAA\"\n" },
	{ "dkim", "s._domainkey.a.test. TXT \"v=DKIM1; k=ed25519; p=BBBB\"", "wrong", "s._domainkey.a.test. TXT \"v=DKIM1; k=ed25519; p=AAAA\"\n" },
	{ "dkim", "s._domainkey.a.test. TXT \"v=DKIM1; p=\"", "wrong", NULL },
	{ "dmarc", NULL, "missing", "_dmarc.a.test. TXT \"v=DMARC1; p=none; rua=mailto:postmaster@a.test\"\n" },
	{ "dmarc", "_dmarc.a.test. TXT \"v=DMARC1\"", "wrong", NULL },
	{ "dmarc", "_dmarc.a.test. TXT \"v=DMARC1; p=none\"\n_dmarc.a.test. TXT \"v=DMARC1; p=reject\"", "wrong", NULL },
	{ "mta-sts", NULL, "optional", "; the policy first (\"pabal conf set httpd mta_sts_policy testing\" has this host publish it),\n; at https://mta-sts.a.test/.well-known/mta-sts.txt:\n;   version: STSv1\n;   mode: testing\n;   mx: mail.a.test\n;   max_age: 604800\n_mta-sts.a.test. TXT \"v=STSv1; id=20261201065607\"\n" },
	{ "mta-sts", "_mta-sts.a.test. TXT \"v=STSv1\"", "wrong", "" },
	{ "mta-sts", "_mta-sts.a.test. TXT \"v=STSv1; id=1\"\n_mta-sts.a.test. TXT \"v=STSv1; id=2\"", "wrong", "" },
	{ "mta-sts", "_mta-sts.a.test. TXT \"v=STSv1; id=a-b\"", "wrong", "" },
	{ "sts-host", NULL, "missing", "" },
	{ "sts-host", "mta-sts.a.test. FAIL", "unknown", "" },
	{ "tlsrpt", NULL, "optional", "_smtp._tls.a.test. TXT \"v=TLSRPTv1; rua=mailto:postmaster@a.test\"\n" },
	{ "tlsrpt", "_smtp._tls.a.test. TXT \"other\"", "optional", "_smtp._tls.a.test. TXT \"v=TLSRPTv1; rua=mailto:postmaster@a.test\"\n" },
	{ "tlsrpt", "_smtp._tls.a.test. TXT \"v=TLSRPTv1; rua=\"", "wrong", NULL },
	{ "tlsrpt", "_smtp._tls.a.test. TXT \"v=TLSRPTv1; rua=mailto:a@r.test\"\n_smtp._tls.a.test. TXT \"v=TLSRPTv1; rua=mailto:b@r.test\"", "wrong", NULL },
	{ "autoconf", NULL, "optional", "" },
	{ "autoconf", "autoconfig.a.test. CNAME mail.a.test.", "optional", "" },
	{ "autoconf", "autoconfig.a.test. A 192.0.2.1", "optional", "" },
	{ "autoconf", "autoconfig.a.test. A 192.0.2.9\nautoconfig.a.test. AAAA 2001:db8::9", "good", "" },
	{ "autoconf", "autoconfig.a.test. FAIL", "unknown", "" },
	{ "tlsa", NULL, "optional", "; in a zone that is signed (DNSSEC), and changed with the key:\n_25._tcp.mail.a.test. TLSA 3 1 1 00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\n" },
	{ "tlsa", "_25._tcp.mail.a.test. TLSA 3 1 1 00", "wrong", NULL },
	{ "tlsa", "_25._tcp.mail.a.test. TLSA 3 1 1 00\n_25._tcp.mail.a.test. TLSA 3 1 1 00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff", "good", "" },
};
/* clang-format on */

static void
run(struct dnscheck *c, const struct dnscheck_host *host, struct slice zone)
{
	struct dns_answers answers;
	struct err err;
	struct dns_zone *z = dns_zone_parse(zone, &err);

	if (z == NULL)
		fail_msg("%s", err.text);
	dns_answers_init(&answers);
	while (!dnscheck_run(c, host, &answers))
		dns_zone_answer(z, &answers);
	dns_answers_fini(&answers);
	dns_zone_free(&z);
}

static struct signkey key = { .domain = (char[]){ "a.test" },
	.selector = (char[]){ "s" },
	.type = "ed25519",
	.public = (char[]){ "AAAA" } };
static const struct signkeys keys = { .v = &key, .n = 1 };

static struct dnscheck_host
a_host(void)
{
	struct dnscheck_host h = { .domain = "a.test",
		.hostname = "mail.a.test",
		.naddresses = 1,
		.keys = &keys,
		.key_id = id,
		.now_s = 1796108167 };

	memcpy(h.addresses[0], ip4, sizeof ip4);
	return h;
}

static void
zone_with(struct buf *zone, const char *what, const char *line)
{
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		const char *l = good[i].line;

		if (what != NULL && strcmp(what, good[i].what) == 0)
			l = line;
		if (l != NULL)
			buf_addf(zone, "%s\n", l);
	}
}

static const struct dnscheck_row *
find(const struct dnscheck *c, const char *what)
{
	for (size_t i = 0; i < c->n; i++)
		if (strcmp(c->rows[i].what, what) == 0)
			return &c->rows[i];
	fail_msg("no row %s", what);
	return NULL;
}

static void
test_rows(void **state)
{
	struct dnscheck *c = xcalloc(1, sizeof *c);
	const struct dnscheck_host h = a_host();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf zone = { .max = 8192 };
		const struct dnscheck_row *w;

		zone_with(&zone, rows[i].what, rows[i].line);
		run(c, &h, buf_slice(&zone));
		w = find(c, rows[i].what);
		if (strcmp(dnscheck_word(w->verdict), rows[i].verdict) != 0)
			fail_msg("%s with %s: %s (%.*s)", rows[i].what,
			    rows[i].line, dnscheck_word(w->verdict),
			    SLICE_FMT(buf_slice(&w->detail)));
		if (rows[i].publish == NULL)
			assert_true(w->publish.n > 0);
		else if (!slice_is(buf_slice(&w->publish), rows[i].publish))
			fail_msg("%s with %s: %.*s", rows[i].what, rows[i].line,
			    SLICE_FMT(buf_slice(&w->publish)));
		assert_int_equal(
		    dnscheck_is_well(c), w->verdict == DNSCHECK_GOOD ||
					     w->verdict == DNSCHECK_OPTIONAL);
		dnscheck_fini(c);
		buf_fini(&zone);
	}
	free(c);
}

/* A row for a name beside others of the same kind. */
static void
test_services(void **state)
{
	static const struct {
		const char *line, *name, *verdict; /* NULL: no such row */
	} cases[] = {
		{ "_submission._tcp.a.test. SRV 0 1 587 mail.a.test.",
		    "_submission._tcp.a.test", NULL },
		{ "_submission._tcp.a.test. SRV 0 1 587 x.test.",
		    "_submission._tcp.a.test", "wrong" },
		{ "_imap._tcp.a.test. SRV 0 0 0 .", "_imap._tcp.a.test", NULL },
		{ "_imap._tcp.a.test. SRV 0 1 144 mail.a.test.",
		    "_imap._tcp.a.test", "wrong" },
		{ "_pop3._tcp.a.test. SRV 0 1 110 x.test.", "_pop3._tcp.a.test",
		    "wrong" },
		{ "_imaps._tcp.a.test. SRV 0 1 993 mail.a.test.",
		    "_imaps._tcp.a.test", "good" },
		{ "_imaps._tcp.a.test. SRV 0 0 0 .", "_imaps._tcp.a.test",
		    "wrong" },
		{ "autodiscover.a.test. A 192.0.2.1", "autodiscover.a.test",
		    "optional" },
	};
	struct dnscheck *c = xcalloc(1, sizeof *c);
	const struct dnscheck_host h = a_host();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *verdict = NULL;
		struct buf zone = { .max = 8192 };

		zone_with(&zone, NULL, NULL);
		buf_addf(&zone, "%s\n", cases[i].line);
		run(c, &h, buf_slice(&zone));
		for (size_t k = 0; k < c->n; k++)
			if (slice_is(
				buf_slice(&c->rows[k].name), cases[i].name))
				verdict = dnscheck_word(c->rows[k].verdict);
		if ((verdict == NULL) != (cases[i].verdict == NULL) ||
		    (verdict != NULL && strcmp(verdict, cases[i].verdict) != 0))
			fail_msg("%s: %s", cases[i].line, verdict);
		dnscheck_fini(c);
		buf_fini(&zone);
	}
	free(c);
}

#define POLICY(m, x, age)                                                      \
	.asked = true, .mode = SLICE(m), .mx = SLICE(x), .max_age_s = (age)
#define OURS(m, x, age)                                                        \
	.our_mode = SLICE(m), .our_mx = SLICE(x), .our_max_age_s = (age)

/* The policy as it was fetched, beside MX and what httpd publishes. */
static void
test_policies(void **state)
{
	static const struct {
		struct dnscheck_sts sts;
		const char *verdict;
	} cases[] = {
		{ { POLICY("enforce", "mail.a.test", 86400) }, "good" },
		{ { POLICY("testing", "*.a.test", 86400) }, "good" },
		{ { POLICY("none", "", 86400) }, "good" },
		{ { POLICY("enforce", "mx.b.test", 86400) }, "wrong" },
		{ { POLICY("testing", "*.mail.a.test", 86400) }, "wrong" },
		{ { POLICY("enforce", "x.test mail.a.test", 86400),
		      OURS("enforce", "Mail.a.test x.test", 86400) },
		    "good" },
		{ { POLICY("testing", "mail.a.test", 86400),
		      OURS("enforce", "mail.a.test", 86400) },
		    "wrong" },
		{ { POLICY("enforce", "mail.a.test", 86400),
		      OURS("enforce", "mail.a.test", 604800) },
		    "wrong" },
		{ { POLICY("enforce", "mail.a.test x.test", 86400),
		      OURS("enforce", "mail.a.test", 86400) },
		    "wrong" },
		{ { POLICY("enforce", "mail.a.test", 86400),
		      OURS("enforce", "mail.a.test x.test", 86400) },
		    "wrong" },
		{ { .asked = true,
		      .failed = true,
		      .why = SLICE("HTTP status 404") },
		    "wrong" },
		{ { .asked = true, .why = SLICE("sts: not there") },
		    "unknown" },
	};
	struct dnscheck *c = xcalloc(1, sizeof *c);
	struct dnscheck_host h = a_host();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct buf zone = { .max = 8192 };
		const struct dnscheck_row *w;

		h.sts = cases[i].sts;
		zone_with(&zone, NULL, NULL);
		run(c, &h, buf_slice(&zone));
		w = find(c, "policy");
		if (strcmp(dnscheck_word(w->verdict), cases[i].verdict) != 0)
			fail_msg("%zu: %s (%.*s)", i, dnscheck_word(w->verdict),
			    SLICE_FMT(buf_slice(&w->detail)));
		dnscheck_fini(c);
		buf_fini(&zone);
	}
	free(c);
}

/* This host is to be the MX, so the policy needs a place for it as well. */
static void
test_policies_without_this_host(void **state)
{
	static const struct {
		const char *mx;
		struct dnscheck_sts sts;
		const char *verdict;
	} cases[] = {
		{ "a.test. MX 10 mx.b.test.",
		    { POLICY("enforce", "mx.b.test", 86400) }, "wrong" },
		{ NULL, { POLICY("testing", "mx.b.test", 86400) }, "wrong" },
		{ "a.test. FAIL", { POLICY("enforce", "mx.b.test", 86400) },
		    "good" },
		{ "a.test. MX 10 mx.b.test.",
		    { POLICY("none", "mx.b.test", 86400) }, "good" },
		{ "a.test. MX 10 mx.b.test.",
		    { POLICY("enforce", "mx.b.test mail.a.test", 86400) },
		    "good" },
	};
	struct dnscheck *c = xcalloc(1, sizeof *c);
	struct dnscheck_host h = a_host();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct buf zone = { .max = 8192 };

		h.sts = cases[i].sts;
		zone_with(&zone, "mx", cases[i].mx);
		run(c, &h, buf_slice(&zone));
		assert_string_equal(dnscheck_word(find(c, "policy")->verdict),
		    cases[i].verdict);
		dnscheck_fini(c);
		buf_fini(&zone);
	}
	free(c);
}

/* Where this host publishes a policy, what leads to it must be there. */
static void
test_what_a_policy_needs(void **state)
{
	struct dnscheck *c = xcalloc(1, sizeof *c);
	struct dnscheck_host h = a_host();
	struct buf zone = { .max = 8192 };

	(void)state;
	h.sts = (struct dnscheck_sts){ .asked = true,
		OURS("testing", "mail.a.test", 86400) };
	buf_adds(&zone, "a.test. MX 10 mail.a.test.\n");
	run(c, &h, buf_slice(&zone));
	assert_true(slice_is(buf_slice(&find(c, "mta-sts")->publish),
	    "_mta-sts.a.test. TXT \"v=STSv1; id=20261201065607\"\n"));
	assert_true(slice_is(buf_slice(&find(c, "sts-host")->publish),
	    "mta-sts.a.test. CNAME mail.a.test.\n"));
	assert_true(slice_is(buf_slice(&find(c, "tlsrpt")->publish),
	    "_smtp._tls.a.test. TXT \"v=TLSRPTv1; "
	    "rua=mailto:postmaster@a.test\"\n"));
	for (size_t i = 0; i < c->n; i++) /* there is none to get yet */
		assert_string_not_equal(c->rows[i].what, "policy");
	dnscheck_fini(c);
	buf_fini(&zone);
	free(c);
}

/* What is published cures what was told. */
static void
test_publish_cures(void **state)
{
	struct dnscheck *c = xcalloc(1, sizeof *c);
	struct dnscheck_host h = a_host();
	struct buf zone = { .max = 65536 };

	(void)state;
	memcpy(h.addresses[h.naddresses++], ip6, sizeof ip6);
	run(c, &h, SLICE(""));
	assert_false(dnscheck_is_well(c));
	for (size_t i = 0; i < c->n; i++)
		if (slice_search(buf_slice(&zone),
			buf_slice(&c->rows[i].publish)) == zone.n)
			buf_add(&zone, buf_slice(&c->rows[i].publish));
	dnscheck_fini(c);
	run(c, &h, buf_slice(&zone));
	for (size_t i = 0; i < c->n; i++)
		if (c->rows[i].verdict > DNSCHECK_OPTIONAL)
			fail_msg("%s %s: %.*s", c->rows[i].what,
			    dnscheck_word(c->rows[i].verdict),
			    SLICE_FMT(buf_slice(&c->rows[i].detail)));
	dnscheck_fini(c);
	buf_fini(&zone);
	free(c);
}

/* Where the host does not know its addresses: those of its name. */
static void
test_found_addresses(void **state)
{
	struct dnscheck *c = xcalloc(1, sizeof *c);
	struct dnscheck_host h = a_host();
	struct buf zone = { .max = 8192 };
	const struct signkeys none = { .n = 0 };

	(void)state;
	h.naddresses = 0;
	zone_with(&zone, NULL, NULL);
	run(c, &h, buf_slice(&zone));
	assert_true(dnscheck_is_well(c));
	assert_int_equal(find(c, "reverse")->verdict, DNSCHECK_GOOD);
	dnscheck_fini(c);
	h.keys = &none;
	run(c, &h, SLICE("a.test. MX 10 mail.a.test."));
	assert_int_equal(find(c, "address")->verdict, DNSCHECK_MISSING);
	assert_int_equal(find(c, "dkim")->verdict, DNSCHECK_MISSING);
	dnscheck_fini(c);
	buf_fini(&zone);
	free(c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_services),
		cmocka_unit_test(test_policies),
		cmocka_unit_test(test_policies_without_this_host),
		cmocka_unit_test(test_what_a_policy_needs),
		cmocka_unit_test(test_publish_cures),
		cmocka_unit_test(test_found_addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
