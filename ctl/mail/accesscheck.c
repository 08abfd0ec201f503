/* SPDX-License-Identifier: ISC */
#include "ctl/mail/accesscheck.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "ctl/inst/tables.h"
#include "sys/fd.h"
#include "table/access.h"
#include "table/reader.h"

struct accesscheck_table {
	struct access_source source;
	struct tables tables;
};

static enum found
get(struct access_source *s, struct slice key, struct buf *value,
    struct err *err)
{
	struct accesscheck_table *t =
	    OUTER(s, struct accesscheck_table, source);

	return tables_get(&t->tables, "access", key, value, err);
}

static int
say(struct accesscheck *c, enum access_fact fact, struct slice key,
    struct slice entry, struct arena *arena, struct err *err)
{
	struct access_entry e;

	if (access_parse(arena_slice(arena, entry), &e, err) == -1)
		return -1;
	access_say(&e, arena_slice(arena, key), arena, &c->verdict);
	if (e.action == ACCESS_ACCEPT && fact == ACCESS_RECIPIENT)
		c->accepts_rcpt = true;
	else if (e.action == ACCESS_ACCEPT)
		c->accepts = true;
	return 0;
}

static int
look(struct accesscheck *c, struct accesscheck_table *t, enum access_fact fact,
    struct slice value, struct arena *arena, struct err *err)
{
	struct buf key = { .max = ACCESS_KEY_MAX };
	struct buf entry = { .max = TABLE_VALUE_MAX };
	const enum found found =
	    access_find(&t->source, fact, value, &key, &entry, err);
	int rc = found == TEMPFAIL ? -1 : 0;

	if (found == FOUND)
		rc = say(
		    c, fact, buf_slice(&key), buf_slice(&entry), arena, err);
	buf_fini(&key);
	buf_fini(&entry);
	return rc;
}

static int
look_at_all(struct accesscheck *c, struct accesscheck_table *t,
    struct arena *arena, struct err *err)
{
	const struct {
		enum access_fact fact;
		struct slice value;
	} facts[] = {
		{ ACCESS_CLIENT, c->client },
		{ ACCESS_HELO, c->helo },
		{ ACCESS_SENDER, c->sender },
		{ ACCESS_RECIPIENT, c->rcpt },
		{ ACCESS_LOGIN, c->login },
	};

	for (size_t i = 0; i < ARRAY_LEN(facts); i++)
		if ((facts[i].value.n > 0 || facts[i].fact == ACCESS_SENDER) &&
		    look(c, t, facts[i].fact, facts[i].value, arena, err) == -1)
			return -1;
	return 0;
}

void
accesscheck_run(
    struct accesscheck *c, const char *directory, struct arena *arena)
{
	struct accesscheck_table t = { .source = { get } };
	struct err err;

	t.tables.dirfd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (t.tables.dirfd == -1 ||
	    faccessat(t.tables.dirfd, "access", R_OK, 0) == -1)
		c->why_not = errno == ENOENT
				 ? "there is no table access"
				 : "the table access cannot be read";
	else if (look_at_all(c, &t, arena, &err) == -1)
		c->why_not = arena_str(arena, slice_str(err.text));
	fd_close(&t.tables.dirfd);
}
