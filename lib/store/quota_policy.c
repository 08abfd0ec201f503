/* SPDX-License-Identifier: ISC */
#include "store/quota_policy.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>

#include "base/cur.h"
#include "base/mem.h"
#include "base/slice.h"
#include "base/utf8.h"
#include "conf/shared.h"
#include "conf/value.h"
#include "index/record.h"
#include "maildir/special.h"
#include "store/retention.h"
#include "store/usage.h"
#include "store/whole.h"

enum { RULES_MAX = 64, THRESHOLDS_MAX = 16, PERCENT_MAX = 1000 };

static const char warning_text[] =
    "Your mailbox $account is $percent % full: $used of $quota are used.\n\n"
    "When it is full, mail for it is refused. Please delete messages that you "
    "do not need any more, and empty the trash.\n";
static const char full_text[] =
    "Mail for your mailbox $account was refused, because it is full: $used of "
    "$quota are used.\n\n"
    "Please delete messages that you do not need any more, and empty the "
    "trash.\n";

struct named_rule {
	char *name;
	unsigned special;
	struct quota_rule rule;
};

struct quota_policy {
	struct named_rule rules[RULES_MAX];
	size_t nrules;
	bool ignores;
	unsigned thresholds[THRESHOLDS_MAX]; /* ascending */
	size_t nthresholds;
	char *postmaster;
	char *subject, *text;
	char *full_subject, *full_text;
};

/* "+10%", "+100M", "ignore" */
static bool
parse_what(struct slice text, struct quota_rule *r)
{
	struct cur c = cur_of(text);
	int64_t bytes;

	if (slice_is(text, "ignore")) {
		r->ignore = true;
		return true;
	}
	if (!cur_try(&c, "+"))
		return false;
	if (slice_ends(text, SLICE("%"))) {
		r->extra_percent = (unsigned)cur_u64(&c, PERCENT_MAX);
		return cur_try(&c, "%") && cur_end(&c);
	}
	/* Without a unit it is more likely that a % is missing. */
	if (cur_rest(&c).n > 0 &&
	    isdigit((unsigned char)text.p[text.n - 1]) != 0)
		return false;
	if (!conf_parse_size(cur_rest(&c), &bytes))
		return false;
	r->extra_bytes = (uint64_t)bytes;
	return true;
}

static int
add_rule(struct quota_policy *p, const char *word, struct err *err)
{
	const struct slice s = slice_str(word);
	const size_t at = slice_rfind(s, ':');
	const struct slice name = slice_sub(s, 0, at);
	struct named_rule *n = &p->rules[p->nrules];

	if (p->nrules == RULES_MAX)
		return err_set(
		    err, ERR_PERM, "quota_rules: at most %d rules", RULES_MAX);
	if (at == 0 || at == s.n || !utf8_valid(name) ||
	    !parse_what(slice_from(s, at + 1), &n->rule))
		return err_set(err, ERR_PERM,
		    "quota_rules: expected MAILBOX:+10%%, MAILBOX:+100M or "
		    "MAILBOX:ignore, not \"%s\"",
		    word);
	n->name = xslicedup(name);
	n->special = special_of(name);
	p->ignores = p->ignores || n->rule.ignore;
	p->nrules++;
	return 0;
}

static int
add_threshold(struct quota_policy *p, const char *word, struct err *err)
{
	struct cur c = cur_of(slice_str(word));
	const unsigned percent = (unsigned)cur_u64(&c, 100);
	size_t at = p->nthresholds;

	(void)cur_try(&c, "%");
	if (!cur_end(&c) || percent == 0)
		return err_set(err, ERR_PERM,
		    "quota_warning: expected 1%% to 100%%, not \"%s\"", word);
	if (at == THRESHOLDS_MAX)
		return err_set(err, ERR_PERM,
		    "quota_warning: at most %d thresholds", THRESHOLDS_MAX);
	for (; at > 0 && p->thresholds[at - 1] > percent; at--)
		p->thresholds[at] = p->thresholds[at - 1];
	p->thresholds[at] = percent;
	p->nthresholds++;
	return 0;
}

static int
take(struct quota_policy *p, const struct shared_conf *conf, struct err *err)
{
	const char *const texts[] = { conf->quota_warning_subject,
		conf->quota_warning_text, conf->quota_full_subject,
		conf->quota_full_text };

	for (size_t i = 0; i < conf->quota_rules.n; i++)
		if (add_rule(p, conf->quota_rules.v[i], err) == -1)
			return -1;
	for (size_t i = 0; i < conf->quota_warning.n; i++)
		if (add_threshold(p, conf->quota_warning.v[i], err) == -1)
			return -1;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		if (!utf8_valid(slice_str(texts[i])))
			return err_set(err, ERR_PERM,
			    "quota_warning_text: expected UTF-8");
	p->subject = xstrdup(conf->quota_warning_subject);
	p->text = xstrdup(conf->quota_warning_text[0] != '\0'
			      ? conf->quota_warning_text
			      : warning_text);
	p->full_subject = xstrdup(conf->quota_full_subject);
	p->full_text =
	    xstrdup(conf->quota_full_text[0] != '\0' ? conf->quota_full_text
						     : full_text);
	p->postmaster = conf->postmaster[0] != '\0'
			    ? xstrdup(conf->postmaster)
			    : xasprintf("postmaster@%s", shared_domain(conf));
	return 0;
}

struct quota_policy *
quota_policy_new(const struct shared_conf *conf, struct err *err)
{
	struct quota_policy *p = xcalloc(1, sizeof *p);

	if (take(p, conf, err) == -1)
		quota_policy_free(&p);
	return p;
}

void
quota_policy_free(struct quota_policy **pp)
{
	struct quota_policy *p = *pp;

	if (p == NULL)
		return;
	for (size_t i = 0; i < p->nrules; i++)
		xfree(&p->rules[i].name);
	xfree(&p->postmaster);
	xfree(&p->subject);
	xfree(&p->text);
	xfree(&p->full_subject);
	xfree(&p->full_text);
	xfree(pp);
}

const struct quota_policy *
quota_policy_of(const struct store *store)
{
	return store->quota;
}

int
store_configure(
    struct store *store, const struct shared_conf *conf, struct err *err)
{
	struct quota_policy *p = quota_policy_new(conf, err);

	if (p == NULL)
		return -1;
	quota_policy_free(&store->quota);
	store->quota = p;
	store_set_retention(store, conf->expunge_retention / 1000,
	    (uint64_t)conf->expunge_retention_size);
	return 0;
}

int
store_configure_check(const struct shared_conf *conf, struct err *err)
{
	struct quota_policy *p = quota_policy_new(conf, err);

	if (p == NULL)
		return -1;
	quota_policy_free(&p);
	return 0;
}

static bool
is_for(const struct named_rule *n, const struct ix_box *b)
{
	const struct slice name = slice_str(b->name);
	const struct slice of = slice_str(n->name);

	if ((n->special & b->special) != 0)
		return true;
	return slice_starts(name, of) &&
	       (name.n == of.n || name.p[of.n] == '/');
}

const struct quota_rule *
quota_policy_rule(const struct quota_policy *p, const struct ix_box *b)
{
	for (size_t i = 0; p != NULL && i < p->nrules; i++)
		if (is_for(&p->rules[i], b))
			return &p->rules[i].rule;
	return NULL;
}

bool
quota_policy_ignores(const struct quota_policy *p)
{
	return p != NULL && p->ignores;
}

unsigned
quota_policy_reached(const struct quota_policy *p, unsigned percent)
{
	unsigned reached = 0;

	for (size_t i = 0; p != NULL && i < p->nthresholds; i++)
		if (p->thresholds[i] <= percent)
			reached = p->thresholds[i];
	return reached;
}

unsigned
quota_policy_left(
    const struct quota_policy *p, unsigned warned, unsigned percent)
{
	const unsigned near = percent + QUOTA_HYSTERESIS;

	if (warned == QUOTA_FULL && quota_policy_is_full(p, percent))
		return warned;
	return warned > near ? quota_policy_reached(p, near) : warned;
}

bool
quota_policy_is_full(const struct quota_policy *p, unsigned percent)
{
	return p != NULL && p->nthresholds > 0 &&
	       percent + QUOTA_HYSTERESIS >= p->thresholds[0];
}

const char *
quota_policy_subject(const struct quota_policy *p, unsigned warning)
{
	return warning == QUOTA_FULL ? p->full_subject : p->subject;
}

const char *
quota_policy_text(const struct quota_policy *p, unsigned warning)
{
	return warning == QUOTA_FULL ? p->full_text : p->text;
}

const char *
quota_policy_postmaster(const struct quota_policy *p)
{
	return p->postmaster;
}
