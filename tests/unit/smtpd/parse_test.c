/* SPDX-License-Identifier: ISC */
#include "smtpd/parse.h"

#include "tests/unit.h"

#include "base/mem.h"

#define X10  "xxxxxxxxxx"
#define X100 X10 X10 X10 X10 X10 X10 X10 X10 X10 X10

enum { E = SMTPD_MAY_EXTEND, D = SMTPD_MAY_EXTEND | SMTPD_MAY_DSN };

static bool
eq(struct slice s, const char *want)
{
	return slice_is(s, want != NULL ? want : "");
}

/* clang-format off */
static const struct {
	const char *args;
	unsigned may;
	const char *sender; /* or, behind a '!', how the refusal begins */
	int64_t size;
	const char *body, *auth, *ret, *envid;
	bool utf8;
} mails[] = {
	{ "FROM:<a@b.example>",          0, "a@b.example", 0, NULL, NULL, NULL, NULL, false },
	{ "from:<>",                     0, "", 0, NULL, NULL, NULL, NULL, false },
	{ "FROM: <a@B.example>",         0, "a@b.example", 0, NULL, NULL, NULL, NULL, false },
	{ " FROM:<a@b.example> ",        0, "a@b.example", 0, NULL, NULL, NULL, NULL, false },
	{ "FROM:<@r.example:a@b.example>", 0, "a@b.example", 0, NULL, NULL, NULL, NULL, false },
	{ "FROM:<root>", SMTPD_MAY_BARE, "root", 0, NULL, NULL, NULL, NULL, false },
	{ "FROM:<a@b.example> SIZE=10",  E, "a@b.example", 10, NULL, NULL, NULL, NULL, false },
	{ "FROM:<a@b.example>  size=10  BODY=8bitmime ", E, "a@b.example", 10, "8BITMIME", NULL, NULL, NULL, false },
	{ "FROM:<> BODY=binaryMIME",     E, "", 0, "BINARYMIME", NULL, NULL, NULL, false },
	{ "FROM:<a@b.example> BODY=7BIT", E, "a@b.example", 0, "7BIT", NULL, NULL, NULL, false },
	/* RFC 1870 6: a size that no number of ours holds is just too large */
	{ "FROM:<> SIZE=99999999999999999999", E, "", INT64_MAX, NULL, NULL, NULL, NULL, false },
	{ "FROM:<> AUTH=<>",             E, "", 0, NULL, "<>", NULL, NULL, false },
	{ "FROM:<> AUTH=e+3Dmc2@b.example", E, "", 0, NULL, "e+3Dmc2@b.example", NULL, NULL, false },
	{ "FROM:<> RET=HDRS ENVID=QQ314159", D, "", 0, NULL, NULL, "HDRS", "QQ314159", false },
	{ "FROM:<\xed\x95\x9c@b.example> SMTPUTF8", E, "\xed\x95\x9c@b.example", 0, NULL, NULL, NULL, NULL, true },

	{ "",                            E, "!501 5.5.4", 0, NULL, NULL, NULL, NULL, false },
	{ "<a@b.example>",               E, "!501 5.5.4", 0, NULL, NULL, NULL, NULL, false },
	{ "TO:<a@b.example>",            E, "!501 5.5.4", 0, NULL, NULL, NULL, NULL, false },
	{ "FROM:",                       E, "!501 5.1.7", 0, NULL, NULL, NULL, NULL, false },
	{ "FROM:a@b.example",            E, "!501 5.1.7", 0, NULL, NULL, NULL, NULL, false },
	{ "FROM:<a@b.example",           E, "!501 5.1.7", 0, NULL, NULL, NULL, NULL, false },
	{ "FROM:<root>",                 E, "!501 5.1.7", 0, NULL, NULL, NULL, NULL, false },
	{ "FROM:<a@b.example>SIZE=1",    E, "!501 5.5.4", 0, NULL, NULL, NULL, NULL, false },
	{ "FROM:<a@b.example>>",         E, "!501 5.5.4", 0, NULL, NULL, NULL, NULL, false },
	{ "FROM:<a@b.example> SIZE=1",   0, "!555 5.5.4", 0, NULL, NULL, NULL, NULL, false },
	{ "FROM:<> SIZE",                E, "!501 5.5.4", 0, NULL, NULL, NULL, NULL, false },
	{ "FROM:<> SIZE=",               E, "!501 5.5.4", 0, NULL, NULL, NULL, NULL, false },
	{ "FROM:<> SIZE=1x",             E, "!501 5.5.4", 0, NULL, NULL, NULL, NULL, false },
	{ "FROM:<> SIZE=-1",             E, "!501 5.5.4", 0, NULL, NULL, NULL, NULL, false },
	{ "FROM:<> SIZE=999999999999999999999", E, "!501 5.5.4", 0, NULL, NULL, NULL, NULL, false },
	{ "FROM:<> SIZE=1 SIZE=2",       E, "!501 5.5.4", 0, NULL, NULL, NULL, NULL, false },
	{ "FROM:<> BODY=BINARY",         E, "!501 5.5.4", 0, NULL, NULL, NULL, NULL, false },
	{ "FROM:<> BODY=BINARYMIME",     0, "!555 5.5.4", 0, NULL, NULL, NULL, NULL, false },
	{ "FROM:<> SMTPUTF8=1",          E, "!501 5.5.4", 0, NULL, NULL, NULL, NULL, false },
	{ "FROM:<> AUTH=a+b",            E, "!501 5.5.4", 0, NULL, NULL, NULL, NULL, false },
	{ "FROM:<> RET=FULL",            E, "!555 5.5.4", 0, NULL, NULL, NULL, NULL, false },
	{ "FROM:<> RET=HALF",            D, "!501 5.5.4", 0, NULL, NULL, NULL, NULL, false },
	{ "FROM:<> ENVID=" X100 "x",     D, "!501 5.5.4", 0, NULL, NULL, NULL, NULL, false },
	{ "FROM:<> REQUIRETLS",          E, "!555 5.5.4", 0, NULL, NULL, NULL, NULL, false },
	{ "FROM:<> REQUIRETLS=YES",      E | SMTPD_MAY_REQUIRETLS, "!501 5.5.4", 0, NULL, NULL, NULL, NULL, false },
	{ "FROM:<> X=1",                 E, "!555 5.5.4", 0, NULL, NULL, NULL, NULL, false },
	{ "FROM:<> =",                   E, "!555 5.5.4", 0, NULL, NULL, NULL, NULL, false },
	{ "FROM:<\xed\x95\x9c@b.example>", E, "!553 5.6.7", 0, NULL, NULL, NULL, NULL, false },
	{ "FROM:<\xed\x95@b.example> SMTPUTF8", E, "!501 5.1.7", 0, NULL, NULL, NULL, NULL, false },
};

static const struct {
	const char *args;
	unsigned may;
	const char *to; /* as above */
	const char *notify, *orcpt;
} rcpts[] = {
	{ "TO:<a@b.example>",            0, "a@b.example", NULL, NULL },
	{ "to: <a@b.example> ",          0, "a@b.example", NULL, NULL },
	{ "TO:<Postmaster>",             0, "Postmaster", NULL, NULL },
	{ "TO:<root>",      SMTPD_MAY_BARE, "root", NULL, NULL },
	{ "TO:<a@b.example> NOTIFY=NEVER", D, "a@b.example", "NEVER", NULL },
	{ "TO:<a@b.example> NOTIFY=success,DELAY ORCPT=rfc822;a+2Bc@b.example", D,
	    "a@b.example", "success,DELAY", "rfc822;a+2Bc@b.example" },
	{ "TO:<\xed\x95\x9c@b.example>", E | SMTPD_MAY_UTF8, "\xed\x95\x9c@b.example", NULL, NULL },

	{ "",                            E, "!501 5.5.4", NULL, NULL },
	{ "FROM:<a@b.example>",          E, "!501 5.5.4", NULL, NULL },
	{ "TO:<>",                       E, "!501 5.1.3", NULL, NULL },
	{ "TO:<root>",                   E, "!501 5.1.3", NULL, NULL },
	{ "TO:<a@b.example> <c@d.example>", E, "!555 5.5.4", NULL, NULL },
	{ "TO:<a@b.example> NOTIFY=NEVER", E, "!555 5.5.4", NULL, NULL },
	{ "TO:<a@b.example> NOTIFY=NEVER,DELAY", D, "!501 5.5.4", NULL, NULL },
	{ "TO:<a@b.example> NOTIFY=DELAY,", D, "!501 5.5.4", NULL, NULL },
	{ "TO:<a@b.example> NOTIFY=,",   D, "!501 5.5.4", NULL, NULL },
	{ "TO:<a@b.example> ORCPT=rfc822", D, "!501 5.5.4", NULL, NULL },
	{ "TO:<a@b.example> ORCPT=;x",   D, "!501 5.5.4", NULL, NULL },
	{ "TO:<a@b.example> ORCPT=a_b;x", D, "!501 5.5.4", NULL, NULL },
	{ "TO:<\xed\x95\x9c@b.example>", E, "!553 5.6.7", NULL, NULL },
};

static const struct {
	const char *args;
	int64_t size; /* -1: refused */
	bool last;
} bdats[] = {
	{ "0", 0, false },
	{ "0 LAST", 0, true },
	{ "0086  last", 86, true },
	{ "9223372036854775807", INT64_MAX, false },
	{ "9223372036854775808", -1, false },
	{ "", -1, false },
	{ "LAST", -1, false },
	{ "-1", -1, false },
	{ "+1", -1, false },
	{ "1x", -1, false },
	{ "1\tLAST", -1, false },
	{ "1 LAST LAST", -1, false },
	{ "1 LASt.", -1, false },
};

static const struct {
	const char *args;
	const char *helo; /* NULL: refused */
} helos[] = {
	{ "mail.example", "mail.example" },
	{ " [192.0.2.1] ", "[192.0.2.1]" },
	{ "my_pc", "my_pc" },
	{ "", NULL },
	{ "two words", NULL },
	{ "a\tb", NULL },
	{ "\xc3\xa4", NULL },
	{ X100 X100 X10 X10 X10 X10 X10 "xxxxx", X100 X100 X10 X10 X10 X10 X10 "xxxxx" },
	{ X100 X100 X10 X10 X10 X10 X10 "xxxxxx", NULL },
};
/* clang-format on */

/* RC and ERR are what WANT says. */
static bool
refused_as(int rc, const struct err *err, const char *want)
{
	return rc == -1 &&
	       slice_starts(slice_str(err->text), slice_str(want + 1));
}

static void
test_mail(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(mails); i++) {
		struct buf out = { .max = 2000 };
		struct smtpd_mail_args a;
		struct err err = { 0 };
		const int rc = smtpd_parse_mail(
		    slice_str(mails[i].args), mails[i].may, &a, &out, &err);

		if (mails[i].sender[0] == '!') {
			assert_true(refused_as(rc, &err, mails[i].sender));
		} else {
			assert_int_equal(rc, 0);
			assert_string_equal(buf_cstr(&out), mails[i].sender);
			assert_int_equal(a.size, mails[i].size);
			assert_true(eq(a.body, mails[i].body));
			assert_true(eq(a.auth, mails[i].auth));
			assert_true(eq(a.ret, mails[i].ret));
			assert_true(eq(a.envid, mails[i].envid));
			assert_int_equal(a.smtputf8, mails[i].utf8);
		}
		buf_fini(&out);
	}
}

static void
test_requiretls(void **state)
{
	static const struct {
		const char *args;
		bool requires;
	} said[] = {
		{ "FROM:<> SIZE=1", false },
		{ "FROM:<a@b.example> requiretls SIZE=1", true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(said); i++) {
		struct buf out = { .max = 2000 };
		struct smtpd_mail_args a;

		assert_int_equal(smtpd_parse_mail(slice_str(said[i].args),
				     E | SMTPD_MAY_REQUIRETLS, &a, &out, NULL),
		    0);
		assert_int_equal(a.requiretls, said[i].requires);
		buf_fini(&out);
	}
}

static void
test_mt_priority(void **state)
{
	/* clang-format off */
	static const struct {
		const char *said;
		int level; /* 99: refused (RFC 6710 3) */
	} rows[] = {
		{ "0", 0 }, { "1", 1 }, { "9", 9 }, { "-1", -1 }, { "-9", -9 },
		{ "", 99 }, { "-", 99 }, { "-0", 99 }, { "+1", 99 }, { "10", 99 },
		{ "-10", 99 }, { "01", 99 }, { "4x", 99 }, { "urgent", 99 },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf args = { .max = 200 }, out = { .max = 2000 };
		struct smtpd_mail_args a;
		struct err err = { 0 };
		int rc;

		buf_addf(&args, "FROM:<> mt-priority=%s", rows[i].said);
		rc = smtpd_parse_mail(buf_slice(&args), E, &a, &out, &err);
		if (rows[i].level == 99)
			assert_true(refused_as(rc, &err, "!501 5.5.4"));
		else
			assert_int_equal(rc, 0);
		if (rc == 0)
			assert_int_equal(a.mt_priority, rows[i].level);
		buf_fini(&args);
		buf_fini(&out);
	}
}

static void
test_bdat(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bdats); i++) {
		int64_t size;
		bool last;
		const bool ok =
		    smtpd_parse_bdat(slice_str(bdats[i].args), &size, &last);

		assert_int_equal(ok, bdats[i].size != -1);
		if (ok) {
			assert_int_equal(size, bdats[i].size);
			assert_int_equal(last, bdats[i].last);
		}
	}
}

static void
test_rcpt(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rcpts); i++) {
		struct buf out = { .max = 2000 };
		struct smtpd_rcpt_args a;
		struct err err = { 0 };
		const int rc = smtpd_parse_rcpt(
		    slice_str(rcpts[i].args), rcpts[i].may, &a, &out, &err);

		if (rcpts[i].to[0] == '!') {
			assert_true(refused_as(rc, &err, rcpts[i].to));
		} else {
			assert_int_equal(rc, 0);
			assert_string_equal(buf_cstr(&out), rcpts[i].to);
			assert_true(eq(a.notify, rcpts[i].notify));
			assert_true(eq(a.orcpt, rcpts[i].orcpt));
		}
		buf_fini(&out);
	}
}

static void
test_helo(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(helos); i++) {
		struct slice helo;
		const bool ok =
		    smtpd_parse_helo(slice_str(helos[i].args), &helo);

		assert_int_equal(ok, helos[i].helo != NULL);
		if (ok)
			assert_true(slice_is(helo, helos[i].helo));
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mail),
		cmocka_unit_test(test_requiretls),
		cmocka_unit_test(test_mt_priority),
		cmocka_unit_test(test_rcpt),
		cmocka_unit_test(test_bdat),
		cmocka_unit_test(test_helo),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
