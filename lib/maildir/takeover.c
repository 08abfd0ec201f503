/* SPDX-License-Identifier: ISC */
#include "maildir/takeover.h"

#include <fcntl.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/mem.h"
#include "maildir/foreign.h"
#include "maildir/letters.h"
#include "maildir/textfile.h"
#include "sys/fd.h"

/* A message's keywords are kept as a map's value. */
enum { LIST_LIMIT = 256 << 20, COURIER_MAX = 8 * sizeof(uintptr_t) };

/* A number as a map's value; 0 cannot be one. */
static void *
value_of(uint32_t n)
{
	return (void *)(uintptr_t)n;
}

static int
load_uids(struct takeover *t, int dirfd, const char *name, struct err *err)
{
	struct uidlist rest;
	struct slice stem;
	uint32_t uid;
	enum found f;

	buf_reset(&t->text);
	f = textfile_load(dirfd, name, &t->text, err);
	if (f == FOUND && foreign_uidlist(buf_slice(&t->text), t->list)) {
		t->uidvalidity = t->list->uidvalidity;
		t->uidnext = t->list->uidnext > 0 ? t->list->uidnext : 1;
		slice_copy(t->list->guid, t->id, sizeof t->id);
		rest = *t->list;
		while (foreign_uidlist_next(&rest, &uid, &stem))
			if (uid >= t->uidnext && uid < UINT32_MAX)
				t->uidnext = uid + 1;
	} else {
		*t->list = (struct uidlist){ 0 };
	}
	return f == TEMPFAIL ? -1 : 0;
}

bool
takeover_some(struct takeover *t, size_t n)
{
	struct slice stem;
	uint32_t uid;

	for (; n > 0; n--) {
		if (!foreign_uidlist_next(t->list, &uid, &stem)) {
			buf_fini(&t->text);
			t->list->rest = (struct slice){ NULL, 0 };
			return false;
		}
		map_put(&t->uids, stem, value_of(uid));
	}
	return true;
}

/* Courier's names become letters and what follows, in its order. */
static void
load_courier_list(struct takeover *t, struct slice rest)
{
	struct slice name, stem;
	uint64_t mask;
	struct buf lines;
	unsigned n = 0;

	buf_init(&lines, LIST_LIMIT);
	while (foreign_courier_keyword_next(&rest, &name))
		buf_addf(&lines, "%u %.*s\n", n++, SLICE_FMT(name));
	keywords_parse(&t->table, buf_slice(&lines), COURIER_MAX);
	t->table.letters_dirty = n > 0;
	buf_fini(&lines);
	while (foreign_courier_message_next(&rest, &stem, &mask)) {
		if (n < COURIER_MAX)
			mask &= (UINT64_C(1) << n) - 1;
		if (mask != 0)
			map_put(&t->keywords, stem, (void *)(uintptr_t)mask);
	}
}

static int
load_courier_keywords(struct takeover *t, int dirfd, struct err *err)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	int fd = openat(dirfd, "courierimapkeywords", flags);
	struct buf text;
	enum found f;

	if (fd == -1)
		return 0;
	buf_init(&text, LIST_LIMIT);
	f = textfile_load(fd, ":list", &text, err);
	if (f == FOUND)
		load_courier_list(t, buf_slice(&text));
	buf_fini(&text);
	fd_close(&fd);
	return f == TEMPFAIL ? -1 : 0;
}

int
takeover_load(struct takeover *t, int dirfd, struct err *err)
{
	*t = (struct takeover){ 0 };
	map_init(&t->uids);
	map_init(&t->keywords);
	buf_init(&t->text, LIST_LIMIT);
	t->list = xcalloc(1, sizeof *t->list);
	if (load_uids(t, dirfd, "dovecot-uidlist", err) == -1 ||
	    (t->uidvalidity == 0 &&
		load_uids(t, dirfd, "courierimapuiddb", err) == -1) ||
	    letters_read(dirfd, &t->table, err) == -1)
		return -1;
	return t->table.used > 0 ? 0 : load_courier_keywords(t, dirfd, err);
}

void
takeover_only(struct takeover *t, uint32_t uidvalidity)
{
	if (t->uidvalidity == uidvalidity)
		return;
	t->list->rest = (struct slice){ NULL, 0 };
	buf_fini(&t->text);
	map_fini(&t->uids);
}

void
takeover_fini(struct takeover *t)
{
	buf_fini(&t->text);
	xfree(&t->list);
	map_fini(&t->uids);
	map_fini(&t->keywords);
	keywords_fini(&t->table);
}

uint32_t
takeover_uid(const struct takeover *t, struct slice stem)
{
	return (uint32_t)(uintptr_t)map_find(&t->uids, stem);
}

void
takeover_keywords(
    const struct takeover *t, struct slice stem, struct keyword_set *set)
{
	const uint64_t mask = (uintptr_t)map_find(&t->keywords, stem);

	for (unsigned n = 0; mask != 0 && n < COURIER_MAX; n++)
		if ((mask >> n & 1) != 0)
			keyword_set_add(set, n);
}
