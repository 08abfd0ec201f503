/* SPDX-License-Identifier: ISC */
#include "proto/errwords.h"

#include <stdio.h>

#include "base/must.h"

/* NULL: as for ERR_OTHER. */
static const struct {
	const char *imap;
	const char *pop3;
	const char *managesieve;
	const char *dsn; /* without its class */
	bool ours;       /* a failure here, nothing that a client did */
} rows[ERR_CODES] = {
	/* clang-format off */
	/*                  IMAP             POP3           ManageSieve         DSN    ours */
	[ERR_OTHER] =      { NULL,            NULL,          NULL,               NULL,  true },
	[ERR_NO_SPACE] =   { NULL,            NULL,          NULL,               "3.1", true },
	[ERR_FORGED] =     { "SERVERBUG",     NULL,          NULL,               NULL,  true },
	[ERR_BUSY] =       { "INUSE",         "IN-USE",      NULL,               NULL,  false },
	[ERR_IN_USE] =     { "INUSE",         "IN-USE",      "ACTIVE",           NULL,  false },
	[ERR_OVER_QUOTA] = { "OVERQUOTA",     NULL,          "QUOTA",            "2.2", false },
	[ERR_LIMIT] =      { "LIMIT",         NULL,          "QUOTA/MAXSCRIPTS", NULL,  false },
	[ERR_TOO_BIG] =    { "TOOBIG",        NULL,          "QUOTA/MAXSIZE",    "3.4", false },
	[ERR_EXISTS] =     { "ALREADYEXISTS", NULL,          "ALREADYEXISTS",    NULL,  false },
	[ERR_NOT_FOUND] =  { "NONEXISTENT",   NULL,          "NONEXISTENT",      NULL,  false },
	[ERR_NO_TARGET] =  { "TRYCREATE",     NULL,          NULL,               NULL,  false },
	[ERR_NO_ACCOUNT] = { "CONTACTADMIN",  NULL,          NULL,               NULL,  false },
	[ERR_CANNOT] =     { "CANNOT",        NULL,          NULL,               NULL,  false },
	[ERR_SYNTAX] =     { "CLIENTBUG",     NULL,          NULL,               NULL,  false },
	[ERR_TOO_SOON] =   { "LIMIT",         "LOGIN-DELAY", NULL,               NULL,  false },
	[ERR_DENIED] =     { "NOPERM",        NULL,          NULL,               NULL,  false },
	/* clang-format on */
};

const char *
errwords_imap(enum err_class class, enum err_code code)
{
	must(code < ERR_CODES);
	if (rows[code].imap != NULL)
		return rows[code].imap;
	return class == ERR_PERM ? NULL : "UNAVAILABLE";
}

const char *
errwords_pop3(enum err_class class, enum err_code code)
{
	must(code < ERR_CODES);
	if (rows[code].pop3 != NULL)
		return rows[code].pop3;
	return class == ERR_PERM ? "SYS/PERM" : "SYS/TEMP";
}

const char *
errwords_managesieve(enum err_class class, enum err_code code)
{
	must(code < ERR_CODES);
	if (rows[code].managesieve != NULL)
		return rows[code].managesieve;
	return class == ERR_PERM ? NULL : "TRYLATER";
}

const char *
errwords_dsn(enum err_class class, enum err_code code, const char *other,
    char out[ERRWORDS_DSN])
{
	must(code < ERR_CODES);
	snprintf(out, ERRWORDS_DSN, "%c.%s", class == ERR_PERM ? '5' : '4',
	    rows[code].dsn != NULL ? rows[code].dsn : other);
	return out;
}

bool
errwords_public(enum err_class class, enum err_code code)
{
	must(code < ERR_CODES);
	return class == ERR_PERM || !rows[code].ours;
}

const char *
errwords_text(const struct err *err)
{
	return errwords_public(err->class, err->code)
		   ? err->text
		   : "temporary trouble, try again later";
}
