/* SPDX-License-Identifier: ISC */
/* Annotations: what a client may ask for and set, and the file of them, which
 * other programs may have written. */
#include <stddef.h>
#include <stdint.h>

#include "base/must.h"
#include "imapd/conf.h"
#include "imapd/metadata/query.h"
#include "imapd/parse/parse.h"
#include "maildir/metafile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
read_query(struct slice text, struct arena *arena)
{
	struct parse p = parse_of(text, arena);
	struct metadata_query q;
	struct slice name;

	(void)query_parse_get(&p, &q, &name);
	if (!parse_end(&p)) {
		must(p.why != NULL);
		return;
	}
	must(q.n > 0 && q.n <= QUERY_ENTRIES_MAX);
	for (size_t i = 0; i < q.n; i++)
		must(query_is_root(q.entries[i]) ||
		     query_matches(q.entries[i], q.depth, q.entries[i]));
}

/* What is set is in the file, whatever it is. */
static void
read_values(struct slice text, struct arena *arena)
{
	struct query_value values[QUERY_ENTRIES_MAX];
	struct parse p = parse_of(text, arena);
	const size_t n = query_parse_values(&p, values);
	struct metafile f = { 0 }, g = { 0 };
	struct buf out;

	if (!parse_end(&p))
		return;
	for (size_t i = 0; i < n; i++)
		metafile_set(&f, values[i].entry, values[i].value);
	buf_init(&out, METAFILE_BYTES_MAX);
	metafile_format(&out, &f);
	must(metafile_parse(buf_slice(&out), &g));
	must(f.n == g.n && metafile_bytes(&f) == metafile_bytes(&g));
	for (size_t i = 0; i < f.n; i++)
		must(slice_eq(
		    metafile_find(&g, f.v[i].name)->value, f.v[i].value));
	metafile_fini(&f);
	metafile_fini(&g);
	buf_fini(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct imapd_conf conf;
	const struct slice text = slice_of(data, size);
	struct metafile f = { 0 };
	struct arena arena;

	imapd_conf = &conf;
	arena_init(&arena);
	read_query(text, &arena);
	read_values(text, &arena);
	arena_fini(&arena);
	if (metafile_parse(text, &f))
		must(f.n <= METAFILE_ENTRIES_MAX);
	metafile_fini(&f);
	return 0;
}
