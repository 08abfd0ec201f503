/* SPDX-License-Identifier: ISC */
#include "mailquery/emailtable.h"

#include <bsd/string.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum {
	GONE_MAX = 64 << 10, /* remembered; then the older half goes */
};

/* ---- keys ---- */

static uint64_t
id_of(const void *owner, uint32_t n)
{
	const struct emailtable *t = owner;

	return t->emails[n].id;
}

static uint64_t
thread_of(const void *owner, uint32_t n)
{
	const struct emailtable *t = owner;

	return t->emails[n].thread;
}

static uint64_t
place_key(uint32_t box, uint32_t uid)
{
	return (uint64_t)box << 32 | uid;
}

static uint64_t
place_of(const void *owner, uint32_t n)
{
	const struct emailtable *t = owner;

	return place_key(t->places[n].box, t->places[n].uid);
}

/* ---- beginning and end ---- */

void
emailtable_init(struct emailtable *t)
{
	*t = (struct emailtable){ .count = 0 };
	idslots_init(&t->by_id, t, id_of);
	idslots_init(&t->by_thread, t, thread_of);
	idslots_init(&t->by_place, t, place_of);
	map_init(&t->by_set);
	emailtable_reset(t);
}

static void
drop_boxes(struct emailtable *t)
{
	for (size_t i = 0; i < t->nboxes; i++)
		xfree(&t->boxes[i].name);
	xfree(&t->boxes);
	t->nboxes = 0;
}

void
emailtable_fini(struct emailtable *t)
{
	for (uint32_t i = 0; i < t->nsets; i++) {
		xfree(&t->sets[i]->text);
		xfree(&t->sets[i]);
	}
	xfree(&t->sets);
	t->nsets = t->capsets = 0;
	map_fini(&t->by_set);
	drop_boxes(t);
	idslots_fini(&t->by_id);
	idslots_fini(&t->by_thread);
	idslots_fini(&t->by_place);
	xfree(&t->emails);
	xfree(&t->places);
	xfree(&t->received);
	xfree(&t->gone);
}

void
emailtable_reset(struct emailtable *t)
{
	emailtable_fini(t);
	map_init(&t->by_set);
	t->nemails = t->capemails = t->free_email = t->count = 0;
	t->nplaces = t->capplaces = t->free_place = 0;
	t->capreceived = 0;
	t->ngone = t->capgone = 0;
	t->sorted = false;
	(void)emailtable_set(t, SLICE(""));
}

void
emailtable_begin(struct emailtable *t, uint64_t modseq)
{
	t->gone_from = modseq;
}

/* ---- the order ---- */

struct received {
	int64_t received_s;
	uint64_t id;
	uint32_t n;
};

static int
compare(int64_t as, uint64_t aid, int64_t bs, uint64_t bid)
{
	if (as != bs)
		return as < bs ? -1 : 1;
	return (aid > bid) - (aid < bid);
}

static int
by_received(const void *pa, const void *pb)
{
	const struct received *a = pa, *b = pb;

	return compare(a->received_s, a->id, b->received_s, b->id);
}

void
emailtable_sort(struct emailtable *t)
{
	struct received *v;

	if (t->sorted)
		return;
	v = xcalloc(t->count + 1, sizeof *v);
	for (uint32_t i = 0; i < t->count; i++) {
		const struct accountmail_email *m = &t->emails[t->received[i]];

		v[i] =
		    (struct received){ m->received_s, m->id, t->received[i] };
	}
	qsort(v, t->count, sizeof *v, by_received);
	for (uint32_t i = 0; i < t->count; i++)
		t->received[i] = v[i].n;
	xfree(&v);
	t->sorted = true;
}

/* Where M is in what is sorted, or would be. */
static uint32_t
position(const struct emailtable *t, const struct accountmail_email *m)
{
	uint32_t from = 0, to = t->count;

	while (from < to) {
		const uint32_t mid = from + (to - from) / 2;
		const struct accountmail_email *at =
		    &t->emails[t->received[mid]];

		if (compare(at->received_s, at->id, m->received_s, m->id) < 0)
			from = mid + 1;
		else
			to = mid;
	}
	return from;
}

static void
put_received(struct emailtable *t, uint32_t n)
{
	uint32_t at = t->count;

	if (t->count == t->capreceived) {
		t->capreceived = t->capreceived > 0 ? 2 * t->capreceived : 64;
		t->received = xreallocarray(
		    t->received, t->capreceived, sizeof *t->received);
	}
	if (t->sorted) {
		at = position(t, &t->emails[n]);
		memmove(&t->received[at + 1], &t->received[at],
		    (t->count - at) * sizeof *t->received);
	}
	t->received[at] = n;
	t->count++;
}

static void
del_received(struct emailtable *t, uint32_t n)
{
	uint32_t at;

	emailtable_sort(t);
	at = position(t, &t->emails[n]);
	t->count--;
	memmove(&t->received[at], &t->received[at + 1],
	    (t->count - at) * sizeof *t->received);
}

/* ---- emails ---- */

static uint32_t
new_email(struct emailtable *t)
{
	uint32_t n = t->free_email;

	if (n != 0) {
		t->free_email = t->emails[n].next;
		return n;
	}
	if (t->nemails == t->capemails) {
		t->capemails = t->capemails > 0 ? 2 * t->capemails : 64;
		t->emails =
		    xreallocarray(t->emails, t->capemails, sizeof *t->emails);
	}
	if (t->nemails == 0)
		t->emails[t->nemails++] = (struct accountmail_email){ .id = 0 };
	return t->nemails == t->capemails ? new_email(t) : t->nemails++;
}

/* The first of its thread is the one that is looked up. */
static void
enter_thread(struct emailtable *t, uint32_t n)
{
	const uint32_t first = idslots_find(&t->by_thread, t->emails[n].thread);

	if (first == 0) {
		t->emails[n].next = 0;
		idslots_put(&t->by_thread, n);
		return;
	}
	t->emails[n].next = t->emails[first].next;
	t->emails[first].next = n;
}

static void
leave_thread(struct emailtable *t, uint32_t n)
{
	const uint64_t thread = t->emails[n].thread;
	const uint32_t next = t->emails[n].next;
	uint32_t at = idslots_find(&t->by_thread, thread);

	if (at == n) {
		if (next != 0)
			idslots_put(&t->by_thread, next);
		else
			idslots_del(&t->by_thread, thread);
		return;
	}
	while (t->emails[at].next != n)
		at = t->emails[at].next;
	t->emails[at].next = next;
}

static uint32_t
add_email(struct emailtable *t, const struct emailtable_message *m)
{
	const uint32_t n = new_email(t);

	t->emails[n] = (struct accountmail_email){ .id = m->id,
		.thread = m->thread,
		.born = t->sorted ? m->modseq : 0,
		.received_s = m->received_s,
		.sent_s = m->sent_s,
		.size = m->size,
		.attachment = m->attachment };
	idslots_put(&t->by_id, n);
	enter_thread(t, n);
	put_received(t, n);
	return n;
}

static void
note_gone(
    struct emailtable *t, const struct accountmail_email *m, uint64_t modseq)
{
	if (t->ngone == GONE_MAX) {
		t->ngone /= 2;
		t->gone_from = t->gone[t->ngone - 1].modseq;
		memmove(t->gone, t->gone + GONE_MAX - t->ngone,
		    t->ngone * sizeof *t->gone);
	}
	if (t->ngone == t->capgone) {
		t->capgone = t->capgone > 0 ? 2 * t->capgone : 64;
		t->gone = xreallocarray(t->gone, t->capgone, sizeof *t->gone);
	}
	t->gone[t->ngone++] =
	    (struct emailtable_gone){ modseq, m->id, m->thread };
}

static void
del_email(struct emailtable *t, uint32_t n, uint64_t modseq)
{
	note_gone(t, &t->emails[n], modseq);
	del_received(t, n);
	leave_thread(t, n);
	idslots_del(&t->by_id, t->emails[n].id);
	t->emails[n] = (struct accountmail_email){ .next = t->free_email };
	t->free_email = n;
}

/* ---- places ---- */

uint32_t
emailtable_place(const struct emailtable *t, uint32_t box, uint32_t uid)
{
	return idslots_find(&t->by_place, place_key(box, uid));
}

static uint32_t
new_place(struct emailtable *t)
{
	const uint32_t n = t->free_place;

	if (n != 0) {
		t->free_place = t->places[n].next;
		return n;
	}
	if (t->nplaces + 1 >= t->capplaces) {
		t->capplaces = t->capplaces > 0 ? 2 * t->capplaces : 64;
		t->places =
		    xreallocarray(t->places, t->capplaces, sizeof *t->places);
	}
	if (t->nplaces == 0)
		t->places[t->nplaces++] =
		    (struct accountmail_place){ .box = 0 };
	return t->nplaces++;
}

static uint32_t
add_place(struct emailtable *t, const struct emailtable_message *m)
{
	uint32_t email = idslots_find(&t->by_id, m->id);
	const uint32_t n = new_place(t);

	if (email == 0)
		email = add_email(t, m);
	t->places[n] = (struct accountmail_place){ .email = email,
		.next = t->emails[email].place,
		.box = m->box,
		.uid = m->uid };
	t->emails[email].place = n;
	idslots_put(&t->by_place, n);
	return n;
}

void
emailtable_put(struct emailtable *t, const struct emailtable_message *m)
{
	uint32_t n = emailtable_place(t, m->box, m->uid);
	struct accountmail_email *email;

	/* What has another id is another message. */
	if (n != 0 && t->emails[t->places[n].email].id != m->id) {
		emailtable_remove(t, m->box, m->uid, m->modseq);
		n = 0;
	}
	if (n == 0)
		n = add_place(t, m);
	t->places[n].flags = m->flags;
	t->places[n].keywords = m->keywords;
	email = &t->emails[t->places[n].email];
	if (m->modseq > email->modseq)
		email->modseq = m->modseq;
}

void
emailtable_remove(
    struct emailtable *t, uint32_t box, uint32_t uid, uint64_t modseq)
{
	const uint32_t n = emailtable_place(t, box, uid);
	uint32_t email, *at;

	if (n == 0)
		return;
	email = t->places[n].email;
	at = &t->emails[email].place;
	while (*at != n)
		at = &t->places[*at].next;
	*at = t->places[n].next;
	idslots_del(&t->by_place, place_key(box, uid));
	t->places[n] = (struct accountmail_place){ .next = t->free_place };
	t->free_place = n;
	if (modseq > t->emails[email].modseq)
		t->emails[email].modseq = modseq;
	if (t->emails[email].place == 0)
		del_email(t, email, modseq);
}

/* ---- mailboxes ---- */

static struct emailtable_box *
find_box(const struct emailtable *t, uint32_t box)
{
	for (size_t i = 0; i < t->nboxes; i++)
		if (t->boxes[i].box == box)
			return &t->boxes[i];
	return NULL;
}

const struct emailtable_box *
emailtable_box(const struct emailtable *t, uint32_t box)
{
	return find_box(t, box);
}

void
emailtable_put_box(
    struct emailtable *t, uint32_t box, struct slice name, const char *id)
{
	struct emailtable_box *b = find_box(t, box);

	if (b == NULL) {
		t->boxes =
		    xreallocarray(t->boxes, t->nboxes + 1, sizeof *t->boxes);
		b = &t->boxes[t->nboxes++];
		*b = (struct emailtable_box){ .box = box };
	}
	xfree(&b->name);
	b->name = xslicedup(name);
	(void)strlcpy(b->id, id, sizeof b->id);
	b->seen = true;
}

void
emailtable_mark_boxes(struct emailtable *t)
{
	for (size_t i = 0; i < t->nboxes; i++)
		t->boxes[i].seen = false;
}

static void
empty_box(struct emailtable *t, uint32_t box, uint64_t modseq)
{
	for (uint32_t n = 1; n < t->nplaces; n++)
		if (t->places[n].box == box)
			emailtable_remove(t, box, t->places[n].uid, modseq);
}

void
emailtable_sweep_boxes(struct emailtable *t, uint64_t modseq)
{
	size_t kept = 0;

	for (size_t i = 0; i < t->nboxes; i++) {
		if (t->boxes[i].seen) {
			t->boxes[kept++] = t->boxes[i];
			continue;
		}
		empty_box(t, t->boxes[i].box, modseq);
		xfree(&t->boxes[i].name);
	}
	t->nboxes = kept;
}

uint32_t
emailtable_nth_box(const struct emailtable *t, size_t n)
{
	return n < t->nboxes ? t->boxes[n].box : 0;
}

uint32_t
emailtable_find_box(const struct emailtable *t, struct slice id)
{
	for (size_t i = 0; i < t->nboxes; i++)
		if (slice_is(id, t->boxes[i].id))
			return t->boxes[i].box;
	return 0;
}

/* ---- keywords ---- */

uint32_t
emailtable_set(struct emailtable *t, struct slice text)
{
	struct emailtable_set *set = map_find(&t->by_set, text);

	if (set != NULL)
		return set->n;
	set = xcalloc(1, sizeof *set);
	set->n = t->nsets;
	set->text = xslicedup(text);
	if (t->nsets == t->capsets) {
		t->capsets = t->capsets > 0 ? 2 * t->capsets : 16;
		t->sets = xreallocarray(t->sets, t->capsets, sizeof(*t->sets));
	}
	t->sets[t->nsets++] = set;
	(void)map_put(&t->by_set, text, set);
	return set->n;
}
