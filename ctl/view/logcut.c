/* SPDX-License-Identifier: ISC */
#include "ctl/view/logcut.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "ctl/view/logblocks.h"
#include "ctl/view/logline.h"
#include "log/keys.h"

enum { PIECE_BYTES = 1 << 20 };

struct logcut {
	const struct logquery *q;
	bool journal;
	struct logcut_reader *reader;
	uint64_t *slots; /* the keys; 0: none here */
	size_t nslots;   /* a power of two */
	unsigned source;
	const char *base; /* a byte in memory, and where it stands there */
	uint64_t base_at;
	size_t n; /* bytes of text that are of a line without its end */
	char text[PIECE_BYTES];
};

/* ---- keys ---- */

static uint64_t *
slot_of(const struct logcut *cut, uint64_t hash)
{
	size_t i = (size_t)hash & (cut->nslots - 1);

	while (cut->slots[i] != 0 && cut->slots[i] != hash)
		i = (i + 1) & (cut->nslots - 1);
	return &cut->slots[i];
}

/* A key of 0 is taken for any other of 0: it is only one more line to look at.
 */
static uint64_t
never_zero(uint64_t hash)
{
	return hash != 0 ? hash : 1;
}

static bool
has_key(const struct logcut *cut, struct slice line)
{
	struct log_keys k = log_keys_of(line);
	uint64_t hash;

	while (log_keys_next(&k, &hash))
		if (*slot_of(cut, never_zero(hash)) != 0)
			return true;
	return false;
}

struct logcut *
logcut_new(const struct logquery *q, bool journal, struct logcut_reader *reader)
{
	struct logcut *cut = xmalloc(sizeof *cut);

	cut->q = q;
	cut->journal = journal;
	cut->reader = reader;
	cut->n = 0;
	cut->nslots = 16;
	while (cut->nslots < q->nkeys * 4)
		cut->nslots *= 2;
	cut->slots = xcalloc(cut->nslots, sizeof *cut->slots);
	for (size_t i = 0; i < q->nkeys; i++)
		*slot_of(cut, never_zero(q->keys[i])) = never_zero(q->keys[i]);
	return cut;
}

void
logcut_free(struct logcut **cutp)
{
	if (*cutp != NULL)
		free((*cutp)->slots);
	xfree(cutp);
}

/* ---- lines ---- */

static void
give(const struct logcut *cut, struct slice text)
{
	struct logcut_line l = { .text = text,
		.line = text,
		.source = cut->source,
		.at = cut->base_at + (uint64_t)(text.p - cut->base) };

	if (cut->journal || logline_is_syslog(text))
		l.line = logline_without_journal(text, &l.time);
	if (cut->q->since != NULL) {
		const struct slice time = log_time_of(text);

		if (time.n > 0 &&
		    memcmp(time.p, cut->q->since, LOG_TIME_BYTES) < 0)
			return;
	}
	if (cut->q->keys == NULL || has_key(cut, l.line))
		cut->reader->on_line(cut->reader, &l);
}

/* Those that have an end; the rest. */
static struct slice
give_lines(const struct logcut *cut, struct slice text)
{
	size_t n;

	while ((n = slice_find(text, '\n')) < text.n) {
		give(cut, slice_sub(text, 0, n));
		text = slice_from(text, n + 1);
	}
	return text;
}

void
logcut_begin(struct logcut *cut, unsigned source)
{
	cut->source = source;
	cut->base_at = 0;
}

void
logcut_text(struct logcut *cut, struct slice text)
{
	struct slice rest;

	cut->base = text.p;
	rest = give_lines(cut, text);
	if (rest.n > 0)
		give(cut, rest);
}

/* N more bytes of text are there. */
static void
take(struct logcut *cut, size_t n)
{
	struct slice rest;

	cut->base = cut->text;
	cut->n += n;
	rest = give_lines(cut, slice_of(cut->text, cut->n));
	if (rest.n == sizeof cut->text) {
		give(cut, rest);
		rest.n = 0;
	}
	cut->base_at += cut->n - rest.n;
	if (rest.n > 0)
		memmove(cut->text, rest.p, rest.n);
	cut->n = rest.n;
}

/* The last line may have no end. */
static void
finish(struct logcut *cut)
{
	cut->base = cut->text;
	if (cut->n > 0)
		give(cut, slice_of(cut->text, cut->n));
	cut->base_at += cut->n;
	cut->n = 0;
}

int
logcut_file(struct logcut *cut, int fd, uint64_t from, uint64_t to)
{
	cut->base_at = from;
	while (from < to) {
		const size_t room = sizeof cut->text - cut->n;
		const ssize_t n = pread(fd, cut->text + cut->n,
		    room < to - from ? room : (size_t)(to - from), (off_t)from);

		if (n == -1 && errno != EINTR)
			return -1;
		if (n == 0)
			break; /* it was cut off */
		if (n > 0) {
			from += (uint64_t)n;
			take(cut, (size_t)n);
		}
	}
	finish(cut);
	return 0;
}

int
logcut_stream(struct logcut *cut, int fd)
{
	for (;;) {
		const ssize_t n =
		    read(fd, cut->text + cut->n, sizeof cut->text - cut->n);

		if (n == -1 && errno != EINTR)
			return -1;
		if (n == 0)
			break;
		if (n > 0)
			take(cut, (size_t)n);
	}
	finish(cut);
	return 0;
}
