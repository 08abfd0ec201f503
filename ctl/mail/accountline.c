/* SPDX-License-Identifier: ISC */
#include "ctl/mail/accountline.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/cur.h"
#include "base/mem.h"
#include "sasl/password.h"
#include "table/account.h"
#include "table/alias.h"
#include "table/key.h"
#include "table/reader.h"

static bool
is_bare(char c)
{
	return !ascii_isspace(c);
}

/* What stands behind the "=": up to a blank, or in quotes with \" and \\. */
static void
take_value(struct cur *c, struct buf *out)
{
	buf_reset(out);
	if (!cur_try_byte(c, '"')) {
		buf_add(out, cur_while(c, is_bare));
		return;
	}
	while (cur_ok(c) && !cur_try_byte(c, '"')) {
		int b = cur_byte(c);

		if (b == '\\')
			b = cur_byte(c);
		if (b != -1)
			buf_addc(out, (char)b);
	}
	if (cur_left(c) > 0 && is_bare(*c->p))
		cur_fail(c);
}

static int
set_once(char **field, struct slice value, const char *what, struct err *err)
{
	if (*field != NULL)
		return err_set(err, ERR_PERM, "%s is given twice", what);
	*field = xslicedup(value);
	return 0;
}

static int
take_hash(struct accountline *a, struct slice value, struct err *err)
{
	if (account_check_password(slice_str(a->name), value, err) == -1)
		return -1;
	if (value.n > PASSWORD_HASH_MAX)
		return err_set(err, ERR_PERM, "hash: too long");
	if (!password_is_known(value))
		return err_set(err, ERR_PERM,
		    "hash: of no supported scheme; see passwords in "
		    "pabal-tables(5)");
	return set_once(&a->hash, value, "hash", err);
}

static int
take_alias(struct accountline *a, struct slice value, struct err *err)
{
	char space[TABLE_KEY_MAX];
	struct slice key;

	if (!table_fold(value, space, &key))
		return err_set(err, ERR_PERM, "alias: expected an address");
	if (alias_check(value, slice_str(a->name), err) == -1)
		return -1;
	if (a->naliases == ACCOUNT_ALIASES_MAX)
		return err_set(
		    err, ERR_PERM, "more than %d aliases", ACCOUNT_ALIASES_MAX);
	a->aliases =
	    xreallocarray(a->aliases, a->naliases + 1, sizeof *a->aliases);
	a->aliases[a->naliases++] = xslicedup(key);
	return 0;
}

static bool
is_account_field(struct slice key)
{
	static const char *const names[] = { "quota", "home", "uid", "gid",
		"login", "mail" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (slice_is(key, names[i]))
			return true;
	return false;
}

static int
take_field(struct accountline *a, struct slice key, struct slice value,
    struct buf *fields, struct err *err)
{
	if (slice_is(key, "hash"))
		return take_hash(a, value, err);
	if (slice_is(key, "alias"))
		return take_alias(a, value, err);
	if (slice_is(key, "password")) {
		if (value.n == 0 || value.n > PASSWORD_SECRET_MAX)
			return err_set(err, ERR_PERM,
			    "password: expected 1 to %d bytes",
			    PASSWORD_SECRET_MAX);
		return set_once(&a->secret, value, "password", err);
	}
	if (!is_account_field(key))
		return err_set(err, ERR_PERM,
		    "expected quota=, home=, uid=, gid=, login=, mail=, hash=, "
		    "password= or alias=");
	if (slice_find(value, ' ') < value.n)
		return err_set(err, ERR_PERM, "%.*s: no blanks in it",
		    SLICE_FMT(slice_sub(key, 0, 40)));
	buf_addf(fields, "%.*s=%.*s ", SLICE_FMT(key), SLICE_FMT(value));
	return 0;
}

static bool
is_key(char c)
{
	return c != '=' && !ascii_isspace(c);
}

static int
take_fields(struct accountline *a, struct slice text, struct buf *fields,
    struct buf *value, struct err *err)
{
	struct cur c = cur_of(text);

	for (;;) {
		struct slice key;

		(void)cur_while(&c, ascii_isspace);
		if (cur_left(&c) == 0)
			return 0;
		key = cur_while(&c, is_key);
		cur_lit(&c, "=");
		take_value(&c, value);
		if (!cur_ok(&c))
			return err_set(err, ERR_PERM,
			    "expected FIELD=VALUE behind the name, a value "
			    "with blanks in double quotes");
		if (take_field(a, key, buf_slice(value), fields, err) == -1)
			return -1;
	}
}

int
accountline_parse(struct slice name, struct slice value, struct accountline *a,
    struct err *err)
{
	struct buf fields = { .max = TABLE_VALUE_MAX };
	struct buf word = { .max = TABLE_VALUE_MAX };
	struct account_entry account;
	int rc;

	*a = (struct accountline){ .name = xslicedup(name) };
	rc = take_fields(a, value, &fields, &word, err);
	if (rc == 0 && a->hash != NULL && a->secret != NULL)
		rc = err_set(err, ERR_PERM, "both hash= and password=");
	if (rc == 0)
		rc = account_check(name, buf_slice(&fields), err);
	if (rc == 0)
		rc = account_parse(name, buf_slice(&fields), &account, err);
	if (rc == 0) {
		buf_reset(&fields);
		account_format(&account, &fields);
		a->entry = xslicedup(buf_slice(&fields));
	}
	if (word.p != NULL)
		explicit_bzero(word.p, word.cap);
	buf_fini(&word);
	buf_fini(&fields);
	return rc;
}

void
accountline_free(struct accountline *a)
{
	for (size_t i = 0; i < a->naliases; i++)
		free(a->aliases[i]);
	if (a->secret != NULL)
		explicit_bzero(a->secret, strlen(a->secret));
	free(a->aliases);
	free(a->secret);
	free(a->hash);
	free(a->entry);
	free(a->name);
	*a = (struct accountline){ .line = 0 };
}
