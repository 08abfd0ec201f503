/* SPDX-License-Identifier: ISC */
/* A law: of every string and every document, the index says that it may be
 * there whenever it is; and where it says that it is exact, only then.  And of
 * a word, that it comes near whenever the text does.
 */
#include "fulltext/query.h"

#include "tests/unit.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "fulltext/fulltext.h"
#include "fulltext/fuzzy.h"
#include "fulltext/near.h"
#include "fulltext/terms.h"
#include "mime/fold.h"
#include "tests/memory.h"

enum { DOCS = 300, UNITS = 4, NEEDLES = 1500, TEXT_MAX = 20000 };

struct doc {
	struct buf text[UNITS]; /* folded; the first is the header's */
};

static char dir[32];
static int dirfd = -1;

static const char *const words[] = { "alpha", "Bravo", "Rechnung", "invoice",
	"x", "7", "2026", "GRÜSSE", "Straße", "café", "Ωμέγα", "Привет", "안녕",
	"안녕하세요", "회의", "보고서", "한", "글", "日本語", "東京", "会議",
	"カタカナ", "がぎぐ", "สวัสดี", "a1b2c3d4e5", "20261130221500",
	"dGhpcyBpcyBub3QgdGV4dCBidXQgYmFzZTY0IG9mIHNvbWUgcGFydCBvciBvdGhlcg",
	"ab", "abab", "ababab", "ㅋㅋㅋㅋ", "ㅋㅋ", "don't", "e-mail",
	"a@b.example", "x_y", "İstanbul", "é", "e", "ﬁne", "１２３" };
static const char *const gaps[] = { " ", "  ", "\n", "", "", ".", ", ", "-",
	"/", "\"", "(", "“", "…", "、", "。", "=", "🎉", "\xff" };

static void
make_text(struct buf *out, size_t nwords)
{
	struct buf raw;

	buf_init(&raw, TEXT_MAX);
	for (size_t i = 0; i < nwords; i++) {
		buf_adds(&raw, words[(size_t)random() % ARRAY_LEN(words)]);
		buf_adds(&raw, gaps[(size_t)random() % ARRAY_LEN(gaps)]);
		/* what nothing else has */
		if (random() % 15 == 0)
			buf_addf(&raw, "%lx ", random() % 4096);
	}
	fold_text(buf_slice(&raw), out);
	buf_fini(&raw);
}

static bool
is_amid(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

/* A piece of TEXT from one character to another, or one that is altered. */
static void
make_needle(struct slice text, struct buf *out)
{
	size_t from = text.n > 0 ? (size_t)random() % text.n : 0;
	size_t n = 1 + (size_t)random() % (random() % 3 == 0 ? 60 : 12);

	while (from < text.n && is_amid(text.p[from]))
		from++;
	while (from + n < text.n && is_amid(text.p[from + n]))
		n++;
	buf_reset(out);
	buf_add(out, slice_sub(text, from, n));
	if (random() % 4 == 0)
		buf_adds(out, random() % 2 == 0 ? "q" : "글");
	if (out->n == 0)
		buf_addc(out, 'a');
}

static bool
has(const struct doc *d, struct slice needle, unsigned scope)
{
	for (size_t i = 0; i < UNITS; i++) {
		const struct slice text = buf_slice(&d->text[i]);

		if ((scope & (i == 0 ? QUERY_HEADER : QUERY_BODY)) != 0 &&
		    slice_search(text, needle) < text.n)
			return true;
	}
	return false;
}

/* In pieces, cut between characters. */
static void
feed(struct terms *t, enum terms_where where, struct slice text)
{
	while (text.n > 0) {
		size_t n = 1 + (size_t)random() % 40;

		while (n < text.n && is_amid(text.p[n]))
			n++;
		terms_feed(t, where, slice_sub(text, 0, n));
		text = slice_from(text, n);
	}
	terms_end(t);
}

static void
add_doc(struct fulltext *f, struct terms *t, struct doc *d, uint64_t number)
{
	size_t from = 0;
	bool more = true;
	struct err err;
	uint64_t doc;

	terms_reset(t);
	for (size_t i = 0; i < UNITS; i++) {
		buf_init(&d->text[i], 8 * TEXT_MAX);
		make_text(&d->text[i], (size_t)random() % 30);
		feed(t, i == 0 ? TERMS_HEADER : TERMS_BODY,
		    buf_slice(&d->text[i]));
	}
	while (more)
		assert_int_equal(fulltext_know(f, t, &from, &more, &err), 0);
	if (fulltext_add(f, number, 7, t, &doc, &err) == -1)
		fail_msg("%s", err.text);
	assert_int_equal(doc, number);
}

static struct fulltext *
open_index(bool make)
{
	struct fulltext *f = NULL;
	struct err err = { 0 };
	bool damaged;

	if (fulltext_open(dirfd, make, &f, &damaged, &err) != FOUND)
		fail_msg("%s", err.text);
	return f;
}

static unsigned
near_doc(const struct doc *d, struct slice needle, unsigned scope)
{
	unsigned best = 0;

	for (size_t i = 0; i < UNITS; i++) {
		const unsigned near = near_text(needle, buf_slice(&d->text[i]));

		if ((scope & (i == 0 ? QUERY_HEADER : QUERY_BODY)) != 0 &&
		    near > best)
			best = near;
	}
	return best;
}

/* One word, or what has no spaces, perhaps altered. */
static bool
make_word(struct buf *out)
{
	struct slice text, rest;
	struct terms_run run = { 0 };
	struct buf raw;

	buf_init(&raw, 200);
	buf_adds(&raw, words[(size_t)random() % ARRAY_LEN(words)]);
	if (random() % 2 == 0)
		raw.p[(size_t)random() % raw.n] = 'q';
	buf_reset(out);
	fold_text(buf_slice(&raw), out);
	buf_fini(&raw);
	text = rest = buf_slice(out);
	return utf8_len(text) > 0 && terms_next_run(text, &rest, &run) &&
	       run.text.n == text.n && (run.pair || !terms_is_rest(run.text));
}

static void
check_near(struct fulltext *f, const struct doc *docs)
{
	unsigned found = 0;
	struct buf needle;
	struct err err;

	buf_init(&needle, 1000);
	for (unsigned i = 0; i < NEEDLES; i++) {
		const unsigned scope = 1 + (unsigned)random() % 3;
		struct fuzzy_query *q;
		bool more = true;

		if (!make_word(&needle))
			continue;
		q = fuzzy_new(buf_slice(&needle), scope);
		assert_non_null(q);
		while (more)
			assert_int_equal(fuzzy_step(q, f, &more, &err), 0);
		for (uint64_t k = 1; k <= DOCS; k++) {
			const unsigned near =
			    near_doc(&docs[k], buf_slice(&needle), scope);
			const unsigned score = fuzzy_score(q, k);

			/* What is not in the header counts less; pairs may
			 * come from several units. */
			if ((near > 0 && score == 0) || score > 100 ||
			    score + 1 < near * 90 / 100)
				fail_msg("\"%s\" in %u of %u: %u, %u",
				    buf_cstr(&needle), scope, (unsigned)k, near,
				    score);
			found += near > 0;
		}
		fuzzy_free(&q);
	}
	print_message("%u near\n", found);
	assert_in_range(found, NEEDLES, NEEDLES * DOCS);
	buf_fini(&needle);
}

static void
test_law(void **state)
{
	struct doc *docs = xcalloc(DOCS + 1, sizeof *docs);
	struct fulltext *f = open_index(true);
	unsigned exact = 0, useful = 0, extra = 0;
	struct terms terms;
	struct buf needle;
	struct err err;

	(void)state;
	srandom(41);
	terms_init(&terms);
	buf_init(&needle, 1000);
	for (uint64_t i = 1; i <= DOCS; i++) {
		assert_int_equal(fulltext_begin(f, &err), 0);
		add_doc(f, &terms, &docs[i], i);
		if (random() % 20 == 0)
			assert_int_equal(fulltext_commit(f, &err), 0);
		if (random() % 50 == 0 && !fulltext_is_writing(f)) {
			fulltext_close(&f);
			f = open_index(false);
		}
	}
	assert_int_equal(fulltext_commit(f, &err), 0);
	for (unsigned i = 0; i < NEEDLES; i++) {
		const struct doc *of = &docs[1 + random() % DOCS];
		const unsigned scope = 1 + (unsigned)random() % 3;
		struct term_query *q;
		bool more = true;

		make_needle(buf_slice(&of->text[random() % UNITS]), &needle);
		q = query_new(buf_slice(&needle), scope);
		if (q == NULL)
			continue;
		while (more)
			assert_int_equal(query_step(q, f, &more, &err), 0);
		if (!query_is_useful(q)) {
			query_free(&q);
			continue;
		}
		useful++;
		exact += query_is_exact(q);
		for (uint64_t k = 1; k <= DOCS; k++) {
			const bool is =
			    has(&docs[k], buf_slice(&needle), scope);
			const bool may = query_has(q, k);

			if (is != may && (is || query_is_exact(q)))
				fail_msg("\"%.*s\" in %u of %u: %d, %d",
				    SLICE_FMT(buf_slice(&needle)), scope,
				    (unsigned)k, is, may);
			extra += may && !is;
		}
		query_free(&q);
	}
	print_message(
	    "%u of use, %u exact, %u read in vain\n", useful, exact, extra);
	assert_in_range(useful, NEEDLES * 9 / 10, NEEDLES);
	assert_in_range(exact, NEEDLES / 4, NEEDLES);
	check_near(f, docs);
	terms_fini(&terms);
	buf_fini(&needle);
	for (size_t i = 1; i <= DOCS; i++)
		for (size_t k = 0; k < UNITS; k++)
			buf_fini(&docs[i].text[k]);
	xfree(&docs);
	fulltext_close(&f);
}

static int
set_up(void **state)
{
	(void)state;
	snprintf(dir, sizeof dir, "%s/pabal-fulltext-XXXXXX", memory_top());
	assert_non_null(mkdtemp(dir));
	dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return dirfd == -1 ? -1 : 0;
}

static int
tear_down(void **state)
{
	(void)state;
	(void)unlinkat(dirfd, "fulltext.db", 0);
	(void)unlinkat(dirfd, "fulltext.db-journal", 0);
	close(dirfd);
	return rmdir(dir);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_law),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
