/* SPDX-License-Identifier: ISC */
/* pabal user import: many accounts at once.  Everything is checked before
 * anything is written; each table is compiled once. */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/slice.h"
#include "ctl/cmd/commands.h"
#include "ctl/cmd/ctl.h"
#include "ctl/inst/scheme.h"
#include "ctl/inst/tables.h"
#include "ctl/mail/accountline.h"
#include "ctl/view/mistakes.h"
#include "sasl/password.h"
#include "sys/fd.h"
#include "table/edit.h"
#include "table/reader.h"
#include "table/table.h"

struct import {
	const struct tables *t;
	const char *scheme;
	struct accountline *v;
	size_t n, cap;
	struct map names, aliases; /* to the line they stand on */
	struct map domains;        /* whether each is ours */
	struct table *accounts, *known_aliases;
	struct mistakes mistakes;
	bool progress;
};

static void
progress(const struct import *im, const char *what, size_t n)
{
	if (im->progress && (n == im->n || n % 100 == 0))
		fprintf(stderr, "\r%s: %zu of %zu%s", what, n, im->n,
		    n == im->n ? "\n" : "");
}

/* KEY in TABLE: ABSENT, FOUND with VALUE; with another: -1 and ERR. */
static int
look_up(struct table *table, const char *key, const char *value,
    const char *what, enum found *found, struct err *err)
{
	struct buf is = { .max = TABLE_VALUE_MAX };
	int rc = 0;

	*found = table_get(table, slice_str(key), &is, err);
	if (*found == TEMPFAIL)
		rc = -1;
	else if (*found == FOUND && !slice_is(buf_slice(&is), value))
		rc = err_set(
		    err, ERR_PERM, "there is an %s %s already", what, key);
	buf_fini(&is);
	return rc;
}

static bool
stands_twice(struct map *seen, const char *key, unsigned line, struct err *err)
{
	const uintptr_t before =
	    (uintptr_t)map_put(seen, slice_str(key), (void *)(uintptr_t)line);

	if (before == 0)
		return false;
	err_set(err, ERR_PERM, "%s is already on line %lu", key,
	    (unsigned long)before);
	return true;
}

/* What A must not be because of what there is.  What is as A says comes from a
 * run of the same list that was ended in the middle. */
static int
check_there(struct import *im, struct accountline *a, struct err *err)
{
	enum found found;

	if (look_up(im->accounts, a->name, a->entry, "account", &found, err) ==
	    -1)
		return -1;
	a->there = found == FOUND;
	for (size_t i = 0; i < a->naliases; i++)
		if (look_up(im->known_aliases, a->aliases[i], a->name, "alias",
			&found, err) == -1)
			return -1;
	return 0;
}

static bool
is_ours(struct import *im, struct slice domain)
{
	static char yes, no;
	const char *known = map_find(&im->domains, domain);

	if (known == NULL) {
		known =
		    tables_domain(im->t, domain, NULL) == FOUND ? &yes : &no;
		map_put(&im->domains, domain, known == &yes ? &yes : &no);
	}
	return known == &yes;
}

static int
check(struct import *im, struct accountline *a, struct err *err)
{
	const struct slice name = slice_str(a->name);
	const struct slice domain =
	    slice_from(name, slice_rfind(name, '@') + 1);

	if (!is_ours(im, domain))
		return err_set(err, ERR_PERM, "%.*s is not a local domain",
		    SLICE_FMT(domain));
	if (stands_twice(&im->names, a->name, a->line, err))
		return -1;
	for (size_t i = 0; i < a->naliases; i++)
		if (stands_twice(&im->aliases, a->aliases[i], a->line, err))
			return -1;
	return check_there(im, a, err);
}

static void
take_entry(struct import *im, const struct table_reader *r)
{
	struct accountline a;
	struct err err;

	if (accountline_parse(
		buf_slice(&r->key), buf_slice(&r->value), &a, &err) == 0) {
		a.line = r->line;
		if (check(im, &a, &err) == 0) {
			if (im->n == im->cap) {
				im->cap = im->cap == 0 ? 1024 : im->cap * 2;
				im->v = xreallocarray(
				    im->v, im->cap, sizeof *im->v);
			}
			im->v[im->n++] = a;
			return;
		}
	}
	mistakes_add(&im->mistakes, r->line, err.text);
	accountline_free(&a);
}

static void
read_all(struct import *im, struct slice text)
{
	struct table_reader r;
	struct err err;
	enum found found;

	table_reader_init(&r, text);
	while ((found = table_reader_next(&r, &err)) != ABSENT) {
		if (found == FOUND)
			take_entry(im, &r);
		else
			mistakes_add(&im->mistakes, r.line, err.text);
	}
	if (r.value.p != NULL)
		explicit_bzero(r.value.p, r.value.cap);
	table_reader_fini(&r);
	mistakes_end(&im->mistakes);
}

static int
hash_all(struct import *im, struct err *err)
{
	for (size_t i = 0; i < im->n; i++) {
		struct buf hash = { .max = PASSWORD_HASH_MAX };
		struct accountline *a = &im->v[i];

		if (a->secret == NULL || a->there)
			continue;
		if (password_hash(
			im->scheme, slice_str(a->secret), &hash, err) == -1) {
			buf_fini(&hash);
			return -1;
		}
		a->hash = xslicedup(buf_slice(&hash));
		buf_fini(&hash);
		progress(im, "passwords hashed", i + 1);
	}
	return 0;
}

struct changes {
	struct table_changes accounts, passwords, aliases;
};

/* An account without a password gets none that an account of its name left
 * behind; one that is there keeps its own. */
static void
collect(const struct import *im, struct changes *c)
{
	for (size_t i = 0; i < im->n; i++) {
		const struct accountline *a = &im->v[i];
		const struct slice name = slice_str(a->name);
		const struct slice entry = slice_str(a->entry);
		const struct slice hash = slice_str(a->hash);
		enum found found;

		for (size_t j = 0; j < a->naliases; j++)
			if (look_up(im->known_aliases, a->aliases[j], a->name,
				"alias", &found, NULL) == 0 &&
			    found == ABSENT)
				table_changes_put(&c->aliases,
				    slice_str(a->aliases[j]), &name);
		if (a->there)
			continue;
		table_changes_put(&c->accounts, name, &entry);
		table_changes_put(
		    &c->passwords, name, a->hash != NULL ? &hash : NULL);
	}
}

/* The tables are locked: what was checked must still be so. */
static int
check_again(struct import *im, struct err *err)
{
	for (size_t i = 0; i < im->n; i++) {
		const bool was = im->v[i].there;

		if (check_there(im, &im->v[i], err) == -1)
			return -1;
		if (im->v[i].there != was)
			return err_set(err, ERR_TEMP,
			    "%s was changed meanwhile: try again",
			    im->v[i].name);
	}
	return 0;
}

static int
write_table(const struct import *im, const char *name, enum table_edit how,
    struct table_changes *s, struct err *err)
{
	if (TAILQ_EMPTY(&s->all))
		return 0;
	return table_edit_all(im->t->dirfd, name, how, s, err);
}

/* The accounts behind their passwords and before what leads to them: what a
 * failure in between leaves opens nothing and loses nothing. */
static int
write_all(const struct import *im, struct changes *c, struct err *err)
{
	if (write_table(im, "passwords", TABLE_PUT, &c->passwords, err) == -1 ||
	    write_table(im, "accounts", TABLE_ADD, &c->accounts, err) == -1)
		return -1;
	return write_table(im, "aliases", TABLE_ADD, &c->aliases, err);
}

static int
store(struct import *im, struct err *err)
{
	struct changes c;
	int rc = -1;
	int lock = table_lock(im->t->dirfd, err);

	if (lock == -1)
		return -1;
	table_changes_init(&c.accounts);
	table_changes_init(&c.passwords);
	table_changes_init(&c.aliases);
	rc = check_again(im, err);
	if (rc == 0) {
		collect(im, &c);
		rc = write_all(im, &c, err);
	}
	table_changes_fini(&c.accounts);
	table_changes_fini(&c.passwords);
	table_changes_fini(&c.aliases);
	fd_close(&lock);
	return rc;
}

static int
read_input(struct buf *text, struct err *err)
{
	for (;;) {
		char *room = buf_room(text, 65536);
		const ssize_t n =
		    room != NULL ? read(STDIN_FILENO, room, 65536) : -1;

		if (room == NULL)
			return err_set(err, ERR_PERM, "too much at once");
		if (n == -1)
			return err_sys(err, ERR_TEMP, "standard input");
		if (n == 0)
			return 0;
		buf_added(text, (size_t)n);
	}
}

static int
run(struct import *im, bool partial, struct err *err)
{
	struct buf text = { .max = TABLE_TEXT_MAX };
	const int rc = read_input(&text, err);

	if (rc == 0)
		read_all(im, buf_slice(&text));
	if (text.p != NULL)
		explicit_bzero(text.p, text.cap);
	buf_fini(&text);
	if (rc == -1)
		return -1;
	if (im->mistakes.n > 0 && !partial)
		return err_set(err, ERR_PERM,
		    "%zu line%s with mistakes: nothing was imported",
		    im->mistakes.n, im->mistakes.n == 1 ? "" : "s");
	if (im->n == 0)
		return err_set(err, ERR_PERM, "nothing to import");
	if (hash_all(im, err) == -1)
		return -1;
	return store(im, err);
}

static void
print_done(const struct import *im)
{
	size_t there = 0;

	for (size_t i = 0; i < im->n; i++)
		there += im->v[i].there;
	printf("imported %zu account%s\n", im->n - there,
	    im->n - there == 1 ? "" : "s");
	if (there > 0)
		printf("%zu %s there already and keep%s %s password\n", there,
		    there == 1 ? "was" : "were", there == 1 ? "s" : "",
		    there == 1 ? "its" : "their");
}

static int
import(struct import *im, bool partial)
{
	struct err err;
	int rc = -1;

	im->accounts = tables_current(im->t, "accounts", &err);
	im->known_aliases = tables_current(im->t, "aliases", &err);
	if (im->accounts != NULL && im->known_aliases != NULL)
		rc = run(im, partial, &err);
	if (rc == -1)
		ctl_fail("import: %s", err.text);
	else
		print_done(im);
	for (size_t i = 0; i < im->n; i++)
		accountline_free(&im->v[i]);
	free(im->v);
	map_fini(&im->names);
	map_fini(&im->aliases);
	map_fini(&im->domains);
	table_free(&im->accounts);
	table_free(&im->known_aliases);
	return rc == 0 && im->mistakes.n == 0 ? CTL_OK : CTL_FAILED;
}

int
cmd_user_import(struct ctl *ctl, int argc, char **argv)
{
	bool partial = false;
	struct tables t;
	struct import im = {
		.t = &t,
		.mistakes.file = "(standard input)",
		.progress = isatty(STDERR_FILENO) == 1,
	};
	const struct ctl_opt opts[] = { { "scheme", &im.scheme, NULL },
		{ "partial", NULL, &partial }, { 0 } };
	int rc = CTL_FAILED;

	if (ctl_options(ctl, opts, argc, argv, 0, 0) == -1)
		return CTL_USAGE;
	if (im.scheme == NULL)
		im.scheme = scheme_configured(&ctl->inst);
	if (tables_open(&t, &ctl->inst) == 0)
		rc = import(&im, partial);
	tables_close(&t);
	return rc;
}
