/* SPDX-License-Identifier: ISC */
#include "store/cachequeue.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/inner.h"

struct cached *
cachequeue_add(
    struct cache_queue *q, char type, uint32_t uid, struct slice bytes)
{
	struct cached *c = xmalloc(sizeof *c + bytes.n);

	*c = (struct cached){ .type = type, .uid = uid, .n = bytes.n };
	if (bytes.n > 0)
		memcpy(c->bytes, bytes.p, bytes.n);
	STAILQ_INSERT_TAIL(&q->list, c, link);
	q->n++;
	q->bytes += bytes.n;
	if (uid > q->last)
		q->last = uid;
	return c;
}

void
cachequeue_drop(struct cache_queue *q)
{
	struct cached *c;

	while ((c = STAILQ_FIRST(&q->list)) != NULL) {
		STAILQ_REMOVE_HEAD(&q->list, link);
		free(c);
	}
	q->n = 0;
	q->bytes = 0;
	q->last = 0;
}

const struct cached *
cachequeue_find(const struct cache_queue *q, char type, uint32_t uid)
{
	const struct cached *c;

	if (uid > q->last) /* one after the other, as most are made */
		return NULL;
	for (c = STAILQ_FIRST(&q->list); c != NULL; c = STAILQ_NEXT(c, link))
		if (c->uid == uid && c->type == type)
			return c;
	return NULL;
}
