/* SPDX-License-Identifier: ISC */
#include "script/verdict.h"

#include "base/ascii.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "ipc/msg.h"
#include "maildir/filename.h"
#include "script/pieced.h"
#include "script/range.h"

enum {
	MAILBOX_BYTES = 1000,
	FLAGS_BYTES = 4096,
	SECONDS_MAX = 0x7fffffff,
};

/* ---- flags ---- */

/* clang-format off */
static const struct {
	const char *name;
	unsigned flag;
} system_flags[] = {
	{ "\\Answered", MSG_ANSWERED },
	{ "\\Flagged",  MSG_FLAGGED },
	{ "\\Deleted",  MSG_DELETED },
	{ "\\Seen",     MSG_SEEN },
	{ "\\Draft",    MSG_DRAFT },
};
/* clang-format on */

/* atom (RFC 9051 9), in ASCII. */
static bool
is_keyword(struct slice word)
{
	for (size_t i = 0; i < word.n; i++)
		if ((unsigned char)word.p[i] <= ' ' ||
		    (unsigned char)word.p[i] >= 0x7f ||
		    memchr("(){%*\"\\]", word.p[i], 8) != NULL)
			return false;
	return word.n > 0 && word.n <= 100;
}

/* A flag that there cannot be is left out (RFC 5232 2). */
static void
take_flags(struct verdict_action *a, struct arena *arena, struct slice flags)
{
	struct buf keywords = { .max = FLAGS_BYTES };

	while (flags.n > 0) {
		const struct slice word = slice_cut(flags, ' ', &flags);
		unsigned flag = 0;

		for (size_t i = 0; i < ARRAY_LEN(system_flags); i++)
			if (slice_iis(word, system_flags[i].name))
				flag = system_flags[i].flag;
		a->flags |= flag;
		if (flag == 0 && is_keyword(word))
			buf_addf(&keywords, "%s%.*s", keywords.n > 0 ? " " : "",
			    SLICE_FMT(word));
	}
	a->keywords = arena_slice(arena, buf_slice(&keywords));
	buf_fini(&keywords);
}

/* ---- an action ---- */

static bool
is_text(struct slice s, size_t max)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < ' ' || s.p[i] == 0x7f)
			return false;
	return s.n <= max && utf8_valid(s);
}

/* RANGES are within the message, and behind each other in the body. */
static bool
are_ranges(const struct verdict_bytes *b, int64_t size)
{
	size_t at = 0;

	for (size_t i = 0; i < b->nranges; i++) {
		const struct script_range *r = &b->ranges[i];

		if (r->from < 0 || r->size <= 0 || r->from > size ||
		    r->size > size - r->from || r->at < at || r->at > b->body.n)
			return false;
		at = r->at;
	}
	return true;
}

static bool
is_valid(const struct msg_sieve_action *in, const struct verdict_bytes *b,
    int64_t size)
{
	if (in->kind > SIEVE_NOTIFY || in->kind == SIEVE_DISCARD ||
	    in->to.n > SIEVE_RCPTS_BYTES || in->handle.n > SIEVE_TEXT_BYTES ||
	    in->text.n > SIEVE_TEXT_BYTES || in->flags.n > FLAGS_BYTES ||
	    in->seconds > SECONDS_MAX)
		return false;
	if (in->body_from < -1 || in->body_from > size ||
	    (in->body_from != -1 && b->body.n + b->nranges > 0) ||
	    !are_ranges(b, size))
		return false;
	return is_text(in->mailbox, MAILBOX_BYTES) &&
	       is_text(in->mailbox_id, MAILBOX_BYTES) &&
	       is_text(in->special_use, 100) && utf8_valid(in->text);
}

/* ---- its bytes ---- */

static void
add_bytes(struct pieced_piece *list, size_t *n, struct slice bytes)
{
	if (bytes.n > 0)
		list[(*n)++] = (struct pieced_piece){ .bytes = bytes };
}

static void
add_range(struct pieced_piece *list, size_t *n, int64_t from, int64_t size)
{
	if (size > 0)
		list[(*n)++] =
		    (struct pieced_piece){ .from = from, .size = size };
}

static void
take_pieces(struct verdict_action *a, struct arena *arena,
    const struct verdict_bytes *b, int64_t size)
{
	struct pieced_piece *list =
	    arena_alloc(arena, (2 * b->nranges + 3) * sizeof *list);
	size_t n = 0, at = 0;

	add_bytes(list, &n, a->head);
	for (size_t i = 0; i < b->nranges; i++) {
		const struct script_range *r = &b->ranges[i];

		add_bytes(list, &n, slice_sub(a->body, at, r->at - at));
		add_range(list, &n, r->from, r->size);
		at = r->at;
	}
	add_bytes(list, &n, slice_from(a->body, at));
	if (a->body_from != -1)
		add_range(list, &n, a->body_from, size - a->body_from);
	a->pieces = pieced_new(arena, list, n);
}

bool
verdict_add(struct verdict *v, struct arena *arena,
    const struct msg_sieve_action *in, const struct verdict_bytes *b,
    int64_t size)
{
	struct verdict_action *a = &v->actions[v->n];

	if (v->n == ARRAY_LEN(v->actions) || !is_valid(in, b, size))
		return false;
	*a = (struct verdict_action){
		.kind = (enum sieve_action_kind)in->kind,
		.create = in->create,
		.edited = in->edited,
		.flagged = in->flagged,
		.mailbox = arena_slice(arena, in->mailbox),
		.mailbox_id = arena_slice(arena, in->mailbox_id),
		.special_use = arena_slice(arena, in->special_use),
		.text = arena_slice(arena, in->text),
		.to = arena_slice(arena, in->to),
		.handle = arena_slice(arena, in->handle),
		.seconds = in->seconds,
		.body_from = in->body_from,
	};
	if (in->edited) {
		a->head = arena_slice(arena, b->head);
		a->body = arena_slice(arena, b->body);
		take_pieces(a, arena, b, size);
	}
	if (a->kind == SIEVE_FILEINTO && a->mailbox.n == 0)
		return false;
	if (verdict_is_letter(a) &&
	    (a->to.n == 0 || !a->edited || b->nranges > 0))
		return false;
	take_flags(a, arena, in->flags);
	v->n++;
	return true;
}

size_t
verdict_count(
    const struct verdict *v, bool (*is)(const struct verdict_action *a))
{
	size_t n = 0;

	for (size_t i = 0; i < v->n; i++)
		n += is(&v->actions[i]);
	return n;
}

void
verdict_describe(const struct verdict *v, struct buf *out)
{
	for (size_t i = 0; i < v->n; i++) {
		const struct verdict_action *a = &v->actions[i];
		const struct slice to = slice_trim(a->to);

		if (i > 0)
			buf_adds(out, ", ");
		buf_adds(out, sieve_result_name(a->kind));
		if (a->mailbox.n > 0)
			buf_addf(out, " %.*s", SLICE_FMT(a->mailbox));
		for (size_t k = 0; k < to.n; k++) {
			if (k == 0)
				buf_addc(out, ' ');
			buf_addc(out, to.p[k] == '\n' ? ' ' : to.p[k]);
		}
	}
	if (v->n == 0)
		buf_adds(out, "discard");
}
