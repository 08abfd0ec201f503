/* SPDX-License-Identifier: ISC */
#include "ctl/view/qtally.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"

enum {
	GROUPS_MAX = 10000, /* different reasons; more are not told apart */
	REASON_MAX = 300,
	PATTERN_MAX = 240, /* of qmgr's filters */
};

void
qtally_init(struct qtally *t, enum qtally_of of, struct slice name)
{
	*t = (struct qtally){ .of = of, .name = name, .next_s = -1 };
	map_init(&t->reasons);
	map_init(&t->sites);
}

static void
free_groups(struct map *m)
{
	struct map_iter it = { 0 };

	while (map_next(m, &it))
		free(it.value);
	map_fini(m);
}

void
qtally_fini(struct qtally *t)
{
	free_groups(&t->reasons);
	free_groups(&t->sites);
}

static void
count(struct map *m, struct slice name)
{
	struct qtally_group *g = map_find(m, name);

	if (g == NULL && m->count >= GROUPS_MAX)
		return;
	if (g == NULL) {
		g = xcalloc(1, sizeof *g + name.n + 1);
		if (name.n > 0)
			memcpy(g->name, name.p, name.n);
		g->n = name.n;
		map_put(m, name, g);
	}
	g->rcpts++;
}

static struct slice
domain_of(struct slice address)
{
	return slice_from(address, slice_rfind(address, '@') + 1);
}

/* A recipient without an attempt is at his domain's, as in qmgr's filter. */
static bool
counts(const struct qtally *t, const struct qview_rcpt *r)
{
	const struct slice domain = domain_of(r->address);

	switch (t->of) {
	case QTALLY_SITE:
		return slice_eq(r->site.n > 0 ? r->site : domain, t->name);
	case QTALLY_DOMAIN:
		return slice_ieq(domain, t->name);
	case QTALLY_ADDRESS:
		return slice_ieq(r->address, t->name);
	case QTALLY_ALL:
	default:
		return true;
	}
}

static void
add_rcpt(struct qtally *t, const struct qview_rcpt *r)
{
	struct buf reason = { .max = 2 * REASON_MAX };

	t->rcpts++;
	if (r->site.n > 0)
		count(&t->sites, r->site);
	if (r->text.n == 0)
		return;
	buf_add(&reason, slice_sub(r->dsn, 0, 16));
	if (r->dsn.n > 0)
		buf_addc(&reason, ' ');
	buf_add(&reason, slice_sub(r->text, 0, REASON_MAX));
	count(&t->reasons, buf_slice(&reason));
	buf_fini(&reason);
}

bool
qtally_add(void *arg, const struct qview_entry *e)
{
	struct qtally *t = arg;
	const int64_t before = t->rcpts;

	for (size_t i = 0; i < e->nrcpts; i++)
		if (counts(t, &e->rcpts[i]))
			add_rcpt(t, &e->rcpts[i]);
	if (t->rcpts == before)
		return true;
	t->messages++;
	t->bytes += e->size_bytes;
	if (slice_is(e->state, "held"))
		t->held++;
	else if (slice_is(e->state, "active"))
		t->active++;
	else
		t->waiting++;
	if (t->oldest_s == 0 || e->arrived_s < t->oldest_s) {
		t->oldest_s = e->arrived_s;
		(void)slice_copy(e->qid, t->oldest, sizeof t->oldest);
	}
	if (e->next_s >= 0 && (t->next_s < 0 || e->next_s < t->next_s))
		t->next_s = e->next_s;
	return true;
}

static int
more_first(const void *a, const void *b)
{
	const struct qtally_group *const *x = a, *const *y = b;

	if ((*x)->rcpts != (*y)->rcpts)
		return (*x)->rcpts < (*y)->rcpts ? 1 : -1;
	return strcmp((*x)->name, (*y)->name);
}

size_t
qtally_most(const struct map *m, const struct qtally_group **out, size_t n)
{
	const struct qtally_group **all = xcalloc(m->count + 1, sizeof *all);
	struct map_iter it = { 0 };
	size_t found = 0;

	while (map_next(m, &it))
		all[found++] = it.value;
	qsort(all, found, sizeof *all, more_first);
	if (found > n)
		found = n;
	memcpy(out, all, found * sizeof *all);
	free(all);
	return found;
}

/* A pattern of NAME itself; what cannot stand in one is any byte, and what is
 * too long is looked at by counts. */
static void
add_pattern(struct buf *filter, struct slice name)
{
	const size_t from = filter->n;

	for (size_t i = 0; i < name.n; i++) {
		const char c = name.p[i];

		if (filter->n - from > PATTERN_MAX) {
			buf_addc(filter, '*');
			return;
		}
		if (strchr("*?[\\", c) != NULL)
			buf_addc(filter, '\\');
		buf_addc(filter, (unsigned char)c > ' ' ? c : '?');
	}
}

void
qtally_filter(const struct qtally *t, struct buf *filter)
{
	static const char *const keys[] = { [QTALLY_SITE] = "site",
		[QTALLY_DOMAIN] = "domain",
		[QTALLY_ADDRESS] = "recipient" };

	if (t->of == QTALLY_ALL)
		return;
	buf_addf(filter, "%s=", keys[t->of]);
	add_pattern(filter, t->name);
	buf_addc(filter, ' ');
}
