/* SPDX-License-Identifier: ISC */
#include "fulltext/tokens.h"

#include <string.h>

#include <sqlite3.h>

/* There is nothing to be kept of a tokenizer, which may not be NULL. */
static char nothing;

static int
create(void *ctx, const char **args, int n, Fts5Tokenizer **out)
{
	(void)ctx;
	(void)args;
	(void)n;
	*out = (Fts5Tokenizer *)(void *)&nothing;
	return SQLITE_OK;
}

static void
destroy(Fts5Tokenizer *t)
{
	(void)t;
}

static int
split(Fts5Tokenizer *t, void *ctx, int flags, const char *text, int n,
    int (*token)(void *, int, const char *, int, int, int))
{
	const char *at = text, *const end = text + n;

	(void)t;
	(void)flags;
	while (at < end) {
		const char *stop = memchr(at, '\n', (size_t)(end - at));
		int rc = SQLITE_OK;

		if (stop == NULL)
			stop = end;
		if (stop > at)
			rc = token(ctx, 0, at, (int)(stop - at),
			    (int)(at - text), (int)(stop - text));
		if (rc != SQLITE_OK)
			return rc;
		at = stop + 1;
	}
	return SQLITE_OK;
}

static fts5_api *
find_api(sqlite3 *sq)
{
	fts5_api *api = NULL;
	sqlite3_stmt *st = NULL;

	if (sqlite3_prepare_v2(sq, "SELECT fts5(?1)", -1, &st, NULL) ==
	    SQLITE_OK) {
		(void)sqlite3_bind_pointer(st, 1, &api, "fts5_api_ptr", NULL);
		(void)sqlite3_step(st);
	}
	(void)sqlite3_finalize(st);
	return api;
}

int
tokens_register(struct sqlite3 *sq)
{
	static fts5_tokenizer tokenizer = { create, destroy, split };
	fts5_api *api = find_api(sq);

	if (api == NULL)
		return SQLITE_ERROR;
	return api->xCreateTokenizer(api, TOKENS_NAME, NULL, &tokenizer, NULL);
}
