/* SPDX-License-Identifier: ISC */
#include "proto/errwords.h"

#include "tests/unit.h"

#include "base/mem.h"
#include "base/slice.h"

/* Every code, in the order of base/err.h. */
static const struct {
	const char *imap_temp;
	const char *imap_perm;
	const char *pop3_temp;
	const char *pop3_perm;
	const char *managesieve_temp;
	const char *managesieve_perm;
	const char *dsn;
	bool public_temp;
} rows[] = {
	/* clang-format off */
	[ERR_OTHER] =      { "UNAVAILABLE",   NULL,            "SYS/TEMP", "SYS/PERM", "TRYLATER", NULL, "2.0", false },
	[ERR_NO_SPACE] =   { "UNAVAILABLE",   NULL,            "SYS/TEMP", "SYS/PERM", "TRYLATER", NULL, "3.1", false },
	[ERR_FORGED] =     { "SERVERBUG",     "SERVERBUG",     "SYS/TEMP", "SYS/PERM", "TRYLATER", NULL, "2.0", false },
	[ERR_BUSY] =       { "INUSE",         "INUSE",         "IN-USE",   "IN-USE",   "TRYLATER", NULL, "2.0", true },
	[ERR_IN_USE] =     { "INUSE",         "INUSE",         "IN-USE",   "IN-USE",   "ACTIVE", "ACTIVE", "2.0", true },
	[ERR_OVER_QUOTA] = { "OVERQUOTA",     "OVERQUOTA",     "SYS/TEMP", "SYS/PERM", "QUOTA", "QUOTA", "2.2", true },
	[ERR_LIMIT] =      { "LIMIT",         "LIMIT",         "SYS/TEMP", "SYS/PERM", "QUOTA/MAXSCRIPTS", "QUOTA/MAXSCRIPTS", "2.0", true },
	[ERR_TOO_BIG] =    { "TOOBIG",        "TOOBIG",        "SYS/TEMP", "SYS/PERM", "QUOTA/MAXSIZE", "QUOTA/MAXSIZE", "3.4", true },
	[ERR_EXISTS] =     { "ALREADYEXISTS", "ALREADYEXISTS", "SYS/TEMP", "SYS/PERM", "ALREADYEXISTS", "ALREADYEXISTS", "2.0", true },
	[ERR_NOT_FOUND] =  { "NONEXISTENT",   "NONEXISTENT",   "SYS/TEMP", "SYS/PERM", "NONEXISTENT", "NONEXISTENT", "2.0", true },
	[ERR_NO_TARGET] =  { "TRYCREATE",     "TRYCREATE",     "SYS/TEMP", "SYS/PERM", "TRYLATER", NULL, "2.0", true },
	[ERR_NO_ACCOUNT] = { "CONTACTADMIN",  "CONTACTADMIN",  "SYS/TEMP", "SYS/PERM", "TRYLATER", NULL, "2.0", true },
	[ERR_CANNOT] =     { "CANNOT",        "CANNOT",        "SYS/TEMP", "SYS/PERM", "TRYLATER", NULL, "2.0", true },
	[ERR_SYNTAX] =     { "CLIENTBUG",     "CLIENTBUG",     "SYS/TEMP", "SYS/PERM", "TRYLATER", NULL, "2.0", true },
	[ERR_TOO_SOON] =   { "LIMIT",         "LIMIT",         "LOGIN-DELAY", "LOGIN-DELAY", "TRYLATER", NULL, "2.0", true },
	[ERR_DENIED] =     { "NOPERM",        "NOPERM",        "SYS/TEMP", "SYS/PERM", "TRYLATER", NULL, "2.0", true },
	/* clang-format on */
};

static void
same(const char *got, const char *want)
{
	if (want == NULL)
		assert_null(got);
	else
		assert_true(slice_is(slice_str(got), want));
}

static void
test_every_code(void **state)
{
	char dsn[ERRWORDS_DSN];

	(void)state;
	assert_int_equal(ARRAY_LEN(rows), ERR_CODES);
	for (unsigned i = 0; i < ERR_CODES; i++) {
		const enum err_code code = (enum err_code)i;

		same(errwords_imap(ERR_TEMP, code), rows[i].imap_temp);
		same(errwords_imap(ERR_PERM, code), rows[i].imap_perm);
		same(errwords_pop3(ERR_TEMP, code), rows[i].pop3_temp);
		same(errwords_pop3(ERR_PERM, code), rows[i].pop3_perm);
		same(errwords_managesieve(ERR_TEMP, code),
		    rows[i].managesieve_temp);
		same(errwords_managesieve(ERR_PERM, code),
		    rows[i].managesieve_perm);
		errwords_dsn(ERR_TEMP, code, "2.0", dsn);
		assert_int_equal(dsn[0], '4');
		assert_string_equal(dsn + 2, rows[i].dsn);
		errwords_dsn(ERR_PERM, code, "2.0", dsn);
		assert_int_equal(dsn[0], '5');
		assert_string_equal(dsn + 2, rows[i].dsn);
		assert_int_equal(
		    errwords_public(ERR_TEMP, code), rows[i].public_temp);
		assert_true(errwords_public(ERR_PERM, code));
	}
	assert_string_equal(
	    errwords_dsn(ERR_TEMP, ERR_OTHER, "3.0", dsn), "4.3.0");
}

/* What the kernel said of which file is for the log. */
static void
test_text(void **state)
{
	struct err err;

	(void)state;
	(void)err_set(&err, ERR_TEMP, "open /x: input/output error");
	assert_string_equal(
	    errwords_text(&err), "temporary trouble, try again later");
	(void)err_set_code(&err, ERR_TEMP, ERR_OVER_QUOTA, "over quota");
	assert_string_equal(errwords_text(&err), "over quota");
	(void)err_set(&err, ERR_PERM, "no such thing");
	assert_string_equal(errwords_text(&err), "no such thing");
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_code),
		cmocka_unit_test(test_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
