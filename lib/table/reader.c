/* SPDX-License-Identifier: ISC */
#include "table/reader.h"

#include "base/ascii.h"
#include "proto/domain.h"
#include "table/key.h"

void
table_reader_init(struct table_reader *r, struct slice text)
{
	*r = (struct table_reader){ .text = text };
	buf_init(&r->key, TABLE_KEY_MAX);
	buf_init(&r->value, TABLE_VALUE_MAX);
}

void
table_reader_fini(struct table_reader *r)
{
	buf_fini(&r->key);
	buf_fini(&r->value);
}

static bool
is_control(char c)
{
	return (unsigned char)c < 0x20 || c == 0x7f;
}

/* A name without a domain and without a dot is a local part; what is no domain
 * for IDNA stays as it is. */
static bool
fold_domain(struct slice key, char *space, struct slice *folded)
{
	struct buf out = { .max = TABLE_KEY_MAX };
	bool ok = false;

	if (slice_find(key, '@') < key.n)
		ok = domain_address_to_ascii(key, &out);
	else if (slice_find(key, '.') < key.n)
		ok = domain_to_ascii(key, &out);
	if (ok)
		memcpy(space, out.p, out.n);
	*folded = slice_of(space, ok ? out.n : key.n);
	buf_fini(&out);
	return ok;
}

bool
table_fold(struct slice key, char *space, struct slice *folded)
{
	bool wide = false;

	if (key.n == 0 || key.n > TABLE_KEY_MAX)
		return false;
	for (size_t i = 0; i < key.n; i++) {
		if (is_control(key.p[i]))
			return false;
		wide = wide || (unsigned char)key.p[i] >= 0x80;
	}
	if (!wide || !fold_domain(key, space, folded)) {
		memcpy(space, key.p, key.n);
		*folded = slice_of(space, key.n);
	}
	for (size_t i = 0; i < folded->n; i++)
		space[i] = ascii_lower(space[i]);
	return true;
}

/* The next line without its end; false at the end of the text. */
static bool
next_line(struct table_reader *r, struct slice *line)
{
	const struct slice rest = slice_from(r->text, r->at);
	const size_t n = slice_find(rest, '\n');

	if (r->at >= r->text.n)
		return false;
	*line = slice_sub(rest, 0, n);
	if (line->n > 0 && line->p[line->n - 1] == '\r')
		line->n--;
	r->at += n < rest.n ? n + 1 : n;
	r->lines++;
	return true;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static size_t
key_len(struct slice s)
{
	bool quoted = false, bracket = false;
	size_t i;

	for (i = 0; i < s.n; i++) {
		const char c = s.p[i];

		if (quoted && c == '\\' && i + 1 < s.n)
			i++;
		else if (c == '"')
			quoted = !quoted;
		else if (!quoted && (c == '[' || c == ']'))
			bracket = c == '[';
		else if (!quoted && !bracket && (is_blank(c) || c == ':'))
			break;
	}
	return i;
}

static bool
take_value(struct table_reader *r, struct slice s)
{
	s = slice_trim(s);
	if (s.n > 0 && r->value.n > 0)
		buf_addc(&r->value, ' ');
	buf_add(&r->value, s);
	for (size_t i = 0; i < s.n; i++)
		if (is_control(s.p[i]) && s.p[i] != '\t')
			return false;
	return !r->value.failed;
}

/* The lines that continue the entry. */
static bool
take_rest(struct table_reader *r)
{
	bool ok = true;

	for (;;) {
		const size_t at = r->at;
		struct slice line;

		if (!next_line(r, &line))
			return ok;
		if (line.n == 0 || !is_blank(line.p[0])) {
			r->at = at;
			r->lines--;
			return ok;
		}
		ok = take_value(r, line) && ok;
		r->to = r->at;
	}
}

static bool
take_key(struct table_reader *r, struct slice s)
{
	char space[TABLE_KEY_MAX];
	struct slice folded;

	if (!table_fold(s, space, &folded))
		return false;
	buf_add(&r->key, folded);
	return true;
}

static enum found
take_entry(struct table_reader *r, struct slice line, struct err *err)
{
	const size_t n = key_len(line);
	struct slice rest = slice_trim(slice_from(line, n));
	bool ok;

	buf_reset(&r->key);
	buf_reset(&r->value);
	if (rest.n > 0 && rest.p[0] == ':')
		rest = slice_from(rest, 1);
	ok = take_value(r, rest);
	ok = take_rest(r) && ok;
	if (!ok)
		err_set(err, ERR_PERM,
		    "the value is too long or holds control "
		    "characters");
	else if (!take_key(r, slice_sub(line, 0, n)))
		err_set(err, ERR_PERM, "expected a key");
	else
		return FOUND;
	return TEMPFAIL;
}

enum found
table_reader_next(struct table_reader *r, struct err *err)
{
	struct slice line;

	for (;;) {
		r->from = r->at;
		if (!next_line(r, &line))
			return ABSENT;
		r->line = r->lines;
		r->to = r->at;
		if (slice_trim(line).n > 0 && line.p[0] != '#')
			break;
	}
	if (is_blank(line.p[0])) {
		err_set(err, ERR_PERM, "continues nothing");
		return TEMPFAIL;
	}
	return take_entry(r, line, err);
}
