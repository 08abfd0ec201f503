/* SPDX-License-Identifier: ISC */
#include "maildir/foreign.h"

#include <stddef.h>

#include "base/ascii.h"
#include "base/cur.h"
#include "maildir/name.h"
#include "proto/mutf7.h"

static struct slice
next_line(struct slice *rest)
{
	struct slice line = slice_cut(*rest, '\n', rest);

	if (slice_ends(line, SLICE("\r")))
		line.n--;
	return line;
}

static bool
is_hex(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!ascii_isdigit(s.p[i]) && (s.p[i] < 'a' || s.p[i] > 'f'))
			return false;
	return s.n > 0;
}

/* "3 V<uidvalidity> N<uidnext> G<guid> ..." */
static bool
parse_v3(struct slice line, struct uidlist *u)
{
	while (line.n > 0) {
		const struct slice word = slice_cut(line, ' ', &line);
		const struct slice value = slice_from(word, 1);
		struct cur c = cur_of(value);

		if (word.n < 2)
			continue;
		if (word.p[0] == 'V')
			u->uidvalidity = (uint32_t)cur_u64(&c, UINT32_MAX);
		else if (word.p[0] == 'N')
			u->uidnext = (uint32_t)cur_u64(&c, UINT32_MAX);
		else if (word.p[0] == 'G' && value.n == 32 && is_hex(value))
			u->guid = value;
	}
	u->v3 = true;
	return u->uidvalidity != 0;
}

bool
foreign_uidlist(struct slice text, struct uidlist *u)
{
	struct slice line;
	struct cur c;

	*u = (struct uidlist){ .rest = text };
	line = next_line(&u->rest);
	if (slice_starts(line, SLICE("3 ")))
		return parse_v3(slice_from(line, 2), u);
	c = cur_of(line);
	cur_lit(&c, "1 ");
	u->uidvalidity = (uint32_t)cur_u64(&c, UINT32_MAX);
	cur_lit(&c, " ");
	u->uidnext = (uint32_t)cur_u64(&c, UINT32_MAX);
	return cur_end(&c) && u->uidvalidity != 0;
}

bool
foreign_uidlist_next(struct uidlist *u, uint32_t *uid, struct slice *stem)
{
	while (u->rest.n > 0) {
		struct cur c = cur_of(next_line(&u->rest));
		struct slice name;

		*uid = (uint32_t)cur_u64(&c, UINT32_MAX);
		cur_lit(&c, " ");
		/* v3 has fields like "W123 " up to the colon. */
		if (u->v3)
			cur_until(&c, ':');
		name = cur_rest(&c);
		*stem = slice_cut(name, ':', &name);
		if (cur_ok(&c) && *uid != 0 && stem->n > 0)
			return true;
	}
	return false;
}

bool
foreign_courier_keyword_next(struct slice *rest, struct slice *name)
{
	*name = next_line(rest);
	return name->n > 0;
}

bool
foreign_courier_message_next(
    struct slice *rest, struct slice *stem, uint64_t *mask)
{
	while (rest->n > 0) {
		const struct slice line = next_line(rest);
		struct slice words;

		*stem = slice_cut(line, ':', &words);
		*mask = 0;
		while (words.n > 0) {
			struct cur c = cur_of(slice_cut(words, ' ', &words));
			const uint64_t bit = cur_u64(&c, 63);

			if (cur_end(&c))
				*mask |= UINT64_C(1) << bit;
		}
		if (stem->n > 0)
			return true;
	}
	return false;
}

/* Dovecot's escapes: \1 and one of "01tnr" for \1's own byte. */
static void
add_unescaped(struct buf *out, struct slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] != '\001' || i + 1 == s.n) {
			buf_addc(out, s.p[i]);
			continue;
		}
		switch (s.p[++i]) {
		case '1':
			buf_addc(out, '\001');
			break;
		case 't':
			buf_addc(out, '\t');
			break;
		case 'n':
			buf_addc(out, '\n');
			break;
		case 'r':
			buf_addc(out, '\r');
			break;
		default:
			break;
		}
	}
}

/* Levels between SEP, each in modified UTF-7, into a name. */
static bool
add_levels(struct buf *name, struct slice line, char sep)
{
	struct buf dir;
	bool ok;

	buf_init(&dir, NAME_LIMIT * 4);
	while (line.n > 0) {
		const struct slice level = slice_cut(line, sep, &line);

		buf_addc(&dir, '.');
		add_unescaped(&dir, level);
	}
	buf_reset(name);
	ok = !dir.failed;
	if (ok && slice_iis(buf_slice(&dir), ".INBOX"))
		buf_adds(name, "INBOX");
	else if (ok)
		ok = name_from_dir(name, buf_slice(&dir));
	buf_fini(&dir);
	return ok && !name->failed;
}

bool
foreign_subscription_next(struct slice *rest, int *version, struct buf *name)
{
	if (*version == 0) {
		*version = slice_starts(*rest, SLICE("V\t2\n")) ? 2 : 1;
		if (*version == 2)
			next_line(rest);
	}
	while (rest->n > 0) {
		const struct slice line = next_line(rest);
		const bool slash = slice_find(line, '/') < line.n;
		const char sep = *version == 2 ? '\t' : slash ? '/' : '.';

		if (line.n > 0 && add_levels(name, line, sep))
			return true;
	}
	return false;
}

bool
foreign_subscription_put(struct buf *out, int version, struct slice name)
{
	while (name.n > 0) {
		const struct slice level = slice_cut(name, '/', &name);

		if (!mutf7_encode(out, level, "./"))
			return false;
		if (name.n > 0)
			buf_addc(out, version == 2 ? '\t' : '.');
	}
	buf_addc(out, '\n');
	return !out->failed;
}

bool
foreign_courier_subscription_next(struct slice *rest, struct buf *name)
{
	while (rest->n > 0) {
		struct slice line = next_line(rest);

		if (slice_istarts(line, SLICE("INBOX.")))
			line = slice_from(line, 6);
		if (line.n > 0 && add_levels(name, line, '.'))
			return true;
	}
	return false;
}
