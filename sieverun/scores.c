/* SPDX-License-Identifier: ISC */
#include "sieverun/scores.h"

#include "base/cur.h"
#include "sieve/score.h"
#include "sieverun/conf.h"
#include "sieverun/task.h"

static bool
take_text(const char *word, unsigned max, struct sieve_score_rule *rule)
{
	struct slice text;
	struct cur c = cur_of(slice_cut(slice_str(word), '=', &text));
	const uint64_t n = cur_u64(&c, max);

	if (!cur_end(&c) || text.n == 0)
		return false;
	rule->texts[n] = text;
	return true;
}

/* False: LIST has something else. */
static bool
take_texts(
    const struct conf_list *list, unsigned max, struct sieve_score_rule *rule)
{
	for (size_t i = 0; i < list->n; i++)
		if (!take_text(list->v[i], max, rule))
			return false;
	return true;
}

#define RULE(c, test, top, rule)                                               \
	(*(rule) =                                                             \
		(struct sieve_score_rule){                                     \
		    .header = slice_str((c)->test##_header),                   \
		    .type = (c)->test##_type,                                  \
		    .max = slice_str((c)->test##_max),                         \
		    .max_header = slice_str((c)->test##_max_header),           \
		},                                                             \
	    take_texts(&(c)->test##_texts, (top), (rule)))

static bool
make_rule(enum sieve_score_kind kind, struct sieve_score_rule *rule)
{
	const struct sieverun_conf *c = sieverun_conf;

	return kind == SIEVE_SCORE_VIRUS ? RULE(c, virustest, 5, rule)
					 : RULE(c, spamtest, 10, rule);
}

static int
check(enum sieve_score_kind kind, const char *test, struct err *err)
{
	struct sieve_score_rule rule;
	struct err why;

	if (!make_rule(kind, &rule))
		return err_set(err, ERR_PERM, "%s_texts: not N=TEXT", test);
	if (sieve_score_check(&rule, &why) == -1)
		return err_set(err, ERR_PERM, "%s: %s", test, why.text);
	return 0;
}

int
scores_check(struct err *err)
{
	return check(SIEVE_SCORE_SPAM, "spamtest", err) == -1
		   ? -1
		   : check(SIEVE_SCORE_VIRUS, "virustest", err);
}

enum found
scores_get(const struct task *t, enum sieve_score_kind kind, unsigned *score)
{
	struct sieve_score_rule rule;

	(void)make_rule(kind, &rule);
	if (rule.header.n > 0)
		return sieve_score_get(
		    &rule, t->message, t->env.limits, kind, score);
	if (kind == SIEVE_SCORE_VIRUS || !t->junk)
		return ABSENT;
	*score = kind == SIEVE_SCORE_PERCENT ? 100 : 10;
	return FOUND;
}
