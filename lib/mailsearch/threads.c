/* SPDX-License-Identifier: ISC */
/*
 * Only parents are kept while links are made; lists of children are made at
 * the end, by adding all nodes in the order of their dates to their parents'.
 * The steps by number are those of REFERENCES in RFC 5256 3.
 */
#include "mailsearch/threads.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/mem.h"

struct thread_node {
	uint64_t id;      /* 0: none that can be referred to */
	uint64_t subject; /* of the message */
	int64_t date_s;   /* of a dummy: its first child's */
	uint32_t number;  /* of a dummy: its first child's */
	uint32_t parent;
	uint32_t set;   /* union-find; by REFS: leads to the root */
	uint32_t kids;  /* linked beneath it; later the children that stay */
	uint32_t first; /* child */
	uint32_t last;
	uint32_t next; /* sibling */
	bool real;     /* a message */
	bool reply;
	bool gone; /* a dummy whose children went elsewhere */
};

enum { STEP = 4096, WALKS_MORE = 64, LINE = 16 << 10 };

void
threads_init(
    struct threads *t, enum thread_algorithm algorithm, size_t limit_bytes)
{
	*t = (struct threads){ .algorithm = algorithm,
		.limit = limit_bytes / sizeof *t->nodes,
		.n = 1 };
	t->cap = 64;
	t->nodes = xcalloc(t->cap, sizeof *t->nodes);
	order_init(&t->order, 0);
}

void
threads_reserve(struct threads *t, uint32_t messages)
{
	if (messages < t->cap)
		return;
	t->cap = messages + 1;
	t->nodes = xreallocarray(t->nodes, t->cap, sizeof *t->nodes);
	order_reserve(&t->order, messages);
}

static void
table_free(struct thread_table *table)
{
	xfree(&table->slots);
	table->n = table->used = 0;
}

void
threads_fini(struct threads *t)
{
	xfree(&t->nodes);
	table_free(&t->ids);
	table_free(&t->subjects);
	order_fini(&t->order);
}

static uint32_t
new_node(struct threads *t)
{
	const uint32_t i = t->n;

	if (t->n == t->cap) {
		t->cap *= 2;
		t->nodes = xreallocarray(t->nodes, t->cap, sizeof *t->nodes);
	}
	t->nodes[i] = (struct thread_node){ .set = i };
	t->n++;
	return i;
}

/* ---- tables: from a hash to a node that has it ---- */

static uint64_t
hash_of(const struct threads *t, const struct thread_table *table, uint32_t i)
{
	return table == &t->ids ? t->nodes[i].id : t->nodes[i].subject;
}

/* What a slot has of a hash, so that few nodes are looked at that have another
 * one: they are all over the memory. */
static uint32_t
tag_of(uint64_t hash)
{
	return (uint32_t)(hash ^ hash >> 32);
}

/* Where HASH is, or would stand: that has its tag then. */
static uint32_t *
table_at(
    const struct threads *t, const struct thread_table *table, uint64_t hash)
{
	const uint32_t tag = tag_of(hash);
	size_t i = tag & (table->n - 1);
	struct thread_slot *s;

	for (;; i = (i + 1) & (table->n - 1)) {
		s = &table->slots[i];
		if (s->node == 0 ||
		    (s->tag == tag && hash_of(t, table, s->node) == hash))
			break;
	}
	s->tag = tag;
	return &s->node;
}

static void
table_grow(struct thread_table *table)
{
	struct thread_table old = *table;

	table->n = old.n > 0 ? 2 * old.n : 256;
	table->slots = xcalloc(table->n, sizeof *table->slots);
	for (size_t i = 0; i < old.n; i++) {
		size_t to = old.slots[i].tag & (table->n - 1);

		if (old.slots[i].node == 0)
			continue;
		while (table->slots[to].node != 0)
			to = (to + 1) & (table->n - 1);
		table->slots[to] = old.slots[i];
	}
	xfree(&old.slots);
}

static uint32_t *
table_slot(const struct threads *t, struct thread_table *table, uint64_t hash)
{
	if (2 * (table->used + 1) > table->n)
		table_grow(table);
	return table_at(t, table, hash);
}

/* ---- (1): links ---- */

/* The node of ID, made if need be; 0 where there is no room for more. */
static uint32_t
node_of(struct threads *t, uint64_t id)
{
	uint32_t *slot = table_slot(t, &t->ids, id);

	if (*slot == 0) {
		if (t->n >= t->limit)
			return 0;
		*slot = new_node(t);
		t->nodes[*slot].id = id;
		t->ids.used++;
	}
	return *slot;
}

static uint32_t
set_of(struct threads *t, uint32_t i)
{
	struct thread_node *v = t->nodes;

	while (v[i].set != i) {
		v[i].set = v[v[i].set].set;
		i = v[i].set;
	}
	return i;
}

/* Would CHILD beneath PARENT close a loop?  Nodes of two sets never were in one
 * tree; else the ancestors are looked at, as far as there is work left. */
static bool
makes_loop(struct threads *t, uint32_t parent, uint32_t child)
{
	if (parent == child)
		return true;
	if (t->nodes[child].kids == 0 || set_of(t, parent) != set_of(t, child))
		return false;
	for (uint32_t i = parent; i != 0; i = t->nodes[i].parent) {
		if (i == child || t->walks == 0)
			return true;
		t->walks--;
	}
	return false;
}

static void
link_nodes(struct threads *t, uint32_t parent, uint32_t child)
{
	t->nodes[child].parent = parent;
	t->nodes[parent].kids++;
	t->nodes[set_of(t, child)].set = set_of(t, parent);
}

static void
unlink_node(struct threads *t, uint32_t child)
{
	struct thread_node *c = &t->nodes[child];

	if (c->parent != 0)
		t->nodes[c->parent].kids--;
	c->parent = 0;
}

/* All are needed soon, and each is somewhere else. */
static void
fetch_slots(const struct threads *t, const struct thread_message *m)
{
	const struct thread_table *table = &t->ids;
	const size_t mask = table->n - 1;

	if (table->n == 0)
		return;
	__builtin_prefetch(&table->slots[tag_of(m->id) & mask]);
	for (size_t i = 0; i < m->nreferences; i++)
		__builtin_prefetch(
		    &table->slots[tag_of(m->references[i]) & mask]);
}

/* (1) A, B: the references among each other.  Gives the last one, 0: none. */
static uint32_t
link_references(struct threads *t, const struct thread_message *m)
{
	const size_t skip = m->nreferences > THREADS_REFERENCES_MAX
				? m->nreferences - THREADS_REFERENCES_MAX
				: 0;
	uint32_t last = 0;

	for (size_t i = skip; i < m->nreferences; i++) {
		const uint32_t node = node_of(t, m->references[i]);

		if (node == 0)
			continue;
		if (last != 0 && t->nodes[node].parent == 0 &&
		    !makes_loop(t, last, node))
			link_nodes(t, last, node);
		last = node;
	}
	return last;
}

/* The node of a message: that of its Message-ID, unless another has it. */
static uint32_t
node_of_message(struct threads *t, const struct thread_message *m)
{
	uint32_t *slot, node;

	if (m->id == 0 || t->algorithm == THREAD_ORDEREDSUBJECT)
		return new_node(t);
	slot = table_slot(t, &t->ids, m->id);
	node = *slot;
	if (node != 0 && t->nodes[node].real)
		return new_node(t);
	if (node == 0) {
		node = new_node(t);
		t->nodes[node].id = m->id;
		*slot = node;
		t->ids.used++;
	}
	return node;
}

void
threads_add(struct threads *t, const struct thread_message *m)
{
	struct thread_node *n;
	uint32_t node, last;

	fetch_slots(t, m);
	node = node_of_message(t, m);
	n = &t->nodes[node];
	n->real = true;
	n->number = m->number;
	n->date_s = m->date_s;
	n->subject = m->subject;
	n->reply = m->reply;
	if (t->algorithm == THREAD_ORDEREDSUBJECT)
		return;
	t->walks += WALKS_MORE + m->nreferences;
	last = link_references(t, m);
	/* (1) C */
	if (t->nodes[node].parent == last)
		return;
	unlink_node(t, node);
	if (last != 0 && !makes_loop(t, last, node))
		link_nodes(t, last, node);
}

/* ---- (2), (3): who stays, and beneath whom ---- */

/* Is A, at its date, before B? */
static bool
is_earlier(const struct thread_node *a, const struct thread_node *b)
{
	return a->date_s != b->date_s ? a->date_s < b->date_s
				      : a->number < b->number;
}

/* The nearest message above I, or the highest dummy there; dummies on the way
 * then lead to it at once. */
static uint32_t
above(struct threads *t, uint32_t i)
{
	struct thread_node *v = t->nodes;
	uint32_t to = v[i].parent;

	if (to == 0)
		return 0;
	while (!v[to].real && v[to].parent != 0)
		to = v[to].parent;
	for (uint32_t k = v[i].parent; k != to;) {
		const uint32_t next = v[k].parent;

		v[k].parent = to;
		k = next;
	}
	return to;
}

/* Of dummies at the root: how many messages are beneath, and the first. */
static void
prune(struct threads *t, uint32_t i)
{
	struct thread_node *n = &t->nodes[i], *p;

	if (!n->real)
		return;
	n->parent = above(t, i);
	p = &t->nodes[n->parent];
	if (n->parent == 0 || p->real)
		return;
	if (p->first == 0 || is_earlier(n, &t->nodes[p->first]))
		p->first = i;
	p->last++; /* counts */
}

static void
promote(struct threads *t, uint32_t i)
{
	struct thread_node *n = &t->nodes[i];

	n->kids = 0;
	if (n->real)
		return;
	if (n->last == 1)
		t->nodes[n->first].parent = 0;
	n->gone = n->last < 2;
	if (!n->gone) {
		const struct thread_node *first = &t->nodes[n->first];

		n->date_s = first->date_s;
		n->number = first->number;
		n->subject = first->subject;
	}
	n->first = n->last = 0;
}

/* REFS: a thread is as late as its latest message.  Sets are used again, to
 * find a message's root. */
static void
find_latest(struct threads *t, uint32_t i)
{
	struct thread_node *n = &t->nodes[i];
	struct thread_node *root;

	if (!n->real)
		return;
	root = &t->nodes[set_of(t, i)];
	if (root->date_s < n->date_s)
		root->date_s = n->date_s;
}

static void
begin_set(struct threads *t, uint32_t i)
{
	const uint32_t parent = t->nodes[i].parent;

	t->nodes[i].set = parent != 0 ? parent : i;
}

/* ---- (5): threads of one subject ---- */

static void
note_subject(struct threads *t, uint32_t i)
{
	const struct thread_node *n = &t->nodes[i];
	const struct thread_node *there;
	uint32_t *slot;

	if (n->subject == 0)
		return;
	slot = table_slot(t, &t->subjects, n->subject);
	if (*slot == 0) {
		*slot = i;
		t->subjects.used++;
		return;
	}
	there = &t->nodes[*slot];
	if (there->real && (!n->real || (there->reply && !n->reply)))
		*slot = i;
}

static void
merge(struct threads *t, uint32_t i)
{
	uint32_t *slot, there, dummy;
	const struct thread_node *n = &t->nodes[i];

	if (n->subject == 0)
		return;
	slot = table_slot(t, &t->subjects, n->subject);
	there = *slot;
	if (there == i)
		return;
	if (!n->real) { /* both are dummies */
		t->nodes[i].gone = true;
		t->nodes[i].parent = there;
	} else if (!t->nodes[there].real ||
		   (n->reply && !t->nodes[there].reply)) {
		t->nodes[i].parent = there;
	} else {
		dummy = new_node(t);
		t->nodes[dummy].subject = t->nodes[i].subject;
		t->nodes[dummy].date_s = INT64_MAX;
		t->nodes[i].parent = t->nodes[there].parent = dummy;
		*slot = dummy;
	}
}

/* ---- (6): children ---- */

/* The parent, where it is no dummy that went into another. */
static uint32_t
parent_of(const struct threads *t, uint32_t i)
{
	const uint32_t p = t->nodes[i].parent;

	return t->nodes[p].gone ? t->nodes[p].parent : p;
}

static void
append(struct threads *t, uint32_t *first, uint32_t *last, uint32_t i)
{
	if (*last == 0)
		*first = i;
	else
		t->nodes[*last].next = i;
	*last = i;
}

static void
add_child(struct threads *t, uint32_t i)
{
	struct thread_node *n = &t->nodes[i], *p;

	n->parent = parent_of(t, i);
	if (n->parent == 0)
		return;
	p = &t->nodes[n->parent];
	append(t, &p->first, &p->last, i);
	p->kids++;
	if (!p->real && is_earlier(n, p)) {
		p->date_s = n->date_s;
		p->number = n->number;
	}
}

/* ORDEREDSUBJECT: the first of a subject, in the order of dates, is a root, the
 * second its child, those after it children of the second. */
static void
add_by_subject(struct threads *t, uint32_t i)
{
	struct thread_node *n = &t->nodes[i];
	uint32_t *slot = table_slot(t, &t->subjects, n->subject);
	struct thread_node *root = &t->nodes[*slot];

	if (*slot == 0) {
		*slot = i;
		t->subjects.used++;
		append(t, &t->first, &t->last, i);
		return;
	}
	n->parent = root->first != 0 ? root->first : *slot;
	root = &t->nodes[n->parent];
	append(t, &root->first, &root->last, i);
	root->kids++;
}

static void
add_top(struct threads *t, uint32_t i)
{
	append(t, &t->first, &t->last, i);
}

/* ---- stages ---- */

/* All links are made. */
static void
drop_ids(struct threads *t, uint32_t i)
{
	(void)i;
	table_free(&t->ids);
}

static void
drop_subjects(struct threads *t, uint32_t i)
{
	(void)i;
	table_free(&t->subjects);
}

static void
sort_node(struct threads *t, uint32_t i)
{
	const struct thread_node *n = &t->nodes[i];

	order_add_number(&t->order, n->number, i, n->date_s);
}

static void
sort_root(struct threads *t, uint32_t i)
{
	if (!t->nodes[i].gone && t->nodes[i].parent == 0)
		sort_node(t, i);
}

static void
sort_message(struct threads *t, uint32_t i)
{
	if (t->nodes[i].real)
		sort_node(t, i);
}

enum {
	SUBJECTS = 1 << THREAD_ORDEREDSUBJECT,
	REFERENCES = 1 << THREAD_REFERENCES,
	REFS = 1 << THREAD_REFS,
	LINKED = REFERENCES | REFS,
};

enum kind {
	ONCE,
	NODES,  /* work on each node */
	GATHER, /* the same, for a new order */
	SORT,
	SORTED, /* work on each node in that order */
};

/* clang-format off */
static const struct {
	unsigned algorithms;
	enum kind kind;
	void (*work)(struct threads *t, uint32_t i);
} stages[] = {
	{ LINKED,            ONCE,   drop_ids },
	{ LINKED,            NODES,  prune },
	{ LINKED,            NODES,  promote },
	{ REFS,              NODES,  begin_set },
	{ REFS,              NODES,  find_latest },
	{ LINKED,            GATHER, sort_root },      /* (4) */
	{ LINKED,            SORT,   NULL },
	{ REFERENCES,        SORTED, note_subject },   /* (5) A, B */
	{ REFERENCES,        SORTED, merge },          /* (5) C */
	{ REFERENCES,        ONCE,   drop_subjects },
	{ REFS,              SORTED, add_top },
	{ LINKED | SUBJECTS, GATHER, sort_message },   /* (6) */
	{ LINKED | SUBJECTS, SORT,   NULL },
	{ SUBJECTS,          SORTED, add_by_subject },
	{ LINKED,            SORTED, add_child },
	{ REFERENCES,        GATHER, sort_root },
	{ REFERENCES,        SORT,   NULL },
	{ REFERENCES,        SORTED, add_top },
};
/* clang-format on */

/* Some nodes of a stage; true: there are more. */
static bool
work_on_nodes(struct threads *t)
{
	void (*const work)(struct threads *, uint32_t) = stages[t->stage].work;

	if (t->at == 0 && stages[t->stage].kind == GATHER)
		order_reset(&t->order);
	for (unsigned left = STEP; left > 0 && t->at + 1 < t->n; left--)
		work(t, ++t->at);
	return t->at + 1 < t->n;
}

static bool
work_on_sorted(struct threads *t)
{
	void (*const work)(struct threads *, uint32_t) = stages[t->stage].work;

	for (unsigned left = STEP; left > 0 && t->at < t->order.n; left--)
		work(t, t->order.v[t->at++].item);
	return t->at < t->order.n;
}

bool
threads_step(struct threads *t)
{
	bool more = false;

	if (t->stage == ARRAY_LEN(stages))
		return false;
	if ((stages[t->stage].algorithms >> t->algorithm & 1) == 0)
		;
	else if (stages[t->stage].kind == ONCE)
		stages[t->stage].work(t, 0);
	else if (stages[t->stage].kind == SORT)
		more = order_step(&t->order);
	else if (stages[t->stage].kind == SORTED)
		more = work_on_sorted(t);
	else
		more = work_on_nodes(t);
	if (!more) {
		t->stage++;
		t->at = 0;
	}
	return t->stage < ARRAY_LEN(stages);
}

/* ---- what is written ---- */

/* Behind the last message of a thread or of a branch: close what ends with it.
 * The next branch, or 0. */
static uint32_t
close_branches(const struct threads *t, uint32_t i, struct buf *out)
{
	const struct thread_node *n = &t->nodes[i];

	while (n->parent != 0) {
		const struct thread_node *p = &t->nodes[n->parent];

		if (p->kids > 1) {
			buf_addc(out, ')');
			if (n->next != 0) {
				buf_addc(out, '(');
				return n->next;
			}
		}
		n = p;
	}
	buf_addc(out, ')');
	return 0;
}

/* One message, or a dummy; what comes behind it. */
static uint32_t
put_node(const struct threads *t, uint32_t i, struct buf *out)
{
	const struct thread_node *n = &t->nodes[i];

	if (n->real)
		buf_addu(out, n->number);
	if (n->kids == 0)
		return close_branches(t, i, out);
	if (n->real)
		buf_addc(out, ' ');
	if (n->kids > 1)
		buf_addc(out, '(');
	return n->first;
}

bool
threads_put(struct threads *t, struct buf *out)
{
	const size_t full = out->n + LINE;

	while (out->n < full) {
		if (t->node == 0) {
			if (t->first == 0)
				return false;
			t->node = t->first;
			t->first = t->nodes[t->first].next;
			buf_addc(out, '(');
		}
		t->node = put_node(t, t->node, out);
	}
	return true;
}
