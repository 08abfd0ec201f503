/* SPDX-License-Identifier: ISC */
#include "imapd/search/sorted.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "imapd/conn/session.h"
#include "imapd/conn/user.h"
#include "store/view.h"

enum {
	KEPT = 8,
	KEPT_MESSAGES = 1 << 20, /* of all of them */
	WORTH = 64,              /* a smaller mailbox is as soon sorted */
};

/* The one that was asked for last comes first. */
static struct {
	struct sorted *v[KEPT];
	size_t n;
	size_t messages;
} kept;

bool
sorted_key(struct sorted_key *k, const struct session *s,
    const struct sort_program *by)
{
	const uint32_t count = view_count(s->view);

	if (count < WORTH || count > KEPT_MESSAGES)
		return false;
	*k = (struct sorted_key){ .by = *by, .home = imapd_user_home(s->user) };
	return mailbox_status(view_mailbox(s->view), &k->of, NULL) == 0;
}

bool
sorted_is_whole(const struct sorted_key *k, const struct session *s)
{
	return k->of.messages == view_count(s->view) &&
	       k->of.uidnext == view_uidnext(s->view);
}

static bool
same_program(const struct sort_program *a, const struct sort_program *b)
{
	for (size_t i = 0; i < a->n && a->n == b->n; i++)
		if (a->of[i].by != b->of[i].by ||
		    a->of[i].reverse != b->of[i].reverse)
			return false;
	return a->n == b->n;
}

static bool
same_mailbox(const struct sorted_key *a, const struct sorted_key *b)
{
	return strcmp(a->of.id, b->of.id) == 0 && strcmp(a->home, b->home) == 0;
}

/* Without a change that has anything to do with an order. */
static bool
same_messages(const struct mailbox_status *a, const struct mailbox_status *b)
{
	return a->uidvalidity == b->uidvalidity && a->uidnext == b->uidnext &&
	       a->messages == b->messages && a->bytes == b->bytes;
}

void
sorted_release(struct sorted **sp)
{
	struct sorted *s = *sp;

	*sp = NULL;
	if (s == NULL || --s->refs > 0)
		return;
	xfree(&s->home);
	xfree(&s->uids);
	xfree(&s);
}

static void
forget(size_t i)
{
	struct sorted *s = kept.v[i];

	kept.messages -= s->n;
	kept.n--;
	memmove(&kept.v[i], &kept.v[i + 1], (kept.n - i) * sizeof *kept.v);
	sorted_release(&s);
}

static void
put_first(struct sorted *s)
{
	memmove(&kept.v[1], &kept.v[0], kept.n * sizeof *kept.v);
	kept.v[0] = s;
	kept.n++;
	kept.messages += s->n;
}

/* Those of messages that are not these any more go. */
static void
forget_changed(const struct sorted_key *k)
{
	for (size_t i = kept.n; i > 0; i--)
		if (same_mailbox(&kept.v[i - 1]->key, k) &&
		    !same_messages(&kept.v[i - 1]->key.of, &k->of))
			forget(i - 1);
}

struct sorted *
sorted_find(const struct sorted_key *k)
{
	struct sorted *s;

	forget_changed(k);
	for (size_t i = 0; i < kept.n; i++) {
		s = kept.v[i];
		if (!same_mailbox(&s->key, k) ||
		    !same_program(&s->key.by, &k->by))
			continue;
		s->refs += 2; /* the caller's, and one while it moves */
		forget(i);
		put_first(s);
		return s;
	}
	return NULL;
}

void
sorted_keep(const struct sorted_key *k, const struct session *s,
    uint32_t **uids, size_t n)
{
	struct sorted_key now;
	struct sorted *o;

	if (!sorted_key(&now, s, &k->by) || !same_messages(&now.of, &k->of)) {
		xfree(uids);
		return;
	}
	o = sorted_find(k); /* made by another session meanwhile */
	if (o != NULL) {
		sorted_release(&o);
		xfree(uids);
		return;
	}
	while (
	    kept.n == KEPT || (kept.n > 0 && kept.messages + n > KEPT_MESSAGES))
		forget(kept.n - 1);
	o = xcalloc(1, sizeof *o);
	*o = (struct sorted){ .key = *k, .uids = *uids, .n = n, .refs = 1 };
	o->home = xstrdup(k->home);
	o->key.home = o->home;
	*uids = NULL;
	put_first(o);
}
