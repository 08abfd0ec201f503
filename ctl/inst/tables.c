/* SPDX-License-Identifier: ISC */
#include "ctl/inst/tables.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "conf/shared.h"
#include "ctl/cmd/ctl.h"
#include "sys/fd.h"
#include "table/edit.h"
#include "table/key.h"
#include "table/reader.h"
#include "table/table.h"

const char *const tables_known[] = { "accounts", "passwords", "app_passwords",
	"aliases", "access", "transports", "sender_relays", "source_addresses",
	"tls_policies", "commands", "domains", "limits", "senders", "canonical",
	"masquerade", "bcc", "groups", NULL };

int
tables_open(struct tables *t, const struct instance *in)
{
	struct err err;

	*t = (struct tables){ .shared = instance_shared(in), .dirfd = -1 };
	if (t->shared == NULL)
		return -1;
	t->dirfd = open(
	    t->shared->table_directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (t->dirfd != -1)
		return 0;
	err_sys(&err, ERR_PERM, "open table_directory %s",
	    t->shared->table_directory);
	ctl_fail_err(&err);
	return -1;
}

void
tables_close(struct tables *t)
{
	instance_shared_free(&t->shared);
	fd_close(&t->dirfd);
}

struct table *
tables_current(const struct tables *t, const char *name, struct err *err)
{
	char *spec = xasprintf("cdb:%s", name);
	struct table *table = table_open(spec, t->dirfd, err);

	free(spec);
	if (table == NULL || !table_stale(table))
		return table;
	table_free(&table);
	spec = xasprintf("text:%s", name);
	table = table_open(spec, t->dirfd, err);
	free(spec);
	return table;
}

/* The text may lack what its journal has. */
struct tables_search {
	struct slice key; /* folded */
	struct buf *value;
	bool found;
};

static bool
match(void *arg, struct slice key, struct slice value)
{
	struct tables_search *s = arg;

	s->found = slice_eq(key, s->key);
	if (s->found)
		buf_add(s->value, value);
	return !s->found;
}

static enum found
search(const struct tables *t, const char *name, struct slice key,
    struct buf *value, struct err *err)
{
	char space[TABLE_KEY_MAX];
	struct slice folded;
	struct tables_search s;

	if (!table_fold(key, space, &folded))
		return ABSENT;
	s = (struct tables_search){ .key = folded, .value = value };
	if (tables_each(t, name, match, &s, err) == -1)
		return TEMPFAIL;
	return s.found ? FOUND : ABSENT;
}

enum found
tables_get(const struct tables *t, const char *name, struct slice key,
    struct buf *value, struct err *err)
{
	char *spec = xasprintf("cdb:%s", name);
	struct table *table = table_open(spec, t->dirfd, err);
	enum found found = TEMPFAIL;

	if (table != NULL && table_stale(table))
		found = search(t, name, key, value, err);
	else if (table != NULL)
		found = table_get(table, key, value, err);
	table_free(&table);
	free(spec);
	return found;
}

enum found
tables_get_if(const struct tables *t, const char *name, struct slice key,
    struct buf *value, struct err *err)
{
	if (faccessat(t->dirfd, name, F_OK, 0) == -1 && errno == ENOENT)
		return ABSENT;
	return tables_get(t, name, key, value, err);
}

enum found
tables_domain(const struct tables *t, struct slice domain, struct err *err)
{
	const struct conf_list *domains = &t->shared->domains;
	enum found found = ABSENT;

	if (shared_is_local(t->shared, domain))
		return FOUND;
	for (size_t i = 0; i < domains->n && found == ABSENT; i++) {
		struct buf value = { .max = TABLE_VALUE_MAX };

		if (shared_is_table(domains->v[i]))
			found = tables_get(t, strchr(domains->v[i], ':') + 1,
			    domain, &value, err);
		buf_fini(&value);
	}
	return found;
}

enum found
tables_account(const struct tables *t, const char *name,
    struct account_entry *a, struct err *err)
{
	struct buf value = { .max = TABLE_VALUE_MAX };
	enum found found =
	    tables_get(t, "accounts", slice_str(name), &value, err);

	if (found == ABSENT)
		err_set(err, ERR_PERM,
		    "there is no account %s; \"pabal user list\" prints them",
		    name);
	if (found == FOUND &&
	    account_parse(slice_str(name), buf_slice(&value), a, err) == -1)
		found = TEMPFAIL;
	buf_fini(&value);
	return found;
}

int
tables_put_account(const struct tables *t, const char *name,
    enum table_edit how, const struct account_entry *a, struct err *err)
{
	struct buf value = { .max = TABLE_VALUE_MAX };
	int rc;

	account_format(a, &value);
	rc = table_edit(
	    t->dirfd, "accounts", how, slice_str(name), buf_slice(&value), err);
	buf_fini(&value);
	return rc;
}

int
tables_each(const struct tables *t, const char *name,
    bool (*visit)(void *arg, struct slice key, struct slice value), void *arg,
    struct err *err)
{
	struct buf text = { .max = TABLE_TEXT_MAX };
	struct table_reader r;
	enum found found = TEMPFAIL;

	if (table_read_merged(t->dirfd, name, &text, err) == 0) {
		table_reader_init(&r, buf_slice(&text));
		while ((found = table_reader_next(&r, err)) == FOUND)
			if (!visit(arg, buf_slice(&r.key), buf_slice(&r.value)))
				break;
		table_reader_fini(&r);
	}
	buf_fini(&text);
	return found == TEMPFAIL ? -1 : 0;
}
