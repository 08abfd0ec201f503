/* SPDX-License-Identifier: ISC */
/* What searching reads of commands and of mail: RETURN, sources, sort programs,
 * subjects, Message-IDs, rendered envelopes; and threads of any shape. */
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/must.h"
#include "fulltext/near.h"
#include "imapd/conf.h"
#include "imapd/parse/parse.h"
#include "imapd/parse/searchkey.h"
#include "imapd/parse/sortprogram.h"
#include "imapd/search/returns.h"
#include "imapd/search/sources.h"
#include "mailsearch/basesubject.h"
#include "mailsearch/envparts.h"
#include "mailsearch/msgid.h"
#include "mailsearch/threads.h"
#include "store/message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { TEXT_MAX = 1 << 20, MEMORY = 1 << 16 };

static void
read_command(struct slice text)
{
	struct arena arena;
	struct sort_program by;
	struct search_returns r;
	struct parse p;

	arena_init(&arena);
	p = parse_of(text, &arena);
	(void)sources_parse(&p);
	r = returns_parse(&p);
	if (parse_ok(&p) && (r.options & RETURN_PARTIAL) != 0)
		for (size_t all = 0; all < 20; all++) {
			size_t n = all;
			const size_t from = partial_of(&r.partial, &n);

			must(from <= all && n <= all - from);
		}
	by = sortprogram_parse(&p);
	must(by.n <= SORTKEY_CRITERIA_MAX);
	parse_space(&p);
	(void)searchkey_parse_charset(&p);
	if (!parse_end(&p))
		must(p.why != NULL);
	arena_fini(&arena);
}

static void
read_subject(struct slice text)
{
	struct buf b;
	struct slice base;
	bool reply;

	buf_init(&b, TEXT_MAX);
	base = basesubject_of(text, text, &b, &reply);
	must(base.n <= BASESUBJECT_MAX);
	must(base.n == 0 || (base.p[0] != ' ' && base.p[base.n - 1] != ' '));
	buf_fini(&b);
}

/* Behind a string and a NUL, what may come near it. */
static void
come_near(struct slice text)
{
	const size_t n = slice_find(text, 0);
	const struct slice needle = slice_sub(text, 0, n);

	must(near_text(needle, slice_from(text, n)) <= NEAR_SAME);
	must(near_word(needle, needle) == NEAR_SAME);
	must(near_word(needle, slice_from(text, n)) <= NEAR_SAME);
}

static void
read_ids(struct slice text)
{
	struct buf id;

	buf_init(&id, TEXT_MAX);
	while (msgid_next(&text, &id))
		must(id.n >= 3 && id.n <= MSGID_MAX);
	must(text.n == 0);
	buf_fini(&id);
}

static void
read_envelope(struct slice text)
{
	static const struct message_info info = { .uid = 1 };
	const struct sort_program by = {
		.of = { { SORT_BY_SUBJECT, true }, { SORT_BY_FROM, false },
		    { SORT_BY_DISPLAYTO, false }, { SORT_BY_DISPLAYFROM, true },
		    { SORT_BY_CC, false }, { SORT_BY_DATE, false } },
		.n = 6
	};
	struct buf key;

	buf_init(&key, SORTKEY_MAX);
	sortkey_put(&key, &by, &info, text, text, 1);
	must(!key.failed && key.n >= 8 + 5);
	buf_fini(&key);
}

/* Two bytes a message: its id and date; one a reference, up to a zero. */
static void
make_threads(struct slice text, enum thread_algorithm algorithm)
{
	struct threads t;
	struct buf out;
	uint32_t n = 0;
	uint32_t told = 0;

	threads_init(&t, algorithm, MEMORY);
	for (size_t i = 0; i + 1 < text.n; i++) {
		uint64_t references[16];
		struct thread_message m = { .number = ++n,
			.id = (unsigned char)text.p[i] % 32,
			.date_s = text.p[i + 1],
			.subject = (unsigned char)text.p[i + 1] % 8,
			.reply = (text.p[i] & 64) != 0,
			.references = references };

		for (i += 2; i < text.n && text.p[i] != 0 && m.nreferences < 16;
		     i++)
			references[m.nreferences++] =
			    (unsigned char)text.p[i] % 40 + 1;
		threads_add(&t, &m);
	}
	while (threads_step(&t))
		;
	buf_init(&out, 64 * (size_t)n + 64);
	while (threads_put(&t, &out))
		;
	must(!out.failed);
	for (size_t i = 0; i < out.n; i++)
		told += out.p[i] >= '0' && out.p[i] <= '9' &&
			(i == 0 || out.p[i - 1] < '0' || out.p[i - 1] > '9');
	must(told == n); /* each message once */
	buf_fini(&out);
	threads_fini(&t);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct imapd_conf conf;
	const struct slice text = slice_from(slice_of(data, size), 1);

	if (size == 0)
		return 0;
	imapd_conf = &conf;
	switch (data[0] % 7) {
	case 0:
		read_command(text);
		break;
	case 1:
		read_subject(text);
		come_near(text);
		break;
	case 2:
		read_ids(text);
		break;
	case 3:
		read_envelope(text);
		break;
	default:
		make_threads(text, (enum thread_algorithm)(data[0] % 7 - 4));
		break;
	}
	return 0;
}
