/* SPDX-License-Identifier: ISC */
/* LIST and LSUB (RFC 3501 6.3.8, 6.3.9; LIST-EXTENDED RFC 5258, SPECIAL-USE
 * RFC 6154, LIST-STATUS RFC 5819, LIST-METADATA RFC 9590, LIST-MYRIGHTS RFC
 * 8440): the names are gathered at once, and a job writes of them as the client
 * takes it. */
#include <stdlib.h>

#include "base/buf.h"
#include "base/mem.h"
#include "ev/work.h"
#include "imapd/acl/commands.h"
#include "imapd/acl/may.h"
#include "imapd/acl/ownseen.h"
#include "imapd/cmd/commands.h"
#include "imapd/cmd/statusitems.h"
#include "imapd/conn/user.h"
#include "imapd/metadata/answer.h"
#include "imapd/metadata/query.h"
#include "imapd/parse/boxname.h"
#include "imapd/parse/parse.h"
#include "imapd/parse/wirename.h"
#include "imapd/relay/commands.h"
#include "imapd/relay/guest.h"
#include "imapd/relay/names.h"
#include "maildir/name.h"
#include "maildir/rights.h"
#include "maildir/specialword.h"
#include "store/mailbox.h"

enum {
	PATTERNS_MAX = 32,
	PATTERN_MAX_BYTES = 2048,
};

enum option {
	SELECT_SUBSCRIBED = 1 << 0,
	SELECT_REMOTE = 1 << 1,
	SELECT_RECURSIVE = 1 << 2,
	SELECT_SPECIAL = 1 << 3,
	RETURN_SUBSCRIBED = 1 << 4,
	RETURN_CHILDREN = 1 << 5,
	RETURN_SPECIAL = 1 << 6,
	RETURN_MYRIGHTS = 1 << 7,
};

/* clang-format off */
static const struct list_word {
	const char *name;
	unsigned option;
} selects[] = {
	{ "SUBSCRIBED",     SELECT_SUBSCRIBED | RETURN_SUBSCRIBED },
	{ "REMOTE",         SELECT_REMOTE },
	{ "RECURSIVEMATCH", SELECT_RECURSIVE },
	{ "SPECIAL-USE",    SELECT_SPECIAL | RETURN_SPECIAL },
}, returns[] = {
	{ "SUBSCRIBED",     RETURN_SUBSCRIBED },
	{ "CHILDREN",       RETURN_CHILDREN },
	{ "SPECIAL-USE",    RETURN_SPECIAL },
	{ "MYRIGHTS",       RETURN_MYRIGHTS },
};
/* clang-format on */

struct list_request {
	unsigned options;
	unsigned status;                 /* RETURN (STATUS (...)) */
	struct metadata_query *metadata; /* RETURN (METADATA ...) */
	bool lsub;
	bool root; /* LIST "" "" asks for the delimiter */
	struct slice patterns[PATTERNS_MAX];
	size_t npatterns;
};

struct list_entry {
	struct slice name;
	unsigned special;
	bool exists, subscribed, children;
};

struct list_run {
	struct imapd_job job;
	struct list_request request;
	struct arena *arena;
	struct list_entry *entries;
	size_t n, cap;
	size_t next; /* entry to be told of */
	struct status_sum sum;
	const struct guest *guest; /* NULL: all of it is for him */
	size_t looked;             /* entries that were looked at for him */
	bool listed;               /* but for its status */
	bool rights;               /* told of, too */
};

/* ---- the command ---- */

static unsigned
read_word(struct parse *p, const struct list_word *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (parse_try_word(p, words[i].name))
			return words[i].option;
	parse_fail(p, "expected an option of LIST");
	return 0;
}

static void
read_selects(struct parse *p, struct list_request *r)
{
	if (!parse_try_open(p))
		return;
	if (!parse_try_close(p))
		do
			r->options |= read_word(p, selects, ARRAY_LEN(selects));
		while (parse_ok(p) && parse_next(p));
	if ((r->options & SELECT_RECURSIVE) != 0 &&
	    (r->options & (SELECT_SUBSCRIBED | SELECT_SPECIAL)) == 0)
		parse_fail(p, "RECURSIVEMATCH needs another option");
	parse_space(p);
}

/* SP "RETURN" SP "(" [return-option *(SP return-option)] ")" */
static void
read_returns(struct parse *p, struct list_request *r)
{
	parse_space(p);
	if (!parse_try_word(p, "RETURN"))
		parse_fail(p, "expected RETURN");
	parse_space(p);
	parse_open(p);
	if (parse_try_close(p))
		return;
	do {
		if (parse_try_word(p, "STATUS")) {
			parse_space(p);
			r->status = status_items_parse(p);
		} else if (parse_try_word(p, "METADATA")) {
			parse_space(p);
			r->metadata =
			    arena_new(p->arena, struct metadata_query);
			query_parse(p, r->metadata);
		} else {
			r->options |= read_word(p, returns, ARRAY_LEN(returns));
		}
	} while (parse_ok(p) && parse_next(p));
}

/* Reference and pattern together; what is no name matches nothing. */
static void
read_pattern(struct parse *p, struct list_request *r, struct slice reference)
{
	const struct slice wire = parse_pattern(p);
	struct buf b, all;

	if (!parse_ok(p))
		return;
	if (r->npatterns == PATTERNS_MAX ||
	    reference.n + wire.n > PATTERN_MAX_BYTES) {
		parse_fail(p, "too many or too long patterns");
		return;
	}
	r->root = r->root || wire.n == 0;
	buf_init(&all, PATTERN_MAX_BYTES);
	buf_init(&b, PATTERN_MAX_BYTES * 2);
	buf_add(&all, reference);
	buf_add(&all, wire);
	if (wirename_from_wire(
		&b, buf_slice(&all), boxname_delimiter(), p->utf8))
		r->patterns[r->npatterns++] =
		    arena_slice(p->arena, buf_slice(&b));
	buf_fini(&all);
	buf_fini(&b);
}

static void
read_request(struct parse *p, struct list_request *r)
{
	struct slice reference;

	parse_space(p);
	if (!r->lsub)
		read_selects(p, r);
	reference = parse_astring(p);
	parse_space(p);
	if (!r->lsub && parse_try_open(p)) {
		do
			read_pattern(p, r, reference);
		while (parse_ok(p) && parse_next(p));
		r->root = false;
	} else {
		read_pattern(p, r, reference);
	}
	if (!r->lsub && parse_peek(p) == ' ')
		read_returns(p, r);
	parse_end(p);
}

/* ---- the answer ---- */

/* What the owner has subscribed, and uses it for, is his own. */
static void
for_guest(struct list_run *l, struct list_entry *e)
{
	struct buf name;

	buf_init(&name, SIZE_MAX / 2);
	buf_add(&name, l->guest->prefix);
	buf_add(&name, e->name);
	e->name = arena_slice(l->arena, buf_slice(&name));
	e->subscribed = false;
	e->special = 0;
	buf_fini(&name);
}

static bool
gather(void *arg, const struct mailbox_info *info)
{
	struct list_run *l = arg;

	if (l->n == l->cap) {
		l->cap = l->cap > 0 ? l->cap * 2 : 32;
		l->entries =
		    xreallocarray(l->entries, l->cap, sizeof *l->entries);
	}
	l->entries[l->n++] = (struct list_entry){
		.name = arena_slice(l->arena, info->name),
		.special = info->special,
		.exists = info->exists,
		.subscribed = info->subscribed,
		.children = info->children,
	};
	if (l->guest != NULL)
		for_guest(l, &l->entries[l->n - 1]);
	return true;
}

/* Entries by name (as LIST orders them), one for each: the store gives names
 * that are subscribed and gone apart from those that are there. */
static int
by_name(const void *pa, const void *pb)
{
	const struct list_entry *a = pa, *b = pb;

	return name_cmp(a->name, b->name);
}

static void
unite(struct list_run *l)
{
	size_t n = 0;

	if (l->n == 0)
		return;
	qsort(l->entries, l->n, sizeof *l->entries, by_name);
	for (size_t i = 1; i < l->n; i++) {
		struct list_entry *last = &l->entries[n];
		const struct list_entry *e = &l->entries[i];

		if (!slice_eq(e->name, last->name)) {
			l->entries[++n] = *e;
			continue;
		}
		last->special |= e->special;
		last->exists |= e->exists;
		last->subscribed |= e->subscribed;
		last->children |= e->children;
	}
	l->n = n + 1;
}

/* The levels above a name that is gone: LSUB may have to name them. */
static void
add_parents(struct list_run *l)
{
	const size_t n = l->n;

	for (size_t i = 0; i < n; i++) {
		struct slice up = l->entries[i].name;

		if (l->entries[i].exists)
			continue;
		while (slice_rfind(up, '/') < up.n) {
			up = slice_sub(up, 0, slice_rfind(up, '/'));
			(void)gather(l, &(struct mailbox_info){ .name = up });
		}
	}
}

static int
gather_all(struct session *s, struct list_run *l, struct err *err)
{
	struct account *a = imapd_user_account(s->user);

	if (mailbox_list(a, false, gather, l, err) == -1)
		return -1;
	if (guest_of(s) == NULL &&
	    (l->request.options & SELECT_SUBSCRIBED) == 0)
		return 0;
	if (mailbox_list(a, true, gather, l, err) == -1)
		return -1;
	add_parents(l);
	unite(l);
	return 0;
}

static bool
matches(const struct list_request *r, struct slice name)
{
	for (size_t i = 0; i < r->npatterns; i++)
		if (wirename_match(r->patterns[i], name))
			return true;
	return false;
}

static bool
is_below(struct slice child, struct slice parent)
{
	return child.n > parent.n && slice_starts(child, parent) &&
	       child.p[parent.n] == '/';
}

static bool
is_selected(const struct list_request *r, const struct list_entry *e)
{
	if ((r->options & SELECT_SUBSCRIBED) != 0 && !e->subscribed)
		return false;
	if ((r->options & SELECT_SPECIAL) != 0 && e->special == 0)
		return false;
	return true;
}

/* Is something below entry I selected?  HIDDEN: by no pattern, too.  What is
 * below stands right behind. */
static bool
has_selected_below(const struct list_run *l, size_t i, bool hidden)
{
	const struct slice parent = l->entries[i].name;

	for (size_t k = i + 1; k < l->n; k++) {
		const struct list_entry *e = &l->entries[k];

		if (!is_below(e->name, parent))
			break;
		if (is_selected(&l->request, e) &&
		    !(hidden && matches(&l->request, e->name)))
			return true;
	}
	return false;
}

static void
put_attributes(
    struct buf *out, const struct list_run *l, const struct list_entry *e)
{
	const struct list_request *r = &l->request;

	buf_adds(out, e->children ? "\\HasChildren" : "\\HasNoChildren");
	/* \NonExistent implies the other (RFC 5258 3); whether another user has
	 * it is not known here. */
	if (!e->exists && (r->options & SELECT_SUBSCRIBED) == 0)
		buf_adds(out, " \\Noselect");
	else if (!e->exists && !names_below(e->name))
		buf_adds(out, " \\NonExistent");
	if (e->subscribed && (r->options & RETURN_SUBSCRIBED) != 0)
		buf_adds(out, " \\Subscribed");
	specialword_put(out, e->special);
}

/* As the store has it. */
static struct slice
own_name(const struct session *s, const struct list_entry *e)
{
	return guest_of(s) != NULL ? slice_from(e->name, guest_of(s)->prefix.n)
				   : e->name;
}

static void
put_name(struct session *s, const struct list_entry *e)
{
	buf_addf(imapd_out(s), ") \"%c\" ", boxname_delimiter());
	boxname_put(s, own_name(s, e));
}

/* LSUB's only attribute marks a parent of what is subscribed and does not match
 * itself (RFC 3501 6.3.9). */
static void
tell_lsub(struct session *s, const struct list_run *l, size_t i)
{
	const struct list_entry *e = &l->entries[i];
	struct buf *out = imapd_out(s);

	if (!e->subscribed && !has_selected_below(l, i, true))
		return;
	buf_adds(out, "* LSUB (");
	buf_adds(out, e->subscribed ? "" : "\\Noselect");
	put_name(s, e);
	buf_adds(out, "\r\n");
}

/* What cannot be had of the annotations is left out (RFC 9590 3). */
static void
tell_metadata(
    struct session *s, const struct list_request *r, struct mailbox *m)
{
	uint64_t longest = 0;

	if (r->metadata != NULL)
		(void)answer_metadata(s, m, r->metadata, &longest, NULL);
}

static bool
wants_inside(const struct list_request *r)
{
	return r->status != 0 || r->metadata != NULL ||
	       (r->options & RETURN_MYRIGHTS) != 0;
}

/* Rights, status and annotations; 1: call again. */
static int
tell_inside(struct session *s, struct list_run *l, const struct list_entry *e,
    struct err *err)
{
	struct mailbox *m;
	int rc = 0;

	if (!wants_inside(&l->request) || !e->exists)
		return 0;
	switch (ownseen_open(s, own_name(s, e), &m, err)) {
	case FOUND:
		break;
	case ABSENT:
		return 0;
	case TEMPFAIL:
		return -1;
	}
	if ((l->request.options & RETURN_MYRIGHTS) != 0 && !l->rights)
		acl_put_myrights(s, m);
	l->rights = true;
	if (l->request.status != 0 && may(s, m, RIGHT_READ, NULL) == 0)
		rc = status_items_put(s, m, l->request.status, &l->sum, err);
	if (rc == 0 && may(s, m, RIGHT_READ, NULL) == 0)
		tell_metadata(s, &l->request, m);
	mailbox_close(&m);
	return rc;
}

/* False: the entry is not told of. */
static bool
tell_list(struct session *s, const struct list_run *l, size_t i)
{
	const struct list_entry *e = &l->entries[i];
	const struct list_request *r = &l->request;
	const bool below = (r->options & SELECT_RECURSIVE) != 0 &&
			   has_selected_below(l, i, false);
	struct buf *out = imapd_out(s);

	if (!is_selected(r, e) && !below)
		return false;
	buf_adds(out, "* LIST (");
	put_attributes(out, l, e);
	put_name(s, e);
	if (below)
		buf_adds(out, (r->options & SELECT_SUBSCRIBED) != 0
				  ? " (\"CHILDINFO\" (\"SUBSCRIBED\"))"
				  : " (\"CHILDINFO\" (\"SPECIAL-USE\"))");
	buf_adds(out, "\r\n");
	return true;
}

/* 1: not all was told of it. */
static int
tell(struct session *s, struct list_run *l, size_t i, struct err *err)
{
	if (!l->listed && !matches(&l->request, l->entries[i].name))
		return 0;
	if (l->request.lsub) {
		tell_lsub(s, l, i);
		return 0;
	}
	if (!l->listed && !tell_list(s, l, i))
		return 0;
	l->listed = true;
	return tell_inside(s, l, &l->entries[i], err);
}

/* ---- what a guest sees ---- */

static void
look_at(struct session *s, struct list_entry *e)
{
	e->exists = e->exists &&
		    may_by_name(s, own_name(s, e), RIGHT_LOOKUP, NULL) == 0;
	e->children = false;
}

/* The parents of what he sees have names for him, and nothing else has. */
static void
hide(struct list_run *l)
{
	size_t n = 0;

	for (size_t i = l->n; i > 0; i--) {
		struct list_entry *e = &l->entries[i - 1];

		for (size_t k = i;
		     k < l->n && is_below(l->entries[k].name, e->name); k++)
			e->children |= l->entries[k].exists;
	}
	for (size_t i = 0; i < l->n; i++)
		if (l->entries[i].exists || l->entries[i].children)
			l->entries[n++] = l->entries[i];
	l->n = n;
}

/* False: call again. */
static bool
look(struct session *s, struct list_run *l)
{
	while (l->looked < l->n && !work_spent())
		look_at(s, &l->entries[l->looked++]);
	if (l->looked < l->n)
		return false;
	hide(l);
	l->looked = l->n;
	l->guest = NULL;
	return true;
}

static void
on_more(struct session *s, struct imapd_job *job)
{
	struct list_run *l = OUTER(job, struct list_run, job);
	struct err err = { 0 };

	if (l->guest != NULL && !look(s, l)) {
		imapd_more(s);
		return;
	}

	while (l->next < l->n && !imapd_is_full(s) && !work_spent()) {
		const int rc = tell(s, l, l->next, &err);

		if (rc == -1) {
			imapd_no(s, "list", &err);
			return;
		}
		if (rc == 1)
			continue;
		l->listed = l->rights = false;
		l->sum = (struct status_sum){ .from = 0 };
		l->next++;
	}
	if (l->next < l->n)
		imapd_more(s);
	else
		imapd_ok(s, "%s completed", l->request.lsub ? "LSUB" : "LIST");
}

static void
on_free(struct session *s, struct imapd_job *job)
{
	struct list_run *l = OUTER(job, struct list_run, job);

	(void)s;
	xfree(&l->entries);
	xfree(&l);
}

static const struct job_ops ops = { .more = on_more, .free = on_free };

static void
run(struct session *s, const struct list_request *r)
{
	struct list_run *l = xcalloc(1, sizeof *l);
	struct err err = { 0 };

	l->job.ops = &ops;
	l->request = *r;
	l->arena = &s->arena;
	l->guest = guest_of(s);
	if (guest_of(s) != NULL) {
		l->request.options &= ~(unsigned)SELECT_SUBSCRIBED;
		l->request.metadata = NULL;
	}
	imapd_start(s, &l->job);
	if (gather_all(s, l, &err) == -1)
		imapd_no(s, "list", &err);
	else
		on_more(s, &l->job);
}

static void
list(struct session *s, struct parse *p, bool lsub)
{
	struct list_request r = { .lsub = lsub };

	read_request(p, &r);
	if (!parse_ok(p)) {
		imapd_bad(s, p);
		return;
	}
	if (lsub)
		r.options = SELECT_SUBSCRIBED;
	if (r.root && !lsub) {
		imapd_untagged(
		    s, "LIST (\\Noselect) \"%c\" \"\"", boxname_delimiter());
		imapd_ok(s, "LIST completed");
		return;
	}
	if ((r.options & SELECT_SUBSCRIBED) == 0 &&
	    relay_takes_list(s, r.patterns, r.npatterns))
		return;
	status_items_enable(s, r.status);
	run(s, &r);
}

void
imapd_cmd_list(struct session *s, struct parse *p)
{
	list(s, p, false);
}

void
imapd_cmd_lsub(struct session *s, struct parse *p)
{
	list(s, p, true);
}
