/* SPDX-License-Identifier: ISC */
#include "ctl/mail/aliaswalk.h"

#include <pwd.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/map.h"
#include "conf/shared.h"
#include "proto/address.h"
#include "table/alias.h"
#include "table/key.h"
#include "table/reader.h"
#include "table/table.h"

enum { STEPS_MAX = 1000, TEXT_FOLLOWED_MAX = 32 << 20 };

/* One walk: KEYS are the aliases seen, OPEN their targets to be followed. */
struct alias_walk {
	const struct tables *t;
	struct table *aliases, *accounts;
	struct arena arena;
	struct map keys;
	size_t n, at;
	struct {
		struct slice key, targets;
	} open[STEPS_MAX];
};

static bool
get(struct alias_walk *w, struct table *t, struct slice key,
    struct slice *value)
{
	struct buf out = { .max = TABLE_VALUE_MAX };
	const bool found = table_get(t, key, &out, NULL) == FOUND;

	if (found && value != NULL)
		*value = arena_slice(&w->arena, buf_slice(&out));
	buf_fini(&out);
	return found;
}

static struct slice
join(struct alias_walk *w, struct slice local, struct slice domain)
{
	char *p = arena_alloc(&w->arena, local.n + 1 + domain.n);

	if (local.n > 0)
		memcpy(p, local.p, local.n);
	p[local.n] = '@';
	if (domain.n > 0)
		memcpy(p + local.n + 1, domain.p, domain.n);
	return slice_of(p, local.n + 1 + domain.n);
}

/* Is KEY an alias?  Its targets are to be followed then, once. */
static bool
follow(struct alias_walk *w, struct slice key)
{
	struct slice targets;

	if (map_find(&w->keys, key) != NULL)
		return true;
	if (!get(w, w->aliases, key, &targets))
		return false;
	(void)map_put(&w->keys, key, w);
	if (w->n < STEPS_MAX) {
		w->open[w->n].key = key;
		w->open[w->n++].targets = targets;
	}
	return true;
}

/* Does LOCAL at DOMAIN end, in the order of lookup/resolve.h?  NONE: nothing
 * is called so. */
static bool
name_ends(
    struct alias_walk *w, struct slice local, struct slice domain, bool *none)
{
	const struct slice full = join(w, local, domain);

	*none = false;
	if (follow(w, full))
		return false;
	if (get(w, w->accounts, full, NULL))
		return true;
	*none = !follow(w, local);
	return false;
}

static bool
address_ends(struct alias_walk *w, struct slice local, struct slice domain)
{
	struct slice user, tag;
	const bool tagged = address_split_tag(
	    local, w->t->shared->recipient_delimiter, &user, &tag);
	bool none, ends;

	if (tables_domain(w->t, domain, NULL) != FOUND)
		return true;
	ends = name_ends(w, local, domain, &none);
	if (none && tagged)
		ends = name_ends(w, user, domain, &none);
	return none ? !follow(w, join(w, slice_of(NULL, 0), domain)) : ends;
}

/* Does a target of the alias KEY end?  One that is the alias itself means the
 * mailbox. */
static bool
target_ends(
    struct alias_walk *w, struct slice key, const struct alias_target *t)
{
	const struct slice home = slice_str(shared_domain(w->t->shared));
	struct slice address, local, domain, folded;
	char *space = arena_alloc(&w->arena, TABLE_KEY_MAX);

	if (t->kind != ALIAS_ADDRESS || t->final)
		return true;
	address_split(t->text, &local, &domain);
	address = domain.n > 0 ? t->text : join(w, local, home);
	if (!table_fold(address, space, &folded))
		return true;
	address_split(folded, &local, &domain);
	if (slice_eq(key, folded) || slice_eq(key, local))
		return true;
	return address_ends(w, local, domain);
}

static bool
targets_end(struct alias_walk *w, struct slice key, struct slice targets)
{
	struct alias list;
	bool ends = alias_parse(targets, &w->arena, &list, NULL) == -1;

	for (size_t i = 0; i < list.n && !ends; i++)
		ends = target_ends(w, key, &list.targets[i]);
	return ends;
}

static bool
is_loop(struct alias_walk *w, struct slice key, struct slice targets)
{
	bool ends;

	arena_reset(&w->arena);
	map_fini(&w->keys);
	map_init(&w->keys);
	w->n = w->at = 0;
	(void)map_put(&w->keys, key, w);
	ends = targets_end(w, key, targets);
	while (!ends && w->at < w->n) {
		const size_t at = w->at++;

		ends = targets_end(w, w->open[at].key, w->open[at].targets);
	}
	return !ends && w->n < STEPS_MAX;
}

/* ---- targets that lead nowhere ---- */

/* Whether lookup has system_users is not asked: rather too few are named. */
static bool
is_user(struct slice local)
{
	char name[ADDRESS_LOCAL_MAX + 1];

	return slice_copy(local, name, sizeof name) && getpwnam(name) != NULL;
}

static bool
has_mailbox(struct alias_walk *w, struct slice local, struct slice domain)
{
	return get(w, w->accounts, join(w, local, domain), NULL) ||
	       is_user(local) || slice_is(local, "postmaster");
}

static bool
is_named(struct alias_walk *w, struct slice local, struct slice domain)
{
	return has_mailbox(w, local, domain) ||
	       get(w, w->aliases, join(w, local, domain), NULL) ||
	       get(w, w->aliases, local, NULL);
}

static bool
is_known(struct alias_walk *w, struct slice local, struct slice domain)
{
	const struct slice none = { NULL, 0 };
	struct slice user, tag;

	return is_named(w, local, domain) ||
	       (address_split_tag(
		    local, w->t->shared->recipient_delimiter, &user, &tag) &&
		   is_named(w, user, domain)) ||
	       get(w, w->aliases, join(w, none, domain), NULL);
}

static bool
is_dead(struct alias_walk *w, struct slice key, const struct alias_target *t)
{
	const struct slice home = slice_str(shared_domain(w->t->shared));
	char *space = arena_alloc(&w->arena, TABLE_KEY_MAX);
	struct slice address, local, domain, folded;

	if (t->kind != ALIAS_ADDRESS)
		return t->kind == ALIAS_FILE;
	address_split(t->text, &local, &domain);
	address = domain.n > 0 ? t->text : join(w, local, home);
	if (!table_fold(address, space, &folded))
		return false;
	address_split(folded, &local, &domain);
	if (tables_domain(w->t, domain, NULL) != FOUND)
		return false;
	if (t->final || slice_eq(key, folded) || slice_eq(key, local))
		return !has_mailbox(w, local, domain);
	return !is_known(w, local, domain);
}

static void
report_dead(struct alias_walk *w, unsigned line, struct slice key,
    struct slice targets, struct aliaswalk_report *r)
{
	struct alias list;

	arena_reset(&w->arena);
	if (alias_parse(targets, &w->arena, &list, NULL) == -1)
		return;
	for (size_t i = 0; i < list.n; i++)
		if (is_dead(w, key, &list.targets[i]))
			r->dead(r, line, key, list.targets[i].text);
}

/* ---- all of it ---- */

static bool
walk_begin(struct alias_walk *w, const struct tables *t, struct err *err)
{
	*w = (struct alias_walk){
		.t = t,
		.aliases = tables_current(t, "aliases", err),
		.accounts = tables_current(t, "accounts", err),
	};
	arena_init(&w->arena);
	map_init(&w->keys);
	return w->aliases != NULL && w->accounts != NULL;
}

static void
walk_end(struct alias_walk *w)
{
	table_free(&w->aliases);
	table_free(&w->accounts);
	arena_fini(&w->arena);
	map_fini(&w->keys);
}

bool
aliaswalk_is_loop(
    const struct tables *t, struct slice key, struct slice targets)
{
	char space[TABLE_KEY_MAX];
	struct slice folded;
	struct alias_walk w;
	bool loop;

	loop = walk_begin(&w, t, NULL) && table_fold(key, space, &folded) &&
	       is_loop(&w, folded, targets);
	walk_end(&w);
	return loop;
}

const char *
aliaswalk_why_dead(struct slice target)
{
	return slice_starts(target, SLICE("/"))
		   ? "mail is not delivered to files:"
		   : "there is neither an alias nor an account";
}

void
aliaswalk_dead(const struct tables *t, struct slice key, struct slice targets,
    struct aliaswalk_report *r)
{
	char space[TABLE_KEY_MAX];
	struct slice folded;
	struct alias_walk w;

	if (walk_begin(&w, t, NULL) && table_fold(key, space, &folded))
		report_dead(&w, 0, folded, targets, r);
	walk_end(&w);
}

static void
look_at_all(struct alias_walk *w, struct slice text, struct aliaswalk_report *r)
{
	struct table_reader reader;
	enum found found;

	table_reader_init(&reader, text);
	while ((found = table_reader_next(&reader, NULL)) != ABSENT) {
		const struct slice key = buf_slice(&reader.key);
		const struct slice value = buf_slice(&reader.value);

		if (found != FOUND)
			continue;
		if (is_loop(w, key, value))
			r->found(r, reader.line, key);
		else
			report_dead(w, reader.line, key, value, r);
	}
	table_reader_fini(&reader);
}

int
aliaswalk_all(
    const struct tables *t, struct aliaswalk_report *r, struct err *err)
{
	struct buf text = { .max = TABLE_TEXT_MAX };
	struct alias_walk w;
	int rc = -1;

	if (walk_begin(&w, t, err) &&
	    table_read_merged(t->dirfd, "aliases", &text, err) == 0) {
		rc = text.n > TEXT_FOLLOWED_MAX;
		if (rc == 0)
			look_at_all(&w, buf_slice(&text), r);
	}
	buf_fini(&text);
	walk_end(&w);
	return rc;
}
