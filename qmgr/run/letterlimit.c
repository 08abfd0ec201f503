/* SPDX-License-Identifier: ISC */
#include "qmgr/run/letterlimit.h"

#include <stdlib.h>

#include "base/map.h"
#include "base/mem.h"

enum { ACCOUNTS_MAX = 100000 /* then those that are paid for are forgotten */ };

/* Until when what it sent is paid for. */
struct account_sent {
	int64_t paid_us;
};

static struct map accounts;

static void
drop_paid(int64_t now_us)
{
	struct map_iter it = { 0 };

	while (map_next(&accounts, &it)) {
		const struct account_sent *s = it.value;

		if (s->paid_us <= now_us)
			free(map_del(&accounts, it.key));
	}
}

static struct account_sent *
find(struct slice account, int64_t now_us)
{
	struct account_sent *s = map_find(&accounts, account);

	if (s != NULL)
		return s;
	if (accounts.count >= ACCOUNTS_MAX && accounts.count % 1000 == 0)
		drop_paid(now_us);
	s = xcalloc(1, sizeof *s);
	map_put(&accounts, account, s);
	return s;
}

size_t
letterlimit_count(struct slice to)
{
	size_t n = 0;

	for (; to.n > 0; n++)
		(void)slice_cut(to, '\n', &to);
	return n;
}

bool
letterlimit_take(struct slice account, size_t n, uint64_t count,
    int64_t time_ms, int64_t now_ms)
{
	const int64_t now_us = now_ms * 1000, time_us = time_ms * 1000;
	struct account_sent *s;
	int64_t paid_us;

	if (count == 0)
		return true;
	s = find(account, now_us);
	paid_us = s->paid_us > now_us ? s->paid_us : now_us;
	paid_us += (int64_t)n * (time_us / (int64_t)count);
	if (paid_us > now_us + time_us)
		return false;
	s->paid_us = paid_us;
	return true;
}
