/* SPDX-License-Identifier: ISC */
#include "mailauth/check.h"

#include "tests/unit.h"

#include <stdio.h>

#include "base/mem.h"
#include "sys/addr.h"
#include "tests/dkim.h"

static const char zone_base[] =
    "_dmarc.none.example TXT \"v=DMARC1; p=none\"\n"
    "_dmarc.bank.example TXT \"v=DMARC1; p=reject\"\n"
    "_dmarc.shop.example TXT \"v=DMARC1; p=quarantine\"\n"
    "_dmarc.try.example TXT \"v=DMARC1; p=reject; t=y\"\n"
    "_dmarc.down.example FAIL\n"
    "bank.example TXT \"v=spf1 ip4:192.0.2.1 -all\"\n"
    "shop.example TXT \"v=spf1 ip4:192.0.2.1 -all\"\n"
    "slow.example TXT \"v=spf1 a:silent.example -all\"\n"
    "_dmarc.slow.example TXT \"v=DMARC1; p=reject\"\n"
    "silent.example FAIL\n"
    "mx.bank.example TXT \"v=spf1 a -all\"\n"
    "mx.bank.example A 192.0.2.1\n"
    "_dmarc.xn--bcher-kva.example TXT \"v=DMARC1; p=reject\"\n"
    "xn--bcher-kva.example TXT \"v=spf1 ip4:192.0.2.1 -all\"\n"
    "evil.example TXT \"v=spf1 +all\"\n";

struct row {
	const char *what, *ip, *helo, *sender, *head;
	const char *says; /* spf, dmarc, action */
};

static void
check(const struct row *row, const char *zone_text, struct buf *says,
    struct buf *field)
{
	struct mailauth_question q = { .has_client = row->ip != NULL,
		.spf = { .helo = slice_str(row->helo),
		    .sender = slice_str(row->sender),
		    .limits = &spf_limits_default },
		.now_s = 1000 };
	struct err err = { .text = "" };
	struct dns_zone *zone = dns_zone_parse(slice_str(zone_text), &err);
	const struct mailauth_verdict *v;
	struct mailauth c;
	struct dns_answers answers;
	struct dkim_message m;
	struct addr ip;

	assert_non_null(zone);
	if (row->ip != NULL)
		assert_true(addr_of_ip(&ip, AF_INET, slice_str(row->ip), 0) &&
			    addr_ip16(&ip, q.spf.ip));
	dkim_message_init(&m, &dkim_limits_default);
	dkim_message_add(&m, slice_str(row->head));
	dkim_message_add(&m, SLICE("\r\nHi\r\n"));
	dkim_message_end(&m);
	q.message = &m;
	dns_answers_init(&answers);
	mailauth_init(&c, &q);
	while (!mailauth_check(&c, &answers))
		dns_zone_answer(zone, &answers);
	v = &c.verdict;
	buf_reset(says);
	buf_addf(says, "%s %s %s", spf_result_name(v->spf.result),
	    dmarc_result_name(v->dmarc.result),
	    mailauth_action_name(v->action));
	buf_reset(field);
	mailauth_put_field(&c, SLICE("mx.example"), field);
	mailauth_fini(&c);
	dns_answers_fini(&answers);
	dkim_message_fini(&m);
	dns_zone_free(&zone);
}

static void
test_actions(void **state)
{
	static const struct row rows[] = {
		{ "SPF is aligned", "192.0.2.1", "h", "a@bank.example",
		    "From: a@bank.example\r\n", "pass pass accept" },
		{ "a forged From", "192.0.2.9", "h", "a@evil.example",
		    "From: a@bank.example\r\n", "pass fail reject" },
		{ "SPF's fail alone refuses nothing", "192.0.2.9", "h",
		    "a@bank.example", "From: a@none.example\r\n",
		    "fail fail accept" },
		{ "quarantine", "192.0.2.9", "h", "a@evil.example",
		    "From: a@shop.example\r\n", "pass fail quarantine" },
		{ "reject with t=y", "192.0.2.9", "h", "a@evil.example",
		    "From: a@try.example\r\n", "pass fail quarantine" },
		{ "no record", "192.0.2.9", "h", "a@evil.example",
		    "From: a@else.example\r\n", "pass none accept" },
		{ "no answer for it", "192.0.2.9", "h", "a@evil.example",
		    "From: a@down.example\r\n", "pass temperror defer" },
		{ "no answer for SPF", "192.0.2.9", "h", "a@slow.example",
		    "From: a@slow.example\r\n", "temperror temperror defer" },
		{ "a bounce: HELO is aligned", "192.0.2.1", "mx.bank.example",
		    "", "From: mailer-daemon@bank.example\r\n",
		    "pass pass accept" },
		{ "two authors, the worse counts", "192.0.2.9", "h",
		    "a@evil.example",
		    "From: a@evil.example, b@bank.example\r\n",
		    "pass fail reject" },
		{ "whichever comes first", "192.0.2.9", "h", "a@evil.example",
		    "From: b@bank.example, a@evil.example\r\n",
		    "pass fail reject" },
		{ "two From fields", "192.0.2.1", "h", "a@bank.example",
		    "From: a@bank.example\r\nFrom: b@bank.example\r\n",
		    "pass permerror reject" },
		{ "none", "192.0.2.1", "h", "a@bank.example",
		    "To: a@bank.example\r\n", "pass permerror reject" },
		{ "one that is malformed", "192.0.2.1", "h", "a@bank.example",
		    "From: a@bank.example b@evil.example\r\n",
		    "pass permerror reject" },
		{ "an empty group", "192.0.2.1", "h", "a@bank.example",
		    "From: nobody:;\r\n", "pass none accept" },
		{ "U-labels in From, A-labels before", "192.0.2.1", "h",
		    "a@xn--bcher-kva.example",
		    "From: a@b\xc3\xbc"
		    "cher.example\r\n",
		    "pass pass accept" },
		{ "the other way round", "192.0.2.1", "h",
		    "a@b\xc3\xbc"
		    "cher.example",
		    "From: a@xn--bcher-kva.example\r\n", "pass pass accept" },
		{ "no client", NULL, "", "", "From: a@bank.example\r\n",
		    "none fail reject" },
	};
	struct buf says = { .max = 999 }, field = { .max = 9999 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		check(&rows[i], zone_base, &says, &field);
		if (!slice_is(buf_slice(&says), rows[i].says))
			fail_msg("%s: %s", rows[i].what, buf_cstr(&says));
	}
	buf_fini(&says);
	buf_fini(&field);
}

/* A field is there for a message without a signature, too, and nothing that a
 * stranger wrote looks like a result in it. */
static void
test_field(void **state)
{
	const struct row row = { "", "192.0.2.9", "h; dkim=pass",
		"\"x; dmarc=pass\"@evil.example", "From: a@bank.example\r\n",
		"" };
	struct buf says = { .max = 999 }, field = { .max = 9999 };

	(void)state;
	check(&row, zone_base, &says, &field);
	assert_string_equal(buf_cstr(&field),
	    "Authentication-Results: mx.example;\r\n"
	    "\tspf=pass\r\n"
	    "\t smtp.mailfrom=\"\\\"x; dmarc=pass\\\"@evil.example\";\r\n"
	    "\tdkim=none;\r\n"
	    "\tdmarc=fail reason=\"neither SPF nor DKIM is aligned\"\r\n"
	    "\t header.from=bank.example\r\n"
	    "\t polrec.p=reject\r\n"
	    "\t polrec.domain=bank.example\r\n");
	buf_fini(&says);
	buf_fini(&field);
}

/* A signature of the author's domain, and one of another's. */
static void
test_signed(void **state)
{
	static const struct {
		const char *domain, *says;
	} rows[] = {
		{ "mail.bank.example", "pass pass accept" },
		{ "evil.example", "pass fail reject" },
	};
	const struct slice names[] = { SLICE("from"), SLICE("from") };
	const char *head = "From: a@bank.example\r\n";
	EVP_PKEY *key = dkim_test_key(0);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct dkim_sign how = { .alg = DKIM_ED25519_SHA256,
			.body = DKIM_RELAXED,
			.domain = slice_str(rows[i].domain),
			.selector = SLICE("s1"),
			.names = names,
			.nnames = 2,
			.signed_s = 1000,
			.expires_s = -1 };
		struct buf says = { .max = 999 }, field = { .max = 9999 };
		struct buf text = { .max = 9999 }, zone = { .max = 9999 };
		struct row row = { "", "192.0.2.9", "h", "a@evil.example", "",
			"" };
		char name[100];

		dkim_test_make(
		    key, &how, slice_str(head), SLICE("Hi\r\n"), &text);
		buf_adds(&text, head);
		buf_adds(&zone, zone_base);
		snprintf(name, sizeof name, "s1._domainkey.%s", rows[i].domain);
		dkim_test_record(key, name, "k=ed25519; ", &zone);
		row.head = buf_cstr(&text);
		check(&row, buf_cstr(&zone), &says, &field);
		assert_string_equal(buf_cstr(&says), rows[i].says);
		buf_fini(&says);
		buf_fini(&field);
		buf_fini(&text);
		buf_fini(&zone);
	}
	EVP_PKEY_free(key);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_actions),
		cmocka_unit_test(test_field),
		cmocka_unit_test(test_signed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
