/* SPDX-License-Identifier: ISC */
#include "reporter/pending.h"

#include <string.h>

#include "base/cur.h"

enum {
	DAY_S = 86400,
	PAUSE_S = 600,    /* behind the first attempt */
	DOUBLED_MAX = 10, /* beyond a day */
};

void
pending_put(const struct pending_posts *p, struct buf *out)
{
	buf_addf(out, "%lld %lld %u %d\n", (long long)p->first_s,
	    (long long)p->next_s, p->tries, p->sent);
	for (size_t i = 0; i < p->n; i++)
		buf_addf(out, "%.*s\n", SLICE_FMT(p->uris[i]));
}

bool
pending_get(struct slice text, struct pending_posts *p)
{
	struct cur c = cur_of(text);

	*p = (struct pending_posts){ .n = 0 };
	if (text.n == 0)
		return true;
	p->first_s = (int64_t)cur_u64(&c, INT64_MAX);
	cur_lit(&c, " ");
	p->next_s = (int64_t)cur_u64(&c, INT64_MAX);
	cur_lit(&c, " ");
	p->tries = (uint32_t)cur_u64(&c, UINT32_MAX);
	cur_lit(&c, " ");
	p->sent = cur_u64(&c, 1) == 1;
	cur_lit(&c, "\n");
	while (cur_left(&c) > 0 && p->n < PENDING_MAX)
		p->uris[p->n++] = cur_until(&c, '\n');
	if (cur_end(&c))
		return true;
	p->n = 0;
	return false;
}

void
pending_del(struct pending_posts *p, size_t i)
{
	p->n--;
	memmove(&p->uris[i], &p->uris[i + 1], (p->n - i) * sizeof p->uris[0]);
}

void
pending_turn(struct pending_posts *p, size_t i)
{
	const struct pending_posts was = *p;

	for (size_t k = 0; k < p->n; k++)
		p->uris[k] = was.uris[(i + k) % p->n];
}

bool
pending_again(struct pending_posts *p, int64_t now_s)
{
	const unsigned doubled =
	    p->tries < DOUBLED_MAX ? p->tries : DOUBLED_MAX;
	int64_t last_s;

	if (p->first_s == 0 || p->first_s > now_s) /* or the clock was set */
		p->first_s = now_s;
	last_s = p->first_s + DAY_S;
	if (now_s >= last_s)
		return false;
	p->next_s = now_s + ((int64_t)PAUSE_S << doubled);
	if (p->next_s > last_s)
		p->next_s = last_s;
	p->tries++;
	return true;
}
