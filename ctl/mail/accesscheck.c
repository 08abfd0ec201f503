/* SPDX-License-Identifier: ISC */
#include "ctl/mail/accesscheck.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/map.h"
#include "base/mem.h"
#include "ctl/inst/tables.h"
#include "ctl/mail/accessfound.h"
#include "origin/country.h"
#include "sys/fd.h"
#include "table/access.h"
#include "table/reader.h"

enum { COUNTRIES_MAX = 512 << 20 };

struct accesscheck_brought {
	struct arena *arena;
	bool has[ACCESS_FACT_COUNT]; /* entries of this kind */
	struct map entries;          /* those for names and countries */
	struct buf countries;        /* the file, where it is needed */
};

/* Entries as they are asked for: of the table, or of those that were brought.
 */
struct accesscheck_table {
	struct access_source source;
	struct tables tables;
	const struct accesscheck *check;
};

static enum found
get_of_table(struct access_source *s, struct slice key, struct buf *value,
    struct err *err)
{
	struct accesscheck_table *t =
	    OUTER(s, struct accesscheck_table, source);

	return tables_get(&t->tables, "access", key, value, err);
}

static enum found
get_of_entries(struct access_source *s, struct slice key, struct buf *value,
    struct err *err)
{
	const struct accesscheck_table *t =
	    OUTER(s, struct accesscheck_table, source);
	const struct slice *entry = map_find(&t->check->brought->entries, key);

	(void)err;
	if (entry == NULL)
		return ABSENT;
	buf_add(value, *entry);
	return FOUND;
}

/* ---- one fact ---- */

static int
say(struct accesscheck_found *f, enum access_fact fact, struct slice key,
    struct slice entry, struct arena *arena, struct err *err)
{
	struct access_entry e;

	key = arena_slice(arena, key);
	if (access_parse(arena_slice(arena, entry), &e, err) == -1)
		return -1;
	access_say(&e, key, arena, &f->verdict);
	if (e.action == ACCESS_ACCEPT && fact == ACCESS_RECIPIENT)
		f->accepts_rcpt = true;
	else if (e.action == ACCESS_ACCEPT)
		f->accepts = true;
	else if (e.action == ACCESS_WARN)
		f->warns = key;
	return 0;
}

static int
look(struct accesscheck_found *f, struct accesscheck_table *t,
    enum access_fact fact, struct slice value, struct arena *arena,
    struct err *err)
{
	struct buf key = { .max = ACCESS_KEY_MAX };
	struct buf entry = { .max = TABLE_VALUE_MAX };
	const enum found found =
	    access_find(&t->source, fact, value, &key, &entry, err);
	int rc = found == TEMPFAIL ? -1 : 0;

	if (found == FOUND)
		rc = say(
		    f, fact, buf_slice(&key), buf_slice(&entry), arena, err);
	buf_fini(&key);
	buf_fini(&entry);
	return rc;
}

/* ---- in the child ---- */

int
accesscheck_name(const struct accesscheck *c, struct slice name,
    struct arena *arena, struct accesscheck_found *found, struct err *err)
{
	struct accesscheck_table t = { .source = { get_of_entries },
		.check = c };

	return look(found, &t, ACCESS_NAME, name, arena, err);
}

int
accesscheck_country(const struct accesscheck *c, const uint8_t *ip,
    struct arena *arena, struct accesscheck_found *found, struct err *err)
{
	struct accesscheck_table t = { .source = { get_of_entries },
		.check = c };
	struct country_file file;
	char code[COUNTRY_CODE];

	if (c->country.n > 0)
		return look(found, &t, ACCESS_COUNTRY, c->country, arena, err);
	if (ip == NULL || c->brought->countries.n == 0)
		return 0;
	if (country_open(&file, buf_slice(&c->brought->countries), err) == -1)
		return -1;
	if (!country_find(&file, ip, code))
		return 0;
	return look(found, &t, ACCESS_COUNTRY, slice_str(code), arena, err);
}

bool
accesscheck_has_names(const struct accesscheck *c)
{
	return c->brought->has[ACCESS_NAME];
}

const char *
accesscheck_lacks(const struct accesscheck *c)
{
	if (c->brought->has[ACCESS_TLS] && c->tls.n == 0)
		return "--tls";
	if (c->brought->has[ACCESS_MECHANISM] && c->login.n > 0 &&
	    c->mechanism.n == 0)
		return "--mechanism";
	if (c->brought->has[ACCESS_COUNTRY] && c->country.n == 0 &&
	    (c->client.n == 0 || c->brought->countries.n == 0))
		return "--country";
	return NULL;
}

/* ---- outside ---- */

static bool
bring(void *arg, struct slice key, struct slice value)
{
	const struct accesscheck *c = arg;
	struct slice rest;
	enum access_fact fact;
	struct slice *entry;

	if (!access_fact_of(slice_cut(key, '=', &rest), &fact))
		return true;
	c->brought->has[fact] = true;
	if (fact != ACCESS_NAME && fact != ACCESS_COUNTRY)
		return true;
	entry = arena_new(c->brought->arena, struct slice);
	*entry = arena_slice(c->brought->arena, value);
	map_put(&c->brought->entries, key, entry);
	return true;
}

static int
look_at_all(struct accesscheck *c, struct accesscheck_table *t, struct err *err)
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
		{ ACCESS_MECHANISM, c->mechanism },
		{ ACCESS_TLS, c->tls },
	};

	for (size_t i = 0; i < ARRAY_LEN(facts); i++)
		if ((facts[i].value.n > 0 || facts[i].fact == ACCESS_SENDER) &&
		    look(c->found, t, facts[i].fact, facts[i].value,
			c->brought->arena, err) == -1)
			return -1;
	return tables_each(&t->tables, "access", bring, c, err);
}

/* Where the child will need it. */
static int
bring_countries(struct accesscheck *c, int dir, struct err *err)
{
	int fd, rc;

	if (!c->brought->has[ACCESS_COUNTRY] || c->country.n > 0 ||
	    c->client.n == 0 || c->country_file == NULL ||
	    c->country_file[0] == '\0')
		return 0;
	fd = openat(dir, c->country_file, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd == -1)
		return err_sys(
		    err, ERR_PERM, "country_file: open %s", c->country_file);
	rc = fd_read_file(fd, &c->brought->countries, err);
	fd_close(&fd);
	return rc;
}

void
accesscheck_run(
    struct accesscheck *c, const char *directory, struct arena *arena)
{
	struct accesscheck_table t = { .source = { get_of_table } };
	const int dir = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct err err;

	c->found = arena_new(arena, struct accesscheck_found);
	*c->found = (struct accesscheck_found){ .accepts = false };
	c->brought = arena_new(arena, struct accesscheck_brought);
	*c->brought = (struct accesscheck_brought){ .arena = arena };
	map_init(&c->brought->entries);
	buf_init(&c->brought->countries, COUNTRIES_MAX);
	t.tables.dirfd = dir;
	if (dir == -1 || faccessat(dir, "access", R_OK, 0) == -1)
		c->why_not = errno == ENOENT
				 ? "there is no table access"
				 : "the table access cannot be read";
	else if (look_at_all(c, &t, &err) == -1 ||
		 bring_countries(c, dir, &err) == -1)
		c->why_not = arena_str(arena, slice_str(err.text));
	fd_close(&t.tables.dirfd);
}

void
accesscheck_fini(struct accesscheck *c)
{
	map_fini(&c->brought->entries);
	buf_fini(&c->brought->countries);
}
