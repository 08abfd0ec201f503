/* SPDX-License-Identifier: ISC */
/* pabal report: names are counted in bounded memory, and events on their day.
 */
#include "tests/unit.h"

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/cur.h"
#include "base/map.h"
#include "base/mem.h"
#include "ctl/summary/days.h"
#include "ctl/summary/frequent.h"
#include "ctl/summary/print.h"
#include "ctl/view/logline.h"

/* ---- names ---- */

enum { ALL = 20000, DIFFERENT = 3000, ROOM = 100, OFTEN = 10 };

static uint64_t random_state = 88172645463325252U;

static unsigned
dice(unsigned n)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (unsigned)(random_state >> 20) % n;
}

/* Whatever comes, no count is too low, or too high by more than is said, and
 * all names that are more than one of ROOM are there. */
static void
test_frequent(void **state)
{
	static int64_t truth[DIFFERENT];
	const struct frequent_name *most[ROOM];
	int64_t found = 0, often = 0;
	struct frequent f;
	size_t n;

	(void)state;
	frequent_init(&f, ROOM);
	for (int i = 0; i < ALL; i++) {
		const unsigned which =
		    dice(2) == 0 ? dice(OFTEN) : dice(DIFFERENT);
		char name[32];

		snprintf(name, sizeof name, "%u", which);
		truth[which]++;
		frequent_add(&f, slice_str(name));
	}
	n = frequent_most(&f, most, ROOM);
	assert_int_equal(n, ROOM);
	for (size_t i = 0; i < n; i++) {
		struct cur c = cur_of(slice_of(most[i]->text, most[i]->n));
		const int64_t real = truth[cur_u64(&c, DIFFERENT - 1)];

		assert_true(most[i]->node.key >= real);
		assert_true(most[i]->node.key - most[i]->over <= real);
		assert_true(
		    i == 0 || most[i]->node.key <= most[i - 1]->node.key);
		found += real > ALL / ROOM;
	}
	for (size_t i = 0; i < DIFFERENT; i++)
		often += truth[i] > ALL / ROOM;
	assert_int_equal(often, OFTEN);
	assert_int_equal(found, often);
	frequent_trim(&f, 3);
	assert_int_equal(frequent_most(&f, most, ROOM), 3);
	frequent_fini(&f);
}

static void
test_frequent_names(void **state)
{
	const struct frequent_name *most[3];
	char lengthy[400];
	struct frequent f;

	(void)state;
	memset(lengthy, 'x', sizeof lengthy);
	frequent_init(&f, 3);
	frequent_add(&f, SLICE(""));
	frequent_add(&f, SLICE("b"));
	frequent_add(&f, SLICE("a"));
	assert_int_equal(frequent_most(&f, most, 3), 3);
	assert_string_equal(most[0]->text, "");
	assert_string_equal(most[1]->text, "a");
	frequent_add(&f, slice_of(lengthy, sizeof lengthy));
	assert_int_equal(frequent_most(&f, most, 3), 3);
	assert_int_equal(most[0]->n, 250);
	assert_int_equal(most[0]->node.key, 2);
	assert_int_equal(most[0]->over, 1);
	frequent_trim(&f, 0);
	frequent_add(&f, SLICE("no room"));
	assert_int_equal(frequent_most(&f, most, 3), 0);
	frequent_fini(&f);
}

/* ---- days ---- */

static void
test_day_of(void **state)
{
	/* clang-format off */
	static const struct {
		const char *time, *date;
	} rows[] = {
		{ "2026-11-20T21:15:54.953076Z",      "2026-11-20" },
		{ "2026-11-20T23:59:60Z",             "2026-11-21" },
		{ "2026-11-20T08:15:54.953076+0900",  "2026-11-19" },
		{ "2026-11-20T09:00:00+09:00",        "2026-11-20" },
		{ "2026-12-31T23:30:00.1-00:30",      "2027-01-01" },
		{ "2024-02-29T12:00:00Z",             "2024-02-29" },
		{ "",                                 NULL },
		{ "2026-11-20",                       NULL },
		{ "2026-11-20T21:15:54",              NULL },
		{ "2026-13-20T21:15:54Z",             NULL },
		{ "2026-00-20T21:15:54Z",             NULL },
		{ "2026-11-00T21:15:54Z",             NULL },
		{ "2026-11-20T24:15:54Z",             NULL },
		{ "2026-11-20T21:15:54+9",            NULL },
		{ "2026-11-20T21:15:54Zx",            NULL },
		{ "2026-11-2 T21:15:54Z",             NULL },
		{ "Nov 20 21:15:54",                  NULL },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char date[DAY_BYTES];
		const bool is = day_of(slice_str(rows[i].time), date);

		if (is != (rows[i].date != NULL))
			fail_msg("%s", rows[i].time);
		if (is)
			assert_string_equal(date, rows[i].date);
	}
}

/* A line of DAY. */
static void
add(struct days *d, const char *day, const char *text)
{
	char line[1000];

	snprintf(line, sizeof line, "%sT10:00:00.000000Z %s", day, text);
	days_add(d, slice_str(line), SLICE(""));
}

/* How often NAME is in PART, for one that is in none -1. */
static int64_t
count_of(const struct day *d, enum day_part part, const char *name)
{
	const struct frequent_name *e =
	    map_find(&d->parts[part].names, slice_str(name));

	return e != NULL ? e->node.key : -1;
}

#define NONE DAY_TOTALS

static void
test_events(void **state)
{
	/* clang-format off */
	static const struct {
		const char *line;
		enum day_total total; int64_t is;
		enum day_part part; const char *name;
	} rows[] = {
		{ "smtpd[7] info: mail.accepted sid=A qid=B client=192.0.2.1 account= from=a@b.test size=400 nrcpt=2 protocol=ESMTPS",
		  DAY_TOTAL_ACCEPTED, 1, DAY_PART_SENDER_DOMAINS, "b.test" },
		{ "smtpd[7] info: mail.accepted client=192.0.2.1 account= from= size=400 protocol=ESMTPS",
		  DAY_TOTAL_ACCEPTED_BYTES, 400, DAY_PART_SENDERS, "<>" },
		{ "smtpd[7] info: mail.accepted client=192.0.2.1 account=c@d.test from=a@b.test size=x",
		  DAY_TOTAL_SUBMITTED, 1, DAY_PART_ACCOUNTS, "c@d.test" },
		{ "smtpd[7] info: rcpt.refused sid=A client=192.0.2.1 from=a@b.test to=x@y.test why=\"550 5.1.1 No such user\"",
		  DAY_TOTAL_REFUSED, 1, DAY_PART_REFUSED, "RCPT 550 5.1.1" },
		{ "smtpd[7] info: mail.refused client=192.0.2.1 why=\"554 No\"",
		  DAY_TOTAL_REFUSED, 1, DAY_PART_REFUSED, "DATA 554" },
		{ "smtpd[7] info: mail.sender-refused client=192.0.2.1 why=\"450 4.7.1 Later\"",
		  DAY_TOTAL_REFUSED, 1, DAY_PART_REFUSED_CLIENTS, "192.0.2.1" },
		{ "smtpd[7] info: smtpd.client-refused client=192.0.2.1 why=\"554 5.7.1 no\"",
		  DAY_TOTAL_REFUSED, 1, DAY_PART_REFUSED, "connection 554 5.7.1" },
		{ "policy[7] info: policy.verdict rule=greylist action=defer mode=enforce",
		  NONE, 0, DAY_PART_RULES, "greylist defer" },
		{ "policy[7] info: policy.verdict rule=spf action=refuse mode=warn",
		  NONE, 0, DAY_PART_WARNINGS, "spf refuse" },
		{ "policy[7] info: policy.auth spf=pass dkim=fail dmarc=none",
		  NONE, 0, DAY_PART_DKIM, "fail" },
		{ "policy[7] info: policy.rate-exceeded login=a@b.test limit=login:countries=3/1d/warn count=4",
		  NONE, 0, DAY_PART_LIMITS, "login:countries=3/1d/warn a@b.test" },
		{ "qmgr[7] info: mail.held qid=A why=\"a filter\"",
		  DAY_TOTAL_HELD, 1, DAY_PART_HELD, "a filter" },
		{ "qmgr[7] info: rcpt.result qid=A to=x@y.test status=delivered dsn=2.0.0 agent=local",
		  DAY_TOTAL_DELIVERED, 1, DAY_PART_RECIPIENTS, "x@y.test" },
		{ "qmgr[7] info: rcpt.result qid=A to=x@y.test status=relayed dsn=2.0.0 agent=smtp tls=dane",
		  DAY_TOTAL_RELAYED, 1, DAY_PART_TLS_OUT, "DANE" },
		{ "qmgr[7] info: rcpt.result qid=A to=x@y.test status=delivered dsn=2.0.0 agent=smtp tls=may",
		  DAY_TOTAL_RELAYED, 1, DAY_PART_TLS_OUT, "opportunistic" },
		{ "qmgr[7] info: rcpt.result qid=A to=x@y.test status=relayed agent=smtp tls=sts-testing",
		  DAY_TOTAL_RELAYED, 1, DAY_PART_TLS_OUT, "MTA-STS, testing" },
		{ "qmgr[7] info: rcpt.result qid=A to=x@y.test status=tempfail dsn=4.4.1 agent=smtp tls=none",
		  DAY_TOTAL_DEFERRED, 1, DAY_PART_DEFERRED, "4.4.1 y.test" },
		{ "qmgr[7] info: rcpt.result qid=A to=x@y.test status=permfail dsn=5.1.1 agent=smtp",
		  DAY_TOTAL_BOUNCED, 1, DAY_PART_BOUNCED, "5.1.1 y.test" },
		{ "qmgr[7] info: rcpt.result qid=A to=x@y.test status=expanded agent=pipe",
		  DAY_TOTAL_DELIVERED, 0, DAY_PART_RECIPIENTS, NULL },
		{ "qmgr[7] info: rcpt.unroutable qid=A to=x@y.test dsn=4.3.0 text=x",
		  DAY_TOTAL_DEFERRED, 1, DAY_PART_DEFERRED, "4.3.0 y.test" },
		{ "qmgr[7] info: rcpt.expired qid=A to=x@y.test text=x",
		  DAY_TOTAL_BOUNCED, 1, DAY_PART_BOUNCED, "5.4.7 y.test" },
		{ "qmgr[7] info: rcpt.discarded qid=A to=x@y.test why=transports",
		  DAY_TOTAL_DISCARDED, 1, DAY_PARTS, NULL },
		{ "qmgr[7] info: rcpt.discarded qid=A to=x@y.test why=\"null sender\"",
		  DAY_TOTAL_DISCARDED, 0, DAY_PARTS, NULL },
		{ "local[7] info: local.delivered qid=A account=x@y.test mailbox=Junk",
		  DAY_TOTAL_JUNKED, 1, DAY_PARTS, NULL },
		{ "local[7] info: local.delivered qid=A account=x@y.test mailbox=INBOX",
		  DAY_TOTAL_JUNKED, 0, DAY_PARTS, NULL },
		{ "smtp[7] info: dkim.signed qid=A domain=b.test selector=s",
		  DAY_TOTAL_SIGNED, 1, DAY_PART_SIGNED, "b.test" },
		{ "smtp[7] info: smtp.tls-failed host=mx.y.test why=\"no trust\"",
		  NONE, 0, DAY_PART_TLS_OUT_FAILED, "mx.y.test: no trust" },
		{ "smtp[7] debug: smtp.tls-result domain=y.test policy=sts result=successful",
		  NONE, 0, DAY_PART_TLS_UNMET, NULL },
		{ "smtp[7] info: smtp.tls-result domain=y.test policy=sts result=certificate-expired",
		  NONE, 0, DAY_PART_TLS_UNMET, "y.test: certificate-expired (sts)" },
		{ "imapd[7] info: session.tls sid=A version=TLSv1.3",
		  DAY_TOTAL_TLS_SESSIONS, 1, DAY_PART_TLS_IN, "TLSv1.3" },
		{ "auth[7] warn: auth.refused account=x client=192.0.2.1 protocol=imap result=limited",
		  DAY_TOTAL_LOGINS_FAILED, 1, DAY_PART_LOGINS, "imap limited" },
		{ "auth[7] info: auth.ok account=x client=192.0.2.1 protocol=smtp",
		  DAY_TOTAL_LOGINS, 1, DAY_PART_LOGINS, "smtp ok" },
		{ "smtpd[7] info: session.end sid=A", DAY_TOTAL_SESSIONS, 0, DAY_PARTS, NULL },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct days d;
		const struct day *day;

		days_init(&d);
		add(&d, "2026-11-20", rows[i].line);
		assert_int_equal(d.n, 1);
		day = d.all[0];
		if (rows[i].total != NONE &&
		    day->totals[rows[i].total] != rows[i].is)
			fail_msg("total of %s", rows[i].line);
		if (rows[i].name != NULL &&
		    count_of(day, rows[i].part, rows[i].name) != 1)
			fail_msg("name of %s", rows[i].line);
		if (rows[i].name == NULL && rows[i].part != DAY_PARTS)
			assert_int_equal(day->parts[rows[i].part].heap.n, 0);
		days_fini(&d);
	}
}

/* In whatever order they come; those that are not asked for are none. */
static void
test_days(void **state)
{
	static const char *const dates[] = { "2026-11-20", "2026-11-22",
		"2026-11-21", "2026-11-19", "2026-11-22", "2026-11-23" };
	struct days d;

	(void)state;
	days_init(&d);
	memcpy(d.from, "2026-11-20", DAY_BYTES);
	memcpy(d.to, "2026-11-22", DAY_BYTES);
	for (size_t i = 0; i < ARRAY_LEN(dates); i++)
		add(&d, dates[i], "x[1] info: session.start sid=A");
	days_add(&d, SLICE("no line of ours"), SLICE(""));
	days_add(&d, SLICE("x[1] info: session.start sid=A"),
	    SLICE("2026-11-22T08:00:00.5+0900"));
	assert_int_equal(d.n, 3);
	assert_string_equal(d.all[0]->date, "2026-11-20");
	assert_string_equal(d.all[1]->date, "2026-11-21");
	assert_string_equal(d.all[2]->date, "2026-11-22");
	assert_int_equal(d.all[1]->totals[DAY_TOTAL_SESSIONS], 2);
	assert_int_equal(d.all[2]->totals[DAY_TOTAL_SESSIONS], 2);
	days_fini(&d);
}

/* The last ones stay, and only what is printed of the others. */
static void
test_many_days(void **state)
{
	struct days d;

	(void)state;
	days_init(&d);
	d.names = 3;
	for (int i = 0; i < DAYS_MAX + 20; i++) {
		char date[40];

		snprintf(date, sizeof date, "%04d-%02d-%02d",
		    2000 + i / 300 % 100, i / 25 % 12 + 1, i % 25 + 1);
		for (int n = 0; n < 6; n++) {
			char line[80];

			snprintf(line, sizeof line,
			    "x[1] info: mail.accepted from=u%d@b.test", n);
			add(&d, date, line);
		}
	}
	assert_int_equal(d.n, DAYS_MAX);
	assert_string_equal(d.all[0]->date, "2000-01-21");
	assert_int_equal(d.all[0]->parts[DAY_PART_SENDERS].heap.n, 3);
	assert_int_equal(
	    d.all[DAYS_MAX - 1]->parts[DAY_PART_SENDERS].heap.n, 6);
	add(&d, "1999-01-01", "x[1] info: session.start sid=A");
	assert_int_equal(d.n, DAYS_MAX);
	assert_string_equal(d.all[0]->date, "2000-01-21");
	days_fini(&d);
}

static void
test_print(void **state)
{
	struct buf out = { .max = 1 << 16 };
	struct days d;

	(void)state;
	days_init(&d);
	add(&d, "2026-11-20",
	    "x[1] info: mail.accepted from=\"\\u001b[2J\\\"@b.test\" size=3");
	print_day(&out, d.all[0], 10);
	assert_non_null(strstr(buf_cstr(&out), "           3  bytes of these"));
	assert_non_null(
	    strstr(buf_cstr(&out), "           1  ?[2J\"@b.test\n"));
	buf_reset(&out);
	print_day_json(&out, d.all[0], 10);
	assert_non_null(strstr(buf_cstr(&out),
	    "\"senders\":[{\"name\":\"\\u001b[2J\\\"@b.test\",\"count\":1,"
	    "\"over\":0}]"));
	buf_fini(&out);
	days_fini(&d);
}

/* ---- lines of others ---- */

static void
test_syslog(void **state)
{
	/* clang-format off */
	static const struct {
		const char *text;
		bool is;
	} rows[] = {
		{ "2026-11-20T21:15:54.953076+09:00 mail pabal[411]: smtpd[7] info: mail.accepted sid=A", true },
		{ "2026-11-20T21:15:54+0900 mail.example.org pabal[411]: qmgr[7] info: x y=\"[1]: z\"", true },
		{ "2026-11-20T21:15:54.953076Z smtpd[7] info: mail.accepted sid=A", false },
		{ "2026-11-20T21:15:54.953076Z smtpd/2[7] info: x text=\"a [b]: c\"", false },
		{ "smtpd[7] info: mail.accepted sid=A", false },
		{ "{\"time\":\"2026-11-20T21:15:54.953076Z\",\"daemon\":\"smtpd\"}", false },
		{ "", false },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (logline_is_syslog(slice_str(rows[i].text)) != rows[i].is)
			fail_msg("%s", rows[i].text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_frequent),
		cmocka_unit_test(test_frequent_names),
		cmocka_unit_test(test_day_of),
		cmocka_unit_test(test_events),
		cmocka_unit_test(test_days),
		cmocka_unit_test(test_many_days),
		cmocka_unit_test(test_print),
		cmocka_unit_test(test_syslog),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
