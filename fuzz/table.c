/* SPDX-License-Identifier: ISC */
/* A text of any bytes: the reader ends, stays inside, and whatever an entry's
 * check lets through can be used. */
#include <stddef.h>
#include <stdint.h>

#include "base/must.h"
#include "table/access.h"
#include "table/account.h"
#include "table/alias.h"
#include "table/limit.h"
#include "table/reader.h"
#include "table/transport.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
try_account(struct slice key, struct slice value)
{
	struct account_entry a, b;
	struct buf out;

	if (account_check(key, value, NULL) == -1)
		return;
	must(account_parse(key, value, &a, NULL) == 0);
	must(a.home_len > 0 && a.home[0] != '/' && a.uid != 0);
	buf_init(&out, 4096);
	account_format(&a, &out);
	must(account_parse(key, buf_slice(&out), &b, NULL) == 0);
	must(a.uid == b.uid && a.gid == b.gid && a.flags == b.flags);
	must(a.quota_bytes == b.quota_bytes);
	must(slice_is(slice_of(a.home, a.home_len), b.home));
	buf_fini(&out);
}

/* What is let through is found again, and its text can stand in a reply. */
static void
try_access(struct slice key, struct slice value)
{
	struct buf walked = { .max = ACCESS_KEY_MAX };
	struct access_walk w;
	enum access_fact fact;
	struct access_entry e;
	struct slice of;
	unsigned n = 0;

	if (access_fact_of(slice_cut(key, '=', &of), &fact)) {
		access_walk_init(&w, fact, of);
		while (access_walk_next(&w, &walked))
			must(++n <= 1000);
	}
	buf_fini(&walked);
	if (access_check(key, value, NULL) == -1)
		return;
	must(access_parse(value, &e, NULL) == 0);
	for (size_t i = 0; i < e.text.n; i++)
		must(e.text.p[i] >= ' ' && e.text.p[i] < 0x7f);
}

/* What binds can be counted with. */
static void
try_limit(struct slice value)
{
	struct limit l;

	if (limit_parse(value, &l, NULL) == -1)
		return;
	must(l.rate == 0 || l.rate_ms >= 1000);
	must(l.interval_ms >= 0 && l.nretry <= LIMIT_RETRY_MAX);
	for (size_t i = 0; i < l.nretry; i++)
		must(l.retry_ms[i] >= 1000);
}

static void
try_alias(struct slice list)
{
	struct arena arena;
	struct alias a;

	arena_init(&arena);
	if (alias_parse(list, &arena, &a, NULL) == 0) {
		must(a.n > 0);
		for (size_t i = 0; i < a.n; i++)
			must(a.targets[i].text.n > 0 ||
			     a.targets[i].kind == ALIAS_ADDRESS);
	}
	arena_fini(&arena);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct slice text = slice_of(data, size);
	struct table_reader r;
	enum found found;
	size_t at = 0;

	table_reader_init(&r, text);
	while ((found = table_reader_next(&r, NULL)) != ABSENT) {
		const struct slice key = buf_slice(&r.key);
		const struct slice value = buf_slice(&r.value);

		must(r.from >= at && r.to > r.from && r.to <= size);
		at = r.to;
		if (found != FOUND)
			continue;
		try_account(key, value);
		try_alias(value);
		(void)alias_check(key, value, NULL);
		(void)transport_check(key, value, NULL);
		(void)transport_check_sender(key, value, NULL);
		(void)limit_check(key, value, NULL);
		try_limit(value);
		try_access(key, value);
		(void)account_check_password(key, value, NULL);
	}
	table_reader_fini(&r);
	try_alias(text);
	try_limit(text);
	return 0;
}
