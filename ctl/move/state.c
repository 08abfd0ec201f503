/* SPDX-License-Identifier: ISC */
#include "ctl/move/state.h"

#include "base/ascii.h"
#include "base/buf.h"
#include "base/cur.h"
#include "base/hex.h"
#include "base/mem.h"
#include "maildir/textfile.h"
#include "sys/durable_file.h"

#define STATE_FILE "pabal-import"

enum { STATE_MAX = 16 << 20, NAME_MAX_BYTES = 8 << 10 };

static void
put_name(struct buf *out, struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (ascii_isprint(s.p[i]) && s.p[i] != '%' && s.p[i] != ' ')
			buf_addc(out, s.p[i]);
		else
			buf_addf(
			    out, "%%%02X", (unsigned)(unsigned char)s.p[i]);
}

static bool
get_name(struct buf *out, struct slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		int high, low;

		if (s.p[i] != '%') {
			buf_addc(out, s.p[i]);
			continue;
		}
		if (i + 2 >= s.n)
			return false;
		high = hex_digit_upper(s.p[i + 1]);
		low = hex_digit_upper(s.p[i + 2]);
		if (high == -1 || low == -1)
			return false;
		buf_addc(out, (char)(high << 4 | low));
		i += 2;
	}
	return !out->failed && out->n > 0;
}

static void
init(struct move_state *s, int dirfd)
{
	*s = (struct move_state){ .dirfd = dirfd };
	arena_init(&s->arena);
	s->last = &s->first;
}

void
move_state_fini(struct move_state *s)
{
	for (struct move_record *r = s->first; r != NULL; r = r->after)
		xfree(&r->missing);
	arena_fini(&s->arena);
	s->first = NULL;
}

struct move_record *
move_state_find(
    const struct move_state *s, struct slice source, struct slice name)
{
	for (struct move_record *r = s->first; r != NULL; r = r->after)
		if (slice_eq(r->source, source) && slice_eq(r->name, name))
			return r;
	return NULL;
}

struct move_record *
move_state_add(struct move_state *s, struct slice source, struct slice name)
{
	struct move_record *r = arena_new(&s->arena, struct move_record);

	r->source = arena_slice(&s->arena, source);
	r->name = arena_slice(&s->arena, name);
	r->next = 1;
	*s->last = r;
	s->last = &r->after;
	return r;
}

bool
move_state_miss(struct move_record *r, uint32_t uid)
{
	for (size_t i = 0; i < r->nmissing; i++)
		if (r->missing[i] == uid)
			return true;
	if (r->nmissing == MOVE_MISSING_MAX)
		return false;
	r->missing =
	    xreallocarray(r->missing, r->nmissing + 1, sizeof *r->missing);
	r->missing[r->nmissing++] = uid;
	return true;
}

/* ---- the file ---- */

static bool
parse_folder(struct move_state *s, struct cur *c, struct slice source,
    struct move_record **out)
{
	struct buf name = { .max = NAME_MAX_BYTES };
	struct move_record r = { .next = 0 };
	bool ok;

	r.uidvalidity = (uint32_t)cur_u64(c, UINT32_MAX);
	cur_lit(c, " ");
	r.next = (uint32_t)cur_u64(c, UINT32_MAX);
	cur_lit(c, " ");
	r.modseq = cur_u64(c, INT64_MAX);
	cur_lit(c, " ");
	r.kept = cur_u64(c, 1) == 1;
	cur_lit(c, " ");
	ok = cur_ok(c) && r.next != 0 && source.n > 0 &&
	     get_name(&name, cur_rest(c));
	if (ok) {
		*out = move_state_add(s, source, buf_slice(&name));
		(*out)->uidvalidity = r.uidvalidity;
		(*out)->next = r.next;
		(*out)->modseq = r.modseq;
		(*out)->kept = r.kept;
	}
	buf_fini(&name);
	return ok;
}

static bool
parse_missing(struct cur *c, struct move_record *r)
{
	while (r != NULL && cur_left(c) > 0) {
		const uint32_t uid = (uint32_t)cur_u64(c, UINT32_MAX);

		if (!cur_ok(c) || !move_state_miss(r, uid))
			return false;
		(void)cur_try_byte(c, ' ');
	}
	return cur_end(c);
}

static bool
parse_line(struct move_state *s, struct slice line, struct slice *source,
    struct move_record **r)
{
	struct cur c = cur_of(line);
	struct buf name = { .max = NAME_MAX_BYTES };
	bool ok;

	if (cur_try(&c, "folder "))
		return parse_folder(s, &c, *source, r);
	if (cur_try(&c, "missing "))
		return parse_missing(&c, *r);
	cur_lit(&c, "source ");
	ok = cur_ok(&c) && get_name(&name, cur_rest(&c));
	if (ok)
		*source = arena_slice(&s->arena, buf_slice(&name));
	buf_fini(&name);
	return ok;
}

int
move_state_parse(struct move_state *s, struct slice text, struct err *err)
{
	struct slice source = { NULL, 0 };
	struct move_record *r = NULL;
	bool ok;

	init(s, -1);
	ok = slice_is(slice_cut(text, '\n', &text), "pabal-import 1");
	while (ok && text.n > 0)
		ok = parse_line(s, slice_cut(text, '\n', &text), &source, &r);
	return ok ? 0
		  : err_set(err, ERR_PERM,
			"the file " STATE_FILE " is not in its form");
}

int
move_state_load(struct move_state *s, int dirfd, struct err *err)
{
	struct buf text = { .max = STATE_MAX };
	const enum found f = textfile_load(dirfd, STATE_FILE, &text, err);
	int rc = f == TEMPFAIL ? -1 : 0;

	init(s, dirfd);
	if (f == FOUND)
		rc = move_state_parse(s, buf_slice(&text), err);
	s->dirfd = dirfd;
	buf_fini(&text);
	return rc;
}

int
move_state_save(const struct move_state *s, struct err *err)
{
	struct buf text = { .max = STATE_MAX };
	struct slice source = { NULL, 0 };
	int rc;

	buf_adds(&text, "pabal-import 1\n");
	for (const struct move_record *r = s->first; r != NULL; r = r->after) {
		if (!slice_eq(source, r->source)) {
			buf_adds(&text, "source ");
			put_name(&text, r->source);
			buf_addc(&text, '\n');
			source = r->source;
		}
		buf_addf(&text, "folder %u %u %llu %d ", r->uidvalidity,
		    r->next, (unsigned long long)r->modseq, r->kept);
		put_name(&text, r->name);
		if (r->nmissing > 0)
			buf_adds(&text, "\nmissing");
		for (size_t i = 0; i < r->nmissing; i++)
			buf_addf(&text, " %u", r->missing[i]);
		buf_addc(&text, '\n');
	}
	rc = text.failed ? err_set(err, ERR_PERM, STATE_FILE " is too large")
			 : durable_replace(s->dirfd, STATE_FILE,
			       buf_slice(&text), 0600, err);
	buf_fini(&text);
	return rc;
}
