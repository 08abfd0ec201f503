/* SPDX-License-Identifier: ISC */
#include "ctl/move/scripts.h"

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/map.h"
#include "base/mem.h"
#include "ctl/archive/tar.h"
#include "ctl/mailbox/asowner.h"
#include "sievestore/active.h"
#include "sievestore/name.h"
#include "sievestore/place.h"
#include "sievestore/scripts.h"
#include "sievestore/upload.h"

#define DIR    SIEVESTORE_DIR "/"
#define SCRIPT ".sieve"
#define NAMED  ".name"
/* What Pigeonhole makes of a file .dovecot.sieve. */
#define ORIGINAL "dovecot.orig"

enum { SCRIPT_MAX_BYTES = 1 << 20 };

struct move_scripts {
	struct asowner *owner;
	struct sievestore store;
	struct sievestore_limits limits;
	struct arena arena;
	struct map names;    /* of files that have another name than theirs */
	struct slice active; /* a file's, as the link says; empty: none */
	int64_t taken;
};

/* ---- export ---- */

static void
put_file(struct buf *out, const char *path, struct slice text, int64_t now_s)
{
	static const char zeros[TAR_BLOCK];

	tar_put(out, slice_str(path), TAR_FILE, text.n, now_s);
	buf_add(out, text);
	buf_add(out, slice_of(zeros, (size_t)tar_padding(text.n)));
}

/* "sieve/FILE", and before it, where that does not say the name, that. */
static void
put_script(struct buf *out, const char *name, struct slice text, int64_t now_s,
    char path[static SIEVESTORE_FILE_BYTES + sizeof DIR])
{
	const struct slice said = slice_str(name);
	char file[SIEVESTORE_FILE_BYTES], beside[sizeof file + sizeof DIR + 8];
	size_t stem;

	sievestore_name_file(said, file);
	stem = strlen(file) - strlen(SCRIPT);
	if (!slice_eq(slice_of(file, stem), said)) {
		snprintf(
		    beside, sizeof beside, DIR "%.*s" NAMED, (int)stem, file);
		put_file(out, beside, said, now_s);
	}
	snprintf(path, SIEVESTORE_FILE_BYTES + sizeof DIR, DIR "%s", file);
	put_file(out, path, text, now_s);
}

static int
put_one(const struct sievestore *s, const struct sievestore_entry *e,
    struct buf *out, int64_t now_s, struct err *err)
{
	struct buf text = { .max = SCRIPT_MAX_BYTES };
	char path[SIEVESTORE_FILE_BYTES + sizeof DIR];
	const enum found found =
	    sievestore_read(s, slice_str(e->name), &text, err);

	if (found == FOUND) {
		put_script(out, e->name, buf_slice(&text), now_s, path);
		if (e->active)
			tar_put_link(out, SLICE(SIEVESTORE_ACTIVE),
			    slice_str(path), now_s);
	}
	buf_fini(&text);
	return found == TEMPFAIL ? -1 : 0;
}

int
move_scripts_put(
    const struct asowner *o, struct buf *out, int64_t now_s, struct err *err)
{
	struct sievestore_list list = { 0 };
	struct sievestore s;
	int rc;

	if (sievestore_open(&s, o->dirfd, err) == -1)
		return -1;
	rc = sievestore_list(&s, &list, err);
	if (rc == 0 && list.n > 0)
		tar_put(out, SLICE(DIR), TAR_DIR, 0, now_s);
	for (size_t i = 0; i < list.n && rc == 0; i++)
		rc = put_one(&s, &list.v[i], out, now_s, err);
	sievestore_list_fini(&list);
	sievestore_close(&s);
	return rc;
}

/* ---- import ---- */

struct move_scripts *
move_scripts_begin(struct asowner *o, struct err *err)
{
	struct move_scripts *s = xcalloc(1, sizeof *s);

	s->owner = o;
	s->store.dir = -1;
	arena_init(&s->arena);
	map_init(&s->names);
	s->limits = sievestore_upload_limits(o->shared);
	if (sievestore_open(&s->store, o->dirfd, err) == -1)
		move_scripts_free(&s);
	return s;
}

int64_t
move_scripts_taken(const struct move_scripts *s)
{
	return s != NULL ? s->taken : 0;
}

void
move_scripts_free(struct move_scripts **s)
{
	if (*s == NULL)
		return;
	sievestore_close(&(*s)->store);
	map_fini(&(*s)->names);
	arena_fini(&(*s)->arena);
	xfree(s);
}

bool
move_scripts_is(struct slice path)
{
	const struct slice file = slice_from(path, strlen(DIR));

	if (slice_is(path, SIEVESTORE_ACTIVE))
		return true;
	return slice_starts(path, SLICE(DIR)) && file.n > 0 &&
	       file.p[0] != '.' && slice_find(file, '/') == file.n &&
	       (slice_ends(file, SLICE(SCRIPT)) ||
		   slice_ends(file, SLICE(NAMED)));
}

/* The script that STEM.sieve is. */
static struct slice
name_of(const struct move_scripts *s, struct slice stem)
{
	const struct slice *said = map_find(&s->names, stem);

	return said != NULL ? *said : stem;
}

/* It is told, and the import goes on. */
static int
leave_out(struct move_scripts *s, struct slice name, const char *why)
{
	struct err err = { 0 };

	(void)err_set(&err, ERR_PERM, "the script %.*s is left out: %s",
	    SLICE_FMT(slice_sub(name, 0, 100)), why);
	(void)asowner_fail(s->owner, &err);
	return 0;
}

/* A tar may have any number of such files, of any size. */
static int
note_name(struct move_scripts *s, struct slice stem, struct slice name)
{
	struct slice *said;

	name = slice_chomp(name);
	if (stem.n >= SIEVESTORE_FILE_BYTES || !sievestore_name_valid(name))
		return leave_out(s, stem, "no script can be called so");
	if (s->names.count >= SIEVESTORE_SCRIPTS_MAX)
		return leave_out(s, name, "there are too many");
	said = arena_new(&s->arena, struct slice);
	*said = arena_slice(&s->arena, name);
	map_put(&s->names, stem, said);
	return 0;
}

static int
take_script(struct move_scripts *s, struct slice name, struct slice text,
    struct err *err)
{
	struct buf here = { .max = SCRIPT_MAX_BYTES };
	enum found found;
	bool same;

	if (!sievestore_name_valid(name))
		return leave_out(s, name, "no script can be called so");
	found = sievestore_read(&s->store, name, &here, err);
	same = slice_eq(buf_slice(&here), text);
	buf_fini(&here);
	if (found == TEMPFAIL)
		return -1;
	if (found == FOUND)
		return same ? 0
			    : leave_out(s, name, "another one is called so");
	*err = (struct err){ 0 };
	if (sievestore_put(&s->store, name, text, &s->limits, err) == 0)
		s->taken++;
	else if (err->code == ERR_TOO_BIG || err->code == ERR_LIMIT ||
		 err->code == ERR_OVER_QUOTA)
		return leave_out(s, name, err->text);
	else
		return -1;
	return 0;
}

int
move_scripts_take(struct move_scripts *s, struct slice path, struct slice text,
    struct err *err)
{
	struct slice file = slice_from(path, strlen(DIR));

	if (slice_is(path, SIEVESTORE_ACTIVE)) {
		s->active = SLICE(ORIGINAL);
		return take_script(s, SLICE(ORIGINAL), text, err);
	}
	if (slice_ends(file, SLICE(NAMED)))
		return note_name(
		    s, slice_sub(file, 0, file.n - strlen(NAMED)), text);
	file = slice_sub(file, 0, file.n - strlen(SCRIPT));
	return take_script(s, name_of(s, file), text, err);
}

void
move_scripts_too_long(struct move_scripts *s, struct slice path)
{
	(void)leave_out(s, path, "it is too long");
}

/* Wherever the scripts were there: the file's name counts.  A script that is a
 * link to another one is none. */
void
move_scripts_link(
    struct move_scripts *s, struct slice path, struct slice target)
{
	const size_t slash = slice_rfind(target, '/');
	const struct slice file =
	    slash < target.n ? slice_from(target, slash + 1) : target;

	if (slice_is(path, SIEVESTORE_ACTIVE) &&
	    slice_ends(file, SLICE(SCRIPT)))
		s->active = arena_slice(
		    &s->arena, slice_sub(file, 0, file.n - strlen(SCRIPT)));
}

int
move_scripts_end(struct move_scripts *s, struct err *err)
{
	struct buf here = { .max = SIEVESTORE_NAME_MAX };
	const struct slice name = name_of(s, s->active);
	enum found found = FOUND;

	if (name.n > 0)
		found = sievestore_active_name(&s->store, &here, err);
	buf_fini(&here);
	if (found != ABSENT)
		return found == FOUND ? 0 : -1;
	if (!sievestore_name_valid(name) || !sievestore_has(&s->store, name))
		return leave_out(s, name, "it is active, and not there");
	*err = (struct err){ 0 };
	return sievestore_active_set(&s->store, name, err);
}
