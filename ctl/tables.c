/* SPDX-License-Identifier: ISC */
#include "ctl/tables.h"

#include <fcntl.h>
#include <stdlib.h>

#include "base/mem.h"
#include "conf/shared.h"
#include "ctl/ctl.h"
#include "sys/fd.h"
#include "table/reader.h"
#include "table/table.h"

enum { TABLE_TEXT_MAX = 1 << 30 };

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

enum found
tables_get(const struct tables *t, const char *name, struct slice key,
    struct buf *value, struct err *err)
{
	char *spec = xasprintf("text:%s", name);
	struct table *table = table_open(spec, t->dirfd, err);
	enum found found = TEMPFAIL;

	free(spec);
	if (table != NULL)
		found = table_get(table, key, value, err);
	table_free(&table);
	return found;
}

enum found
tables_account(const struct tables *t, const char *name, struct account *a,
    struct err *err)
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
    enum table_edit how, const struct account *a, struct err *err)
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
	int fd = openat(t->dirfd, name, O_RDONLY | O_CLOEXEC);

	if (fd == -1)
		return err_sys(err, ERR_PERM, "open %s/%s",
		    t->shared->table_directory, name);
	if (fd_read_file(fd, &text, err) == 0) {
		table_reader_init(&r, buf_slice(&text));
		while ((found = table_reader_next(&r, err)) == FOUND)
			if (!visit(arg, buf_slice(&r.key), buf_slice(&r.value)))
				break;
		table_reader_fini(&r);
	}
	buf_fini(&text);
	fd_close(&fd);
	return found == TEMPFAIL ? -1 : 0;
}
