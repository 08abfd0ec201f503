/* SPDX-License-Identifier: ISC */
#include "auth/fair.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/must.h"

enum { KEY_MAX = 256, V6_SOURCE = 8, V6_NET = 6 };

TAILQ_HEAD(fair_entries, fair_entry);
TAILQ_HEAD(fair_sources, fair_source);

struct fair_source {
	TAILQ_ENTRY(fair_source) link; /* whose turn comes first, first */
	struct fair_net *net;
	struct fair_entries waiting;
	size_t n;
	char key[];
};

struct fair_net {
	TAILQ_ENTRY(fair_net) link;
	enum fair_class class;
	struct map sources;
	struct fair_sources turns;
	size_t waiting;
	size_t n;
	char key[];
};

void
fair_init(struct fair *f)
{
	*f = (struct fair){ .n = 0 };
	map_init(&f->nets);
	for (size_t i = 0; i < FAIR_CLASSES; i++)
		TAILQ_INIT(&f->classes[i]);
}

void
fair_fini(struct fair *f)
{
	must(f->n == 0);
	map_fini(&f->nets);
}

static struct fair_net *
net_of(struct fair *f, struct slice source, enum fair_class class)
{
	const struct slice net =
	    source.n == V6_SOURCE ? slice_sub(source, 0, V6_NET) : source;
	char key[1 + KEY_MAX];
	struct fair_net *n;

	key[0] = (char)class;
	if (net.n > 0)
		memcpy(key + 1, net.p, net.n);
	n = map_find(&f->nets, slice_of(key, 1 + net.n));
	if (n != NULL)
		return n;
	n = xcalloc(1, sizeof *n + 1 + net.n);
	n->class = class;
	n->n = 1 + net.n;
	memcpy(n->key, key, n->n);
	map_init(&n->sources);
	TAILQ_INIT(&n->turns);
	map_put(&f->nets, slice_of(n->key, n->n), n);
	TAILQ_INSERT_TAIL(&f->classes[class], n, link);
	return n;
}

static struct fair_source *
source_of(struct fair_net *net, struct slice source)
{
	struct fair_source *s = map_find(&net->sources, source);

	if (s != NULL)
		return s;
	s = xcalloc(1, sizeof *s + source.n + 1);
	s->net = net;
	s->n = source.n;
	if (source.n > 0)
		memcpy(s->key, source.p, source.n);
	TAILQ_INIT(&s->waiting);
	map_put(&net->sources, slice_of(s->key, s->n), s);
	TAILQ_INSERT_TAIL(&net->turns, s, link);
	return s;
}

void
fair_put(struct fair *f, struct fair_entry *e, struct slice source,
    enum fair_class class)
{
	struct fair_source *s;

	must(e->source == NULL);
	source = slice_sub(source, 0, KEY_MAX);
	s = source_of(net_of(f, source, class), source);
	e->source = s;
	TAILQ_INSERT_TAIL(&s->waiting, e, link);
	s->net->waiting++;
	f->n++;
}

/* S had its turn, or lost one of its own: it goes behind the others, or away
 * where none of it waits. */
static void
settle(struct fair *f, struct fair_source *s, bool had_turn)
{
	struct fair_net *net = s->net;

	if (TAILQ_EMPTY(&s->waiting)) {
		map_del(&net->sources, slice_of(s->key, s->n));
		TAILQ_REMOVE(&net->turns, s, link);
		free(s);
	} else if (had_turn) {
		TAILQ_REMOVE(&net->turns, s, link);
		TAILQ_INSERT_TAIL(&net->turns, s, link);
	}
	if (net->waiting == 0) {
		map_del(&f->nets, slice_of(net->key, net->n));
		TAILQ_REMOVE(&f->classes[net->class], net, link);
		map_fini(&net->sources);
		free(net);
	} else if (had_turn) {
		TAILQ_REMOVE(&f->classes[net->class], net, link);
		TAILQ_INSERT_TAIL(&f->classes[net->class], net, link);
	}
}

static void
take_out(struct fair *f, struct fair_entry *e, bool had_turn)
{
	struct fair_source *s = e->source;

	TAILQ_REMOVE(&s->waiting, e, link);
	e->source = NULL;
	s->net->waiting--;
	f->n--;
	settle(f, s, had_turn);
}

void
fair_del(struct fair *f, struct fair_entry *e)
{
	if (e->source != NULL)
		take_out(f, e, false);
}

/* Where this turn begins: of eight one with the second class, of eight of these
 * one with the third. */
static enum fair_class
first_class(unsigned turn)
{
	if (turn % FAIR_SHARE != 0)
		return FAIR_KNOWN;
	return turn % (FAIR_SHARE * FAIR_SHARE) != 0 ? FAIR_FRESH : FAIR_WRONG;
}

struct fair_entry *
fair_next(struct fair *f)
{
	struct fair_net *net = NULL;
	struct fair_entry *e;

	if (f->n == 0)
		return NULL;
	for (unsigned k = 0, c = first_class(++f->turn); k < FAIR_CLASSES; k++)
		if ((net = TAILQ_FIRST(&f->classes[(c + k) % FAIR_CLASSES])) !=
		    NULL)
			break;
	must(net != NULL);
	e = TAILQ_FIRST(&TAILQ_FIRST(&net->turns)->waiting);
	take_out(f, e, true);
	return e;
}

struct fair_entry *
fair_surplus(struct fair *f)
{
	for (size_t i = FAIR_CLASSES; i-- > 0;) {
		const struct fair_net *net, *most;
		const struct fair_source *s;

		most = TAILQ_FIRST(&f->classes[i]);
		if (most == NULL)
			continue;
		TAILQ_FOREACH(net, &f->classes[i], link)
		if (net->waiting > most->waiting)
			most = net;
		s = TAILQ_LAST(&most->turns, fair_sources);
		return TAILQ_LAST(&s->waiting, fair_entries);
	}
	return NULL;
}
