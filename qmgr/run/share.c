/* SPDX-License-Identifier: ISC */
/* When one has filled the memory, another's message need not wait on disk
 * behind all of his. */
#include "qmgr/run/share.h"

#include <stdint.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/must.h"
#include "qmgr/conf.h"
#include "queue/envelope.h"

enum { KEY_MAX = 1024, RESERVE = 10, SMALL = 100 };

struct share {
	size_t n;
};

static struct map shares; /* all zero is empty */

/* Until the next call. */
static struct slice
key_of(const struct envelope *env)
{
	static struct buf key = { .max = KEY_MAX };
	const bool login = env->login.n > 0;

	buf_reset(&key);
	buf_addc(&key, login ? 'l' : 's');
	buf_add(
	    &key, slice_sub(login ? env->login : env->sender, 0, KEY_MAX - 1));
	return buf_slice(&key);
}

void
share_add(const struct envelope *env)
{
	struct share *s = map_find(&shares, key_of(env));

	if (s == NULL) {
		s = xcalloc(1, sizeof *s);
		map_put(&shares, key_of(env), s);
	}
	s->n++;
}

void
share_del(const struct envelope *env)
{
	struct share *s = map_find(&shares, key_of(env));

	must(s != NULL && s->n > 0);
	if (--s->n > 0)
		return;
	map_del(&shares, key_of(env));
	free(s);
}

bool
share_has_room(const struct envelope *env, size_t active)
{
	const size_t limit = qmgr_conf->active_limit;
	const struct share *s = map_find(&shares, key_of(env));

	return active < limit + limit / RESERVE &&
	       (s == NULL || s->n < limit / SMALL);
}
