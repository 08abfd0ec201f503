/* SPDX-License-Identifier: ISC */
/* pabal user export: the accounts as pabal user import reads them. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/slice.h"
#include "ctl/cmd/commands.h"
#include "ctl/cmd/ctl.h"
#include "ctl/inst/tables.h"
#include "ctl/view/out.h"
#include "table/account.h"
#include "table/alias.h"
#include "table/key.h"
#include "table/reader.h"

struct export
{
	const char *only; /* a domain or an account; NULL: all */
	struct map hashes;
	struct map aliases; /* of an account: KEYs with JOINT between them */
	const char *joint;
	bool json;
	struct out out;
	size_t n;
};

static bool
take_hash(void *arg, struct slice key, struct slice value)
{
	struct export *x = arg;

	free(map_put(&x->hashes, key, xslicedup(value)));
	return true;
}

/* Only an alias that is one account's alone can be told in its line. */
static bool
take_alias(void *arg, struct slice key, struct slice value)
{
	struct export *x = arg;
	struct arena arena;
	struct alias list;
	char space[TABLE_KEY_MAX];
	struct slice name;

	arena_init(&arena);
	if (alias_parse(value, &arena, &list, NULL) == 0 && list.n == 1 &&
	    list.targets[0].kind == ALIAS_ADDRESS && !list.targets[0].final &&
	    table_fold(list.targets[0].text, space, &name)) {
		const char *before = map_find(&x->aliases, name);

		free(map_put(&x->aliases, name,
		    xasprintf("%s%s%.*s", before != NULL ? before : "",
			before != NULL ? x->joint : "", SLICE_FMT(key))));
	}
	arena_fini(&arena);
	return true;
}

static void
put_line(struct slice name, const struct account_entry *a, const char *hash,
    const char *aliases)
{
	struct buf line = { .max = TABLE_TEXT_MAX };

	buf_addf(&line, "%.*s ", SLICE_FMT(name));
	account_format(a, &line);
	if (hash != NULL)
		buf_addf(&line, " hash=%s", hash);
	if (aliases != NULL)
		buf_addf(&line, " alias=%s", aliases);
	buf_addc(&line, '\n');
	fwrite(line.p, 1, line.n, stdout);
	buf_fini(&line);
}

static void
put_word(struct out *o, const char *s)
{
	if (s != NULL)
		out_str(o, slice_str(s));
	else
		out_none(o);
}

static void
put_json(struct out *o, struct slice name, const struct account_entry *a,
    const char *hash, const char *aliases)
{
	const bool is_virtual = a->uid == ACCOUNT_VIRTUAL;

	out_str(o, name);
	is_virtual ? out_none(o) : out_num(o, a->uid);
	is_virtual ? out_none(o) : out_num(o, a->gid);
	put_word(o, a->home);
	out_quota(o, a);
	out_bool(o, (a->flags & ACCOUNT_NO_LOGIN) == 0);
	out_bool(o, (a->flags & ACCOUNT_NO_MAIL) == 0);
	put_word(o, hash);
	put_word(o, aliases);
}

static bool
put_account(void *arg, struct slice key, struct slice value)
{
	struct export *x = arg;
	const struct slice domain = slice_from(key, slice_rfind(key, '@') + 1);
	const char *hash = map_find(&x->hashes, key);
	const char *aliases = map_find(&x->aliases, key);
	struct account_entry a;

	if ((x->only != NULL && !slice_iis(domain, x->only) &&
		!slice_iis(key, x->only)) ||
	    account_parse(key, value, &a, NULL) == -1)
		return true;
	if (x->json)
		put_json(&x->out, key, &a, hash, aliases);
	else
		put_line(key, &a, hash, aliases);
	x->n++;
	return true;
}

static void
free_map(struct map *m)
{
	struct map_iter it = { 0 };

	while (map_next(m, &it))
		free(it.value);
	map_fini(m);
}

int
cmd_user_export(struct ctl *ctl, int argc, char **argv)
{
	static const struct out_col cols[] = { { "account", 0 }, { "uid", 0 },
		{ "gid", 0 }, { "home", 0 }, { "quota", 0 },
		{ "quota_messages", 0 }, { "login", 0 }, { "mail", 0 },
		{ "hash", 0 }, { "aliases", 0 } };
	const int n = ctl_options(ctl, NULL, argc, argv, 0, 1);
	struct export x = { .n = 0 };
	struct tables t;
	struct err err;
	int rc = CTL_FAILED;

	if (n == -1)
		return CTL_USAGE;
	x.only = n == 1 ? argv[0] : NULL;
	x.json = ctl->json;
	x.joint = x.json ? ", " : " alias=";
	if (tables_open(&t, &ctl->inst) == -1)
		goto out;
	if (x.json)
		out_begin(&x.out, true, cols, ARRAY_LEN(cols));
	if (tables_each(&t, "passwords", take_hash, &x, &err) == -1 ||
	    tables_each(&t, "aliases", take_alias, &x, &err) == -1 ||
	    tables_each(&t, "accounts", put_account, &x, &err) == -1)
		ctl_fail_err(&err);
	else if (x.n == 0 && x.only != NULL)
		ctl_fail("there is no account of %s", x.only);
	else
		rc = CTL_OK;
	if (x.json)
		out_end(&x.out);
out:
	free_map(&x.hashes);
	free_map(&x.aliases);
	tables_close(&t);
	return rc;
}
