/* SPDX-License-Identifier: ISC */
#include "qmgr/queue/compare.h"

#include <fcntl.h>

#include <bsd/string.h>

#include "log/log.h"
#include "qmgr/queue/entry.h"
#include "qmgr/queue/qindex.h"
#include "qmgr/queue/qwalk.h"
#include "qmgr/queue/spool_names.h"
#include "qmgr/queue/waiting.h"
#include "qmgr/queue/waiting_inner.h"
#include "sys/fd.h"

enum { SWEEP = 500 }; /* records looked at in a step */

/* Somebody has changed the file, or the process ended before the index had been
 * told: what this one wrote is right. */
static bool
is_doubtful(const struct qrecord *r, const char *id, enum spool_place place)
{
	return waiting_is_old(r->life) &&
	       spool_changed_ns(id, place) >= waiting_as_of_ns();
}

/* A file of ID in PLACE, of which FIRST is known: one that a crash came between
 * a link and an unlink of, or two, which nobody but a hand makes.  The known
 * one stays. */
static void
put_second_right(const char *id, enum spool_place first, enum spool_place place)
{
	int fd = spool_open(id, first, O_RDONLY, NULL);

	if (fd != -1)
		spool_set_aside(id, place, "a second file of the same message");
	fd_close(&fd);
}

static void
put_right(const struct qrecord *r, const char *id, enum spool_place place)
{
	struct err err = { 0 };

	if (place == (enum spool_place)r->place || spool_drop_twin(id) ||
	    (place == SPOOL_NEW &&
		spool_move(id, SPOOL_NEW, SPOOL_CUR, &err) == 0))
		return;
	put_second_right(id, (enum spool_place)r->place, place);
}

static enum compared
look_up(
    const char *id, enum spool_place place, struct arena *a, struct entry **e)
{
	struct err err = { 0 };
	struct qrecord r;
	const enum found f = qindex_get(slice_str(id), a, &r, &err);

	if (f == TEMPFAIL)
		waiting_fail(&err);
	if (f != FOUND)
		return COMPARE_UNKNOWN;
	if (is_doubtful(&r, id, place)) {
		*e = waiting_back(&r);
		(*e)->place = (uint8_t)place;
		return COMPARE_DOUBTFUL;
	}
	put_right(&r, id, place);
	return COMPARE_KNOWN;
}

enum compared
compare_name(const char *id, enum spool_place place, struct entry **e)
{
	enum compared known;
	struct arena a;

	*e = entry_find(slice_str(id));
	if (*e == NULL && waiting_is_leaving(slice_str(id)))
		return COMPARE_KNOWN;
	if (*e != NULL && (!(*e)->indexed || (*e)->change != NULL ||
			      (*e)->state == ENTRY_ACTIVE)) {
		if (spool_drop_twin(id))
			(*e)->place = SPOOL_CUR;
		else if ((*e)->place != (uint8_t)place)
			put_second_right(
			    id, (enum spool_place)(*e)->place, place);
		return COMPARE_KNOWN;
	}
	if (!waiting_usable())
		return COMPARE_UNKNOWN;
	arena_init(&a);
	known = look_up(id, place, &a, e);
	arena_fini(&a);
	return known;
}

/* Is what is in memory of a message as good as its record? */
static bool
is_record(const struct entry *e)
{
	return e == NULL ||
	       (e->indexed && e->change == NULL && e->state != ENTRY_ACTIVE);
}

/* The file of R, which is in memory as E or not at all, is gone. */
static void
drop(const struct qrecord *r, struct entry *e)
{
	log_warn("spool.missing", kv_s("qid", r->id));
	if (e != NULL)
		waiting_drop(&e);
	else
		waiting_forget(r->id);
}

bool
compare_records(char after[ENVELOPE_ID_BYTES])
{
	struct qwalk w;
	struct qrecord r;
	bool more = false;

	qwalk_begin(&w, slice_str(after));
	for (unsigned i = 0; i < SWEEP; i++) {
		enum spool_place place;
		struct err err = { 0 };
		struct entry *e;

		more = qwalk_next(&w, &r);
		if (!more)
			break;
		strlcpy(after, r.id, ENVELOPE_ID_BYTES);
		place = (enum spool_place)r.place;
		e = entry_find(slice_str(r.id));
		if (waiting_is_old(r.life) && is_record(e) &&
		    !spool_find(r.id, &place, &err) && err.class == ERR_PERM)
			drop(&r, e);
	}
	qwalk_end(&w);
	return more;
}
