/* SPDX-License-Identifier: ISC */
#include "qmgr/queue/qgroup.h"

#include "base/map.h"
#include "base/mem.h"
#include "qmgr/queue/entry.h"
#include "qmgr/queue/qrecord.h"

enum { FEW = 50 };

typedef void (*visit_fn)(void *arg, enum qgroup_kind kind, struct slice name);

struct group_kind {
	enum qgroup_kind kind;
	const char *name;
	/* one of these; the second's is empty where there is none */
	struct slice (*of)(const struct qrecord *r);
	struct slice (*of_rcpt)(const struct qrecord_rcpt *r);
};

static struct slice
no_name(const struct qrecord *r)
{
	(void)r;
	return SLICE("");
}

static struct slice
sender_of(const struct qrecord *r)
{
	return r->sender.n > 0 ? r->sender : SLICE("<>");
}

static struct slice
login_of(const struct qrecord *r)
{
	return r->login.n > 0 ? r->login : SLICE("-");
}

static struct slice
state_of(const struct qrecord *r)
{
	static const char *const words[] = { "waiting", "active", "held" };

	return slice_str(words[r->state]);
}

static struct slice
domain_of(const struct qrecord_rcpt *r)
{
	return slice_from(r->address, slice_rfind(r->address, '@') + 1);
}

static struct slice
site_of(const struct qrecord_rcpt *r)
{
	return r->site.n > 0 ? r->site : domain_of(r);
}

static struct slice
host_of(const struct qrecord_rcpt *r)
{
	return r->host;
}

static struct slice
reason_of(const struct qrecord_rcpt *r)
{
	return r->text;
}

/* clang-format off */
static const struct group_kind kinds[] = {
	{ QGROUP_AGE,    "age",    no_name,   NULL },
	{ QGROUP_LOGIN,  "login",  login_of,  NULL },
	{ QGROUP_SENDER, "sender", sender_of, NULL },
	{ QGROUP_STATE,  "state",  state_of,  NULL },
	{ QGROUP_DOMAIN, "domain", NULL,      domain_of },
	{ QGROUP_HOST,   "host",   NULL,      host_of },
	{ QGROUP_REASON, "reason", NULL,      reason_of },
	{ QGROUP_SITE,   "site",   NULL,      site_of },
};
/* clang-format on */

static const struct group_kind *
find_kind(enum qgroup_kind kind)
{
	const struct group_kind *k = kinds;

	while (k->kind != kind)
		k++;
	return k;
}

bool
qgroup_named(struct slice word, enum qgroup_kind *kind)
{
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (slice_is(word, kinds[i].name)) {
			*kind = kinds[i].kind;
			return true;
		}
	return false;
}

bool
qgroup_needs_whole(enum qgroup_kind kind)
{
	return find_kind(kind)->of_rcpt != NULL;
}

/* Is the name of recipient I that of one before?  SEEN has those of a message
 * with many. */
static bool
is_again(const struct qrecord *r, size_t i, const struct group_kind *k,
    struct map *seen)
{
	const struct slice name = k->of_rcpt(&r->rcpts[i]);

	if (r->nrcpts > FEW)
		return map_put(seen, name, seen) != NULL;
	while (i-- > 0)
		if (slice_eq(k->of_rcpt(&r->rcpts[i]), name))
			return true;
	return false;
}

static void
each(const struct qrecord *r, const struct group_kind *k, visit_fn visit,
    void *arg)
{
	struct map seen;

	if (k->of != NULL) {
		visit(arg, k->kind, k->of(r));
		return;
	}
	map_init(&seen);
	for (size_t i = 0; i < r->nrcpts; i++) {
		const struct slice name = k->of_rcpt(&r->rcpts[i]);

		if (name.n > 0 && !is_again(r, i, k, &seen))
			visit(arg, k->kind, name);
	}
	map_fini(&seen);
}

void
qgroup_each(
    const struct qrecord *r, enum qgroup_kind kind, visit_fn visit, void *arg)
{
	each(r, find_kind(kind), visit, arg);
}

void
qgroup_every(const struct qrecord *r, visit_fn visit, void *arg)
{
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (r->whole || kinds[i].of_rcpt == NULL)
			each(r, &kinds[i], visit, arg);
}
