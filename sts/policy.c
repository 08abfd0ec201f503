/* SPDX-License-Identifier: ISC */
/*
 * The file: lines of our own, an empty one, and the policy as its domain might
 * have published it.
 */
#include "sts/policy.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/cur.h"
#include "base/mem.h"

enum {
	DAY_S = 24 * 3600,
	SOON_S = 600, /* what is valid for less is fetched when it is needed */
};

static void
format_own(const struct sts_policy *p, struct buf *out)
{
	buf_addf(out, "id: %s\nfetched: %lld\nasked: %lld\n\n", p->id,
	    (long long)p->fetched_s, (long long)p->asked_s);
}

void
sts_policy_format(const struct sts_policy *p, struct buf *out)
{
	struct slice mx = slice_str(p->mx);

	format_own(p, out);
	buf_addf(out, "version: STSv1\nmode: %s\nmax_age: %lld\n",
	    mtasts_mode_name(p->is.mode), (long long)p->is.max_age_s);
	while (mx.n > 0) {
		const struct slice one = slice_cut(mx, ' ', &mx);

		buf_addf(out, "mx: %.*s\n", SLICE_FMT(one));
	}
}

/* The rest of a line that begins with NAME. */
static struct slice
take(struct cur *c, const char *name)
{
	cur_lit(c, name);
	return cur_until(c, '\n');
}

/* A clock that was set back makes no policy last longer. */
static int64_t
take_time(struct cur *c, const char *name, int64_t now_s)
{
	struct cur value = cur_of(take(c, name));
	const uint64_t t = cur_u64(&value, INT64_MAX);

	if (!cur_end(&value))
		cur_fail(c);
	return (int64_t)t < now_s ? (int64_t)t : now_s;
}

int
sts_policy_parse(
    struct slice text, int64_t now_s, struct sts_policy *p, struct err *err)
{
	struct cur c = cur_of(text);
	struct buf mx = { .max = MTASTS_MX_MAX };
	int rc = -1;

	*p = (struct sts_policy){ .mx = NULL };
	if (!slice_copy(take(&c, "id: "), p->id, sizeof p->id))
		cur_fail(&c);
	p->fetched_s = take_time(&c, "fetched: ", now_s);
	p->asked_s = take_time(&c, "asked: ", now_s);
	cur_lit(&c, "\n");
	if (!cur_ok(&c))
		err_set(err, ERR_PERM, "not a file of this cache");
	else
		rc = mtasts_parse(cur_rest(&c), &p->is, &mx, err);
	if (rc == 0)
		p->mx = xslicedup(buf_slice(&mx));
	buf_fini(&mx);
	return rc;
}

void
sts_policy_fini(struct sts_policy *p)
{
	free(p->mx);
	*p = (struct sts_policy){ .mx = NULL };
}

int64_t
sts_policy_ends_s(const struct sts_policy *p)
{
	return p->fetched_s + p->is.max_age_s;
}

bool
sts_policy_is_valid(const struct sts_policy *p, int64_t now_s)
{
	return p->mx != NULL && now_s < sts_policy_ends_s(p);
}

int64_t
sts_policy_refresh_s(const struct sts_policy *p, uint32_t random)
{
	const int64_t age = p->is.max_age_s;
	/* A fifth is left for more attempts. */
	const int64_t latest = age < DAY_S ? age * 4 / 5 : DAY_S;

	if (age < SOON_S)
		return 0;
	return latest / 2 + random % (latest / 2);
}
