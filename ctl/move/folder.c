/* SPDX-License-Identifier: ISC */
/*
 * A message is known by its place on the server (folder, UIDVALIDITY, UID): the
 * name of its file is made of that, and so its EMAILID (have.h).  What is here
 * already is not fetched again, however the last import ended; what its owner
 * has removed or moved since is below the state's next UID, and not fetched
 * either.
 */
#include "ctl/move/folder.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/map.h"
#include "base/mem.h"
#include "ctl/mailbox/asowner.h"
#include "ctl/move/ask.h"
#include "ctl/move/have.h"
#include "ctl/move/into.h"
#include "ctl/move/state.h"
#include "ctl/move/tally.h"
#include "maildir/filename.h"
#include "maildir/keywords.h"
#include "store/append.h"
#include "store/change.h"
#include "store/mailbox.h"
#include "store/mailbox_take.h"
#include "store/message.h"

enum {
	UIDS_MAX = 20000000, /* in a folder */
	ASK_UIDS = 200,      /* at once */
	PLACE_MAX = 16 << 10,
	UNASKED_MAX =
	    10000, /* messages that are sent without being asked for */
};

struct folder_work {
	struct move_folder *f;
	struct mailbox *m;
	struct move_record *r;
	struct move_have have;
	struct move_into into;
	uint64_t place;
	/* of the folder there */
	uint32_t uidvalidity, uidnext;
	uint64_t messages, modseq;
	/* UIDs there: all that were told of, and those to be fetched */
	uint32_t *seen, *wanted;
	size_t nseen, nwanted;
	/* those that were asked for now, and whether they came */
	const uint32_t *asked;
	size_t nasked;
	bool got[ASK_UIDS];
	bool bring; /* those that come keep their UIDs */
	uint32_t unasked;
	uint64_t bytes; /* of the message that comes in */
};

static int
compare(const void *a, const void *b)
{
	const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static uint32_t *
uid_find(const uint32_t *v, size_t n, uint32_t uid)
{
	return n > 0 ? bsearch(&uid, v, n, sizeof *v, compare) : NULL;
}

static int
uid_add(uint32_t **v, size_t *n, uint32_t uid, struct err *err)
{
	if (*n == UIDS_MAX)
		return err_set(err, ERR_PERM, "the folder has too many UIDs");
	if ((*n & (*n - 1)) == 0)
		*v = xreallocarray(*v, *n == 0 ? 1 : 2 * *n, sizeof **v);
	(*v)[(*n)++] = uid;
	return 0;
}

/* In order, each once. */
static void
uid_sort(uint32_t *v, size_t *n)
{
	size_t kept = 0;

	if (*n > 1)
		qsort(v, *n, sizeof *v, compare);
	for (size_t i = 0; i < *n; i++)
		if (i == 0 || v[i] != v[kept - 1])
			v[kept++] = v[i];
	*n = kept;
}

/* ---- our folder ---- */

/* Source and name, which a NUL separates. */
static uint64_t
place_of(const struct move_folder *f)
{
	struct buf text = { .max = PLACE_MAX };
	uint64_t hash;

	buf_add(&text, f->source);
	buf_addc(&text, '\0');
	buf_add(&text, f->name);
	hash = map_hash_fixed(buf_slice(&text));
	buf_fini(&text);
	return hash;
}

static int
open_mailbox(struct folder_work *w, struct err *err)
{
	struct account *a = w->f->owner->account;
	enum found found = mailbox_open(a, w->f->path, &w->m, err);

	if (found == ABSENT) {
		if (mailbox_create(a, w->f->path, w->f->special, err) == -1)
			return -1;
		found = mailbox_open(a, w->f->path, &w->m, err);
	}
	if (found != FOUND)
		return -1;
	return mailbox_sync(w->m, true, err);
}

/* It is told if it was said before that they are. */
static void
lose_uids(struct folder_work *w)
{
	if (w->r->kept)
		ctl_fail("%s: %.*s: other mail has come into it, so it has "
			 "another UIDVALIDITY and UIDs than on the server",
		    w->f->owner->name, SLICE_FMT(w->f->path));
	w->r->kept = false;
}

/* What the last import left, or a new record. */
static int
find_record(struct folder_work *w, struct err *err)
{
	struct mailbox_status st;
	struct move_record *r =
	    move_state_find(w->f->state, w->f->source, w->f->name);
	enum found found;

	w->f->is_new = r == NULL;
	if (r == NULL)
		r = move_state_add(w->f->state, w->f->source, w->f->name);
	w->r = r;
	if (mailbox_status(w->m, &st, err) == -1)
		return -1;
	if (r->uidvalidity == w->uidvalidity) {
		if (st.uidvalidity != w->uidvalidity)
			lose_uids(w);
		else
			r->kept = true;
		return 0;
	}
	if (!w->f->is_new)
		ctl_fail("%s: %.*s: the server has renumbered it (UIDVALIDITY "
			 "%u was %u): all of it is imported",
		    w->f->owner->name, SLICE_FMT(w->f->path), w->uidvalidity,
		    r->uidvalidity);
	r->uidvalidity = w->uidvalidity;
	r->next = 1;
	r->modseq = 0;
	r->nmissing = 0;
	found = mailbox_take_begin(w->m, w->uidvalidity, err);
	r->kept = found == FOUND;
	if (found == TEMPFAIL)
		return -1;
	return move_state_save(w->f->state, err);
}

/* ---- what is there ---- */

static int
on_select(void *arg, const struct imap_frame *f, struct err *err)
{
	struct folder_work *w = arg;

	if (f->type != IMAP_SAY_SELECTED || f->n[0] == 0 ||
	    f->n[0] > UINT32_MAX)
		return err_set(err, ERR_TEMP, "the folder is not selected");
	w->uidvalidity = (uint32_t)f->n[0];
	w->uidnext = f->n[1] <= UINT32_MAX ? (uint32_t)f->n[1] : 0;
	w->messages = f->n[2];
	w->modseq = f->n[3];
	return 0;
}

static bool
is_missing(const struct move_record *r, uint32_t uid)
{
	for (size_t i = 0; i < r->nmissing; i++)
		if (r->missing[i] == uid)
			return true;
	return false;
}

static bool
same_keywords(const struct folder_work *w, const struct message_info *info,
    struct slice keywords)
{
	const struct keyword_table *t = mailbox_keywords(w->m);
	struct slice name;
	unsigned n = 0;

	while (keywords_next(&keywords, &name)) {
		const int k = keywords_find(t, name);

		if (k == -1 || !keyword_set_has(&info->keywords, (unsigned)k))
			return false;
		n++;
	}
	return n == keyword_set_count(&info->keywords);
}

/* Flags of UID here become those that it has there. */
static int
follow(struct folder_work *w, uint32_t uid, const struct imap_frame *f,
    struct err *err)
{
	const struct flags_change change = { .op = FLAGS_SET,
		.flags = (unsigned)f->n[1] & MSG_FLAGS,
		.keywords = f->s,
		.unchanged_since = UINT64_MAX };
	struct message_info info;
	uint64_t from, to;
	const enum found found = message_find(w->m, uid, &info, err);

	if (found != FOUND)
		return found == ABSENT ? 0 : -1;
	/* Maildir's P is none of IMAP's. */
	if ((info.flags & MSG_FLAGS & ~(unsigned)MSG_PASSED) == change.flags &&
	    same_keywords(w, &info, f->s))
		return 0;
	w->f->tally->flags++;
	return message_flags(w->m, &uid, 1, &change, NULL, &from, &to, err);
}

static int
on_flags(void *arg, const struct imap_frame *f, struct err *err)
{
	struct folder_work *w = arg;
	uint32_t uid, here;

	if (f->type != IMAP_SAY_FLAGS || f->n[0] == 0 || f->n[0] >= UINT32_MAX)
		return err_set(err, ERR_TEMP, "no flags were told");
	uid = (uint32_t)f->n[0];
	if (uid_add(&w->seen, &w->nseen, uid, err) == -1)
		return -1;
	here = move_have_find(
	    &w->have, move_have_id(w->place, w->uidvalidity, uid));
	if (here == 0)
		return uid >= w->r->next || is_missing(w->r, uid)
			   ? uid_add(&w->wanted, &w->nwanted, uid, err)
			   : 0;
	if (w->f->options->keep_flags || keywords_check(f->s, NULL) == -1)
		return 0;
	return follow(w, here, f, err);
}

static enum found
look(struct folder_work *w, struct err *err)
{
	const bool all = w->f->options->delete_gone || w->r->modseq == 0 ||
			 w->modseq == 0 || w->r->nmissing > 0;
	const struct imap_frame ask = { .type = IMAP_ASK_FLAGS,
		.n = { 1, all ? 0 : w->r->modseq } };
	enum found found;

	if (w->messages == 0)
		return FOUND;
	if (!all && w->modseq == w->r->modseq && w->uidnext == w->r->next)
		return FOUND;
	found = move_ask(w->f->ask, &ask, on_flags, w, err);
	uid_sort(w->seen, &w->nseen);
	uid_sort(w->wanted, &w->nwanted);
	w->f->tally->expected += w->nwanted;
	return found;
}

/* ---- texts ---- */

static int
take_message(struct folder_work *w, const struct imap_frame *f, struct err *err)
{
	const uint32_t uid = f->n[0] <= UINT32_MAX ? (uint32_t)f->n[0] : 0;
	const uint32_t *at = uid_find(w->asked, w->nasked, uid);
	struct buf base = { .max = APPEND_BASE_MAX };
	struct append_info info = {
		.flags = (unsigned)f->n[1] & MSG_FLAGS,
		.has_date = f->n[2] == 1,
		.date_s = (int64_t)f->n[3],
		.uid = w->bring ? uid : 0,
	};
	const uint64_t bytes = w->bytes;
	int rc;

	w->bytes = 0;
	/* Told without being asked for, or twice. */
	if (at == NULL || w->got[at - w->asked]) {
		move_into_drop(&w->into);
		return ++w->unasked <= UNASKED_MAX
			   ? 0
			   : err_set(err, ERR_PERM,
				 "the server sends what was not asked for");
	}
	if (keywords_check(f->s, NULL) == 0)
		info.keywords = f->s;
	move_have_base(&base, w->place, w->uidvalidity, uid);
	info.base = buf_slice(&base);
	rc = move_into_end(&w->into, &info, err);
	buf_fini(&base);
	if (rc == -1)
		return -1;
	w->got[at - w->asked] = true;
	w->f->tally->messages++;
	w->f->tally->bytes += bytes;
	return 0;
}

static int
on_text(void *arg, const struct imap_frame *f, struct err *err)
{
	struct folder_work *w = arg;

	switch ((unsigned)f->type) {
	case IMAP_SAY_TEXT:
		w->bytes += f->s.n;
		return move_into_text(&w->into, f->s, err);
	case IMAP_SAY_MESSAGE:
		return take_message(w, f, err);
	default:
		return err_set(err, ERR_TEMP, "no message was told");
	}
}

static enum found
ask_texts(
    struct folder_work *w, const uint32_t *uids, size_t n, struct err *err)
{
	const struct imap_frame ask = { .type = IMAP_ASK_TEXTS,
		.s = slice_of(uids, n * sizeof *uids) };
	enum found found;

	w->asked = uids;
	w->nasked = n;
	w->bytes = 0;
	memset(w->got, 0, sizeof w->got);
	found = move_ask(w->f->ask, &ask, on_text, w, err);
	move_into_drop(&w->into);
	return found;
}

static int
miss(struct folder_work *w, uint32_t uid, struct err *err)
{
	w->f->tally->missing++;
	return move_state_miss(w->r, uid)
		   ? 0
		   : err_set(err, ERR_TEMP,
			 "too many messages of this folder cannot be had");
}

/* The server refused some of UIDS, or left them out: one by one, so that it is
 * known which. */
static int
ask_single(
    struct folder_work *w, const uint32_t *uids, size_t n, struct err *err)
{
	bool got[ASK_UIDS];

	memcpy(got, w->got, sizeof got);
	for (size_t i = 0; i < n; i++) {
		if (got[i])
			continue;
		if (ask_texts(w, uids + i, 1, err) == TEMPFAIL)
			return -1;
		if (!w->got[0] && miss(w, uids[i], err) == -1)
			return -1;
	}
	return 0;
}

static int
fetch_some(
    struct folder_work *w, const uint32_t *uids, size_t count, struct err *err)
{
	size_t n;

	for (size_t at = 0; at < count; at += n) {
		n = count - at < ASK_UIDS ? count - at : ASK_UIDS;
		if (ask_texts(w, uids + at, n, err) == TEMPFAIL ||
		    ask_single(w, uids + at, n, err) == -1 ||
		    move_into_commit(&w->into, err) == -1)
			return -1;
		if (uids[at + n - 1] >= w->r->next)
			w->r->next = uids[at + n - 1] + 1;
		if (move_state_save(w->f->state, err) == -1)
			return -1;
	}
	return 0;
}

static int
taken(struct folder_work *w, enum found found)
{
	if (found == ABSENT)
		lose_uids(w);
	return found == TEMPFAIL ? -1 : 0;
}

/* What was missing comes last, as new mail does: UIDs behind its own are
 * given, and nobody can have seen it under one that is new there, too. */
static int
fetch(struct folder_work *w, struct err *err)
{
	size_t old = 0;

	while (old < w->nwanted && w->wanted[old] < w->r->next)
		old++;
	if (w->r->kept && old < w->nwanted &&
	    taken(w, mailbox_take_begin(w->m, w->uidvalidity, err)) == -1)
		return -1;
	w->bring = w->r->kept;
	if (fetch_some(w, w->wanted + old, w->nwanted - old, err) == -1)
		return -1;
	w->bring = false;
	if (w->r->kept && taken(w, mailbox_take_end(w->m, w->uidvalidity,
				       w->uidnext, err)) == -1)
		return -1;
	return fetch_some(w, w->wanted, old, err);
}

/* ---- what is gone there ---- */

static int
remove_gone(struct folder_work *w, struct err *err)
{
	uint32_t *gone = NULL;
	size_t n = 0;
	int rc = 0;

	if (w->r->next > UIDS_MAX)
		return err_set(err, ERR_PERM,
		    "UIDs are too high to find out what is gone there");
	for (uint32_t uid = 1; uid < w->r->next && rc == 0; uid++) {
		uint32_t here;

		if (uid_find(w->seen, w->nseen, uid) != NULL)
			continue;
		here = move_have_find(
		    &w->have, move_have_id(w->place, w->uidvalidity, uid));
		if (here != 0)
			rc = uid_add(&gone, &n, here, err);
	}
	uid_sort(gone, &n);
	if (rc == 0 && n > 0)
		rc = message_expunge(w->m, gone, n, true, err);
	if (rc == 0)
		w->f->tally->deleted += n;
	free(gone);
	return rc;
}

/* ---- all ---- */

/* The state is that of the folder as it was selected.  What is missing stays in
 * it as long as it is missing. */
static int
finish(struct folder_work *w, struct err *err)
{
	size_t kept = 0;

	if (w->nseen > 0 && w->seen[w->nseen - 1] >= w->r->next)
		w->r->next = w->seen[w->nseen - 1] + 1;
	if (w->uidnext > w->r->next)
		w->r->next = w->uidnext;
	for (size_t i = 0; i < w->r->nmissing; i++)
		if (uid_find(w->seen, w->nseen, w->r->missing[i]) != NULL &&
		    move_have_find(
			&w->have, move_have_id(w->place, w->uidvalidity,
				      w->r->missing[i])) == 0)
			w->r->missing[kept++] = w->r->missing[i];
	w->r->nmissing = kept;
	w->r->modseq = w->modseq;
	return move_state_save(w->f->state, err);
}

static enum found
work(struct folder_work *w, struct err *err)
{
	const struct imap_frame ask = { .type = IMAP_ASK_SELECT,
		.s = w->f->name };
	enum found found = move_ask(w->f->ask, &ask, on_select, w, err);

	if (found != FOUND)
		return found;
	if (open_mailbox(w, err) == -1)
		return err->class == ERR_PERM ? ABSENT : TEMPFAIL;
	if (find_record(w, err) == -1 ||
	    move_have_load(&w->have, w->m, err) == -1)
		return TEMPFAIL;
	found = look(w, err);
	if (found != FOUND)
		return found;
	move_into_init(&w->into, w->f->owner->store, w->m);
	if (fetch(w, err) == -1)
		return TEMPFAIL;
	/* With what came now, for what was missing before. */
	move_have_fini(&w->have);
	if (move_have_load(&w->have, w->m, err) == -1)
		return TEMPFAIL;
	if (w->f->options->delete_gone && remove_gone(w, err) == -1)
		return TEMPFAIL;
	return finish(w, err) == 0 ? FOUND : TEMPFAIL;
}

enum found
move_folder(struct move_folder *f, struct err *err)
{
	struct folder_work w = { .f = f, .place = place_of(f) };
	const enum found found = work(&w, err);

	move_into_fini(&w.into);
	move_have_fini(&w.have);
	mailbox_close(&w.m);
	free(w.seen);
	free(w.wanted);
	return found;
}
