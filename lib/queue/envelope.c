/* SPDX-License-Identifier: ISC */
#include "queue/envelope.h"

#include <stddef.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/ascii.h"
#include "base/buf.h"
#include "base/crc32c.h"
#include "base/cur.h"
#include "base/hex.h"
#include "base/mem.h"
#include "queue/envelope_text.h"
#include "queue/priority.h"

static const char magic[] = "pabal-queue 1\n";

/* ---- escaping ---- */

static bool
is_plain(char c)
{
	return (unsigned char)c > 0x20 && c != 0x7f && c != '%' && c != '=';
}

void
envelope_escape(struct buf *out, struct slice value)
{
	size_t from = 0;

	for (size_t i = 0; i < value.n; i++) {
		if (is_plain(value.p[i]))
			continue;
		buf_add(out, slice_sub(value, from, i - from));
		buf_addf(out, "%%%02X", (unsigned)(unsigned char)value.p[i]);
		from = i + 1;
	}
	buf_add(out, slice_from(value, from));
}

bool
envelope_unescape(struct arena *arena, struct slice text, struct slice *value)
{
	char *out = arena_alloc(arena, text.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < text.n; i++) {
		int hi, lo;

		if (text.p[i] != '%') {
			out[n++] = text.p[i];
			continue;
		}
		hi = i + 2 < text.n ? hex_digit_upper(text.p[i + 1]) : -1;
		lo = i + 2 < text.n ? hex_digit_upper(text.p[i + 2]) : -1;
		if (hi == -1 || lo == -1)
			return false;
		out[n++] = (char)(hi << 4 | lo);
		i += 2;
	}
	*value = slice_of(out, n);
	return true;
}

/* ---- the fields ---- */

enum kind { TEXT, FLAG, LEVEL, ID, NUMBER, NUMBER32, HEX32 };

struct envelope_field {
	const char *name;
	size_t at;
	enum kind kind;
	bool own; /* qmgr's: nobody else may set it */
};

/* clang-format off */
#define AT(member) offsetof(struct envelope, member)
/* In the order they are written. */
static const struct envelope_field fields[] = {
	{ "id",          AT(id),          ID,     true },
	{ "arrived",     AT(arrived_us),  NUMBER, true },
	{ "size",        AT(size),        NUMBER, true },
	{ "crc32c",      AT(crc32c),      HEX32,  true },
	{ "sender",      AT(sender),      TEXT,   false },
	{ "client",      AT(client),      TEXT,   false },
	{ "client_name", AT(client_name), TEXT,   false },
	{ "helo",        AT(helo),        TEXT,   false },
	{ "login",       AT(login),       TEXT,   false },
	{ "protocol",    AT(protocol),    TEXT,   false },
	{ "body",        AT(body),        TEXT,   false },
	{ "ret",         AT(ret),         TEXT,   false },
	{ "envid",       AT(envid),       TEXT,   false },
	{ "trace",       AT(trace),       TEXT,   false },
	{ "priority",    AT(priority),    TEXT,   false },
	{ "auth",        AT(auth),        TEXT,   false },
	{ "hold",        AT(hold),        TEXT,   false },
	{ "mt_priority", AT(mt_priority),       LEVEL,  false },
	{ "smtputf8",    AT(smtputf8),    FLAG,   false },
	{ "requiretls",  AT(requiretls),  FLAG,   false },
};
#undef AT

#define AT(member) offsetof(struct envelope_rcpt, member)
static const struct envelope_field rcpt_parts[] = {
	{ "orcpt",       AT(orcpt),       TEXT,     false },
	{ "notify",      AT(notify),      TEXT,     false },
	{ "parent",      AT(parent),      TEXT,     true },
	{ "target",      AT(target),      TEXT,     true },
	{ "uid",         AT(uid),         NUMBER32, true },
};
#undef AT
/* clang-format on */

static struct slice
text_of(const void *base, size_t at)
{
	return *(const struct slice *)(const void *)((const char *)base + at);
}

void
envelope_format_rcpt(const struct envelope_rcpt *r, struct buf *out)
{
	buf_adds(out, "rcpt ");
	envelope_escape(out, r->address);
	for (size_t i = 0; i < ARRAY_LEN(rcpt_parts); i++) {
		const struct envelope_field *f = &rcpt_parts[i];
		struct slice v;

		if (f->kind != TEXT || (v = text_of(r, f->at)).n == 0)
			continue;
		buf_addf(out, " %s=", f->name);
		envelope_escape(out, v);
	}
	if (r->uid != 0)
		buf_addf(out, " uid=%u", r->uid);
	buf_addc(out, '\n');
}

static void
format_text(const struct envelope_field *f, struct slice v, struct buf *out)
{
	/* The null sender is said, not left out. */
	if (v.n == 0 && f->at != offsetof(struct envelope, sender))
		return;
	buf_addf(out, "%s ", f->name);
	envelope_escape(out, v);
	buf_addc(out, '\n');
}

/* 0 is what a file without the line says, which every version reads. */
static void
format_level(const struct envelope_field *f, int8_t level, struct buf *out)
{
	if (level != 0)
		buf_addf(out, "%s %d\n", f->name, level);
}

static void
format_fields(const struct envelope *env, struct buf *out)
{
	for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
		const struct envelope_field *f = &fields[i];

		if (f->kind == TEXT)
			format_text(f, text_of(env, f->at), out);
		else if (f->kind == LEVEL)
			format_level(f,
			    *(const int8_t *)((const char *)env + f->at), out);
		else if (f->kind == FLAG &&
			 *(const bool *)((const char *)env + f->at))
			buf_addf(out, "%s\n", f->name);
	}
}

void
envelope_format(const struct envelope *env, struct buf *out)
{
	const size_t from = out->n;

	buf_adds(out, magic);
	if (env->id.n > 0) {
		buf_addf(out, "id %.*s\n", SLICE_FMT(env->id));
		buf_addf(out, "arrived %016lld\n", (long long)env->arrived_us);
		buf_addf(out, "size %020lld\n", (long long)env->size);
		buf_addf(out, "crc32c %08x\n", env->crc32c);
	}
	format_fields(env, out);
	for (size_t i = 0; i < env->nrcpts; i++)
		envelope_format_rcpt(&env->rcpts[i], out);
	if (!out->failed)
		buf_addf(out, "end %08x\n",
		    crc32c(0, slice_from(buf_slice(out), from)));
}

/* ---- reading ---- */

static bool
parse_hex32(struct slice s, uint32_t *v)
{
	*v = 0;
	for (size_t i = 0; i < s.n; i++) {
		const int d = hex_digit(s.p[i]);

		if (d == -1)
			return false;
		*v = *v << 4 | (uint32_t)d;
	}
	return s.n == 8;
}

static bool
parse_number(struct slice s, uint64_t max, uint64_t *v)
{
	struct cur c = cur_of(s);

	*v = cur_u64(&c, max);
	return cur_end(&c);
}

/* Queue ids name files: letters and digits, nothing else. */
static bool
is_id(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!ascii_isalnum(s.p[i]))
			return false;
	return s.n > 0 && s.n < ENVELOPE_ID_BYTES;
}

/* VALUE where F stands in the struct at BASE; false when it is broken. */
static bool
set_field(const struct envelope_field *f, struct slice value,
    struct arena *arena, void *base)
{
	void *to = (char *)base + f->at;
	uint64_t v;

	switch (f->kind) {
	case TEXT:
		return envelope_unescape(arena, value, to);
	case FLAG:
		*(bool *)to = true;
		return value.n == 0;
	case LEVEL:
		return priority_level_parse(value, to);
	case ID:
		*(struct slice *)to = arena_slice(arena, value);
		return is_id(value);
	case HEX32:
		return parse_hex32(value, to);
	case NUMBER32:
		if (!parse_number(value, UINT32_MAX, &v))
			return false;
		*(uint32_t *)to = (uint32_t)v;
		return true;
	case NUMBER:
	default:
		if (!parse_number(value, INT64_MAX, &v))
			return false;
		*(int64_t *)to = (int64_t)v;
		return true;
	}
}

static const struct envelope_field *
find_field(const struct envelope_field *table, size_t n, struct slice name)
{
	for (size_t i = 0; i < n; i++)
		if (slice_is(name, table[i].name))
			return &table[i];
	return NULL;
}

static int
refuse(struct slice name, const char *why, enum err_code code, struct err *err)
{
	err_set(err, ERR_PERM, "envelope: %s field %.*s", why,
	    SLICE_FMT(slice_sub(name, 0, 40)));
	if (err != NULL)
		err->code = code;
	return -1;
}

static int
take_field(const struct envelope_field *f, struct slice name,
    struct slice value, enum envelope_from from, struct arena *arena,
    void *base, struct err *err)
{
	if (f != NULL && f->own && from != ENVELOPE_FROM_QMGR)
		return refuse(name, "qmgr's own", ERR_FORGED, err);
	if (f == NULL || !set_field(f, value, arena, base))
		return refuse(name, "unknown or broken", ERR_OTHER, err);
	return 0;
}

int
envelope_parse_rcpt(struct slice line, enum envelope_from from,
    struct arena *arena, struct envelope_rcpt *r, struct err *err)
{
	struct slice rest;
	const struct slice address = slice_cut(line, ' ', &rest);

	*r = (struct envelope_rcpt){ 0 };
	if (address.n == 0 || !envelope_unescape(arena, address, &r->address))
		return err_set(err, ERR_PERM, "rcpt without an address");
	while (rest.n > 0) {
		struct slice value;
		const struct slice part = slice_cut(rest, ' ', &rest);
		const struct slice name = slice_cut(part, '=', &value);
		const struct envelope_field *f =
		    find_field(rcpt_parts, ARRAY_LEN(rcpt_parts), name);

		if (take_field(f, name, value, from, arena, r, err) == -1)
			return -1;
	}
	return 0;
}

/* Lines that begin with "rcpt " up to the end of the block. */
static size_t
count_rcpts(struct slice text)
{
	size_t n = 0;

	while (text.n > 0) {
		const struct slice line = slice_cut(text, '\n', &text);

		if (slice_starts(line, SLICE("end ")))
			break;
		n += slice_starts(line, SLICE("rcpt "));
	}
	return n;
}

static int
parse_end(struct slice text, struct slice rest, struct slice value,
    size_t line_n, size_t *len, struct err *err)
{
	uint32_t want;
	const size_t total = text.n - rest.n;
	const struct slice before = slice_sub(text, 0, total - line_n - 1);

	if (total < line_n + 1 || text.p[total - 1] != '\n' ||
	    !parse_hex32(value, &want) || crc32c(0, before) != want)
		return err_set(err, ERR_PERM, "envelope: checksum differs");
	*len = total;
	return 0;
}

int
envelope_parse(struct slice text, enum envelope_from from, struct arena *arena,
    struct envelope *env, size_t *len, struct err *err)
{
	struct slice rest = slice_from(text, sizeof magic - 1);
	size_t max;
	int rc;

	*env = (struct envelope){ 0 };
	if (!slice_starts(text, slice_str(magic)))
		return err_set(err, ERR_PERM, "not a queue file of version 1");
	max = count_rcpts(rest);
	if (max > ENVELOPE_MAX_RCPTS)
		return err_set(err, ERR_PERM, "envelope: too many recipients");
	env->rcpts = arena_alloc(arena, (max + 1) * sizeof *env->rcpts);
	while (rest.n > 0) {
		const struct slice line = slice_cut(rest, '\n', &rest);
		struct slice value;
		const struct slice name = slice_cut(line, ' ', &value);

		if (slice_is(name, "end"))
			return parse_end(text, rest, value, line.n, len, err);
		if (slice_is(name, "rcpt"))
			rc = envelope_parse_rcpt(value, from, arena,
			    &env->rcpts[env->nrcpts++], err);
		else
			rc = take_field(
			    find_field(fields, ARRAY_LEN(fields), name), name,
			    value, from, arena, env, err);
		if (rc == -1)
			return -1;
	}
	return err_set(err, ERR_PERM, "envelope: no end");
}
