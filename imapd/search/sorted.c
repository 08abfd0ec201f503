/* SPDX-License-Identifier: ISC */
#include "imapd/search/sorted.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "imapd/conn/session.h"
#include "imapd/conn/user.h"
#include "imapd/search/answer.h"
#include "mailsearch/sortkey.h"
#include "store/mailbox.h"
#include "store/view.h"

enum {
	KEPT = 8,
	KEPT_MESSAGES = 1 << 20, /* of all of them */
	WORTH = 64,              /* a smaller mailbox is as soon sorted */
	PICK = 16384,            /* in a step */
};

/* Of which messages, and by what. */
struct order_key {
	struct sort_program by;
	struct mailbox_status of;
	const char *home; /* of the account */
};

struct kept_order {
	struct order_key key;
	char *home;
	uint32_t *uids;
	size_t n;
	unsigned refs;
};

struct sorted {
	struct order_key key;
	bool whole; /* all of the messages are S's, and no others */
	struct kept_order *kept; /* NULL: it is not known */
	uint8_t *hits;           /* a bit for each number */
	size_t at;               /* of KEPT; all before it were picked */
};

/* The one that was asked for last comes first. */
static struct {
	struct kept_order *v[KEPT];
	size_t n;
	size_t messages;
} all;

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
same_mailbox(const struct order_key *a, const struct order_key *b)
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

static void
release(struct kept_order **kp)
{
	struct kept_order *k = *kp;

	*kp = NULL;
	if (k == NULL || --k->refs > 0)
		return;
	xfree(&k->home);
	xfree(&k->uids);
	xfree(&k);
}

/* Take it out; the caller has it now. */
static struct kept_order *
take(size_t i)
{
	struct kept_order *k = all.v[i];

	all.messages -= k->n;
	all.n--;
	memmove(&all.v[i], &all.v[i + 1], (all.n - i) * sizeof *all.v);
	return k;
}

static void
forget(size_t i)
{
	struct kept_order *k = take(i);

	release(&k);
}

static void
put_first(struct kept_order *k)
{
	memmove(&all.v[1], &all.v[0], all.n * sizeof *all.v);
	all.v[0] = k;
	all.n++;
	all.messages += k->n;
}

/* Those of messages that are not these any more go. */
static void
forget_changed(const struct order_key *key)
{
	for (size_t i = all.n; i > 0; i--)
		if (same_mailbox(&all.v[i - 1]->key, key) &&
		    !same_messages(&all.v[i - 1]->key.of, &key->of))
			forget(i - 1);
}

/* Counted; NULL: none is kept. */
static struct kept_order *
find(const struct order_key *key)
{
	struct kept_order *k;

	forget_changed(key);
	for (size_t i = 0; i < all.n; i++) {
		if (!same_mailbox(&all.v[i]->key, key) ||
		    !same_program(&all.v[i]->key.by, &key->by))
			continue;
		k = take(i);
		put_first(k);
		k->refs++;
		return k;
	}
	return NULL;
}

struct sorted *
sorted_new(const struct session *s, const struct sort_program *by)
{
	const uint32_t count = view_count(s->view);
	struct order_key key = { .by = *by, .home = imapd_user_home(s->user) };
	struct sorted *o;

	if (count < WORTH || count > KEPT_MESSAGES ||
	    mailbox_status(view_mailbox(s->view), &key.of, NULL) == -1)
		return NULL;
	o = xcalloc(1, sizeof *o);
	o->key = key;
	o->whole =
	    key.of.messages == count && key.of.uidnext == view_uidnext(s->view);
	o->kept = find(&key);
	if (o->kept != NULL)
		o->hits = xcalloc(count / 8 + 1, 1);
	return o;
}

void
sorted_free(struct sorted **o)
{
	if (*o == NULL)
		return;
	release(&(*o)->kept);
	xfree(&(*o)->hits);
	xfree(o);
}

bool
sorted_is_known(const struct sorted *o)
{
	return o != NULL && o->kept != NULL;
}

void
sorted_hit(struct sorted *o, uint32_t seq)
{
	o->hits[seq / 8] |= (uint8_t)(1U << seq % 8);
}

bool
sorted_pick(
    struct sorted *o, const struct session *s, struct search_results *out)
{
	const struct kept_order *k = o->kept;
	const size_t end = k->n - o->at < PICK ? k->n : o->at + PICK;

	for (; o->at < end; o->at++) {
		const uint32_t seq = view_seq(s->view, k->uids[o->at]);

		/* Nothing has the number 0. */
		if ((o->hits[seq / 8] & 1U << seq % 8) != 0)
			search_results_add(out, seq);
	}
	return o->at < k->n;
}

/* As it was when O began, and known to nobody meanwhile? */
static bool
is_new(const struct sorted *o, const struct session *s)
{
	struct order_key now = o->key;
	struct kept_order *k;

	if (mailbox_status(view_mailbox(s->view), &now.of, NULL) == -1 ||
	    !same_messages(&now.of, &o->key.of))
		return false;
	k = find(&now);
	if (k == NULL)
		return true;
	release(&k);
	return false;
}

void
sorted_keep(const struct sorted *o, const struct session *s,
    const struct search_results *found)
{
	struct kept_order *k;

	if (o == NULL || !o->whole || found->n != o->key.of.messages ||
	    !is_new(o, s))
		return;
	while (all.n == KEPT ||
	       (all.n > 0 && all.messages + found->n > KEPT_MESSAGES))
		forget(all.n - 1);
	k = xcalloc(1, sizeof *k);
	*k = (struct kept_order){ .key = o->key, .n = found->n, .refs = 1 };
	k->home = xstrdup(o->key.home);
	k->key.home = k->home;
	k->uids = xcalloc(found->n, sizeof *k->uids);
	for (size_t i = 0; i < found->n; i++)
		k->uids[i] = view_uid(s->view, found->v[i]);
	put_first(k);
}
