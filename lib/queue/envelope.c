/* SPDX-License-Identifier: ISC */
#include "queue/envelope.h"

#include <stddef.h>
#include <stdio.h>

#include "base/crc32c.h"
#include "base/cur.h"
#include "base/mem.h"

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

static int
hex_digit(char c)
{
	if (ascii_isdigit(c))
		return c - '0';
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
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
		hi = i + 2 < text.n ? hex_digit(text.p[i + 1]) : -1;
		lo = i + 2 < text.n ? hex_digit(text.p[i + 2]) : -1;
		if (hi == -1 || lo == -1)
			return false;
		out[n++] = (char)(hi << 4 | lo);
		i += 2;
	}
	*value = slice_of(out, n);
	return true;
}

/* ---- the fields ---- */

/* clang-format off */
/* Text fields, in the order they are written. */
static const struct {
	const char *name;
	size_t at;
} texts[] = {
	{ "sender",      offsetof(struct envelope, sender) },
	{ "client",      offsetof(struct envelope, client) },
	{ "client_name", offsetof(struct envelope, client_name) },
	{ "helo",        offsetof(struct envelope, helo) },
	{ "login",       offsetof(struct envelope, login) },
	{ "protocol",    offsetof(struct envelope, protocol) },
	{ "body",        offsetof(struct envelope, body) },
	{ "ret",         offsetof(struct envelope, ret) },
	{ "envid",       offsetof(struct envelope, envid) },
	{ "trace",       offsetof(struct envelope, trace) },
	{ "priority",    offsetof(struct envelope, priority) },
	{ "auth",        offsetof(struct envelope, auth) },
};

static const struct {
	const char *name;
	size_t at;
} flags[] = {
	{ "smtputf8",    offsetof(struct envelope, smtputf8) },
	{ "requiretls",  offsetof(struct envelope, requiretls) },
};

static const struct {
	const char *name;
	size_t at;
} rcpt_parts[] = {
	{ "orcpt",       offsetof(struct envelope_rcpt, orcpt) },
	{ "notify",      offsetof(struct envelope_rcpt, notify) },
	{ "parent",      offsetof(struct envelope_rcpt, parent) },
	{ "target",      offsetof(struct envelope_rcpt, target) },
};
/* clang-format on */

static struct slice *
text_at(void *base, size_t at)
{
	return (struct slice *)(void *)((char *)base + at);
}

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
		const struct slice v = text_of(r, rcpt_parts[i].at);

		if (v.n == 0)
			continue;
		buf_addf(out, " %s=", rcpt_parts[i].name);
		envelope_escape(out, v);
	}
	if (r->uid != 0)
		buf_addf(out, " uid=%u", r->uid);
	buf_addc(out, '\n');
}

static void
format_texts(const struct envelope *env, struct buf *out)
{
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		const struct slice v = text_of(env, texts[i].at);

		/* The null sender is said, not left out. */
		if (v.n == 0 && i > 0)
			continue;
		buf_addf(out, "%s ", texts[i].name);
		envelope_escape(out, v);
		buf_addc(out, '\n');
	}
	for (size_t i = 0; i < ARRAY_LEN(flags); i++)
		if (*(const bool *)((const char *)env + flags[i].at))
			buf_addf(out, "%s\n", flags[i].name);
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
	format_texts(env, out);
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
		const int d = hex_digit(ascii_upper(s.p[i]));

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

static bool
parse_rcpt_part(struct slice part, struct arena *arena, struct envelope_rcpt *r)
{
	struct slice value;
	const struct slice name = slice_cut(part, '=', &value);
	uint64_t uid;

	if (slice_is(name, "uid")) {
		if (!parse_number(value, UINT32_MAX, &uid))
			return false;
		r->uid = (uint32_t)uid;
		return true;
	}
	for (size_t i = 0; i < ARRAY_LEN(rcpt_parts); i++)
		if (slice_is(name, rcpt_parts[i].name))
			return envelope_unescape(
			    arena, value, text_at(r, rcpt_parts[i].at));
	return false;
}

int
envelope_parse_rcpt(struct slice line, struct arena *arena,
    struct envelope_rcpt *r, struct err *err)
{
	struct slice rest;
	const struct slice address = slice_cut(line, ' ', &rest);

	*r = (struct envelope_rcpt){ 0 };
	if (address.n == 0 || !envelope_unescape(arena, address, &r->address))
		return err_set(err, ERR_PERM, "rcpt without an address");
	while (rest.n > 0) {
		const struct slice part = slice_cut(rest, ' ', &rest);

		if (!parse_rcpt_part(part, arena, r))
			return err_set(err, ERR_PERM, "rcpt: unknown part");
	}
	return 0;
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

/* A line of qmgr's own; false when NAME is none or its value is broken. */
static bool
parse_own(struct slice name, struct slice value, struct arena *arena,
    struct envelope *env)
{
	uint64_t v;

	if (slice_is(name, "id")) {
		env->id = arena_slice(arena, value);
		return is_id(value);
	}
	if (slice_is(name, "crc32c"))
		return parse_hex32(value, &env->crc32c);
	if (!parse_number(value, INT64_MAX, &v))
		return false;
	if (slice_is(name, "arrived"))
		env->arrived_us = (int64_t)v;
	else if (slice_is(name, "size"))
		env->size = (int64_t)v;
	else
		return false;
	return true;
}

static bool
parse_field(struct slice name, struct slice value, bool want_id,
    struct arena *arena, struct envelope *env)
{
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		if (slice_is(name, texts[i].name))
			return envelope_unescape(
			    arena, value, text_at(env, texts[i].at));
	for (size_t i = 0; i < ARRAY_LEN(flags); i++)
		if (slice_is(name, flags[i].name) && value.n == 0) {
			*((bool *)((char *)env + flags[i].at)) = true;
			return true;
		}
	return want_id && parse_own(name, value, arena, env);
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
envelope_parse(struct slice text, bool want_id, struct arena *arena,
    struct envelope *env, size_t *len, struct err *err)
{
	struct slice rest = slice_from(text, sizeof magic - 1);
	size_t max;

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
		if (slice_is(name, "rcpt")) {
			if (envelope_parse_rcpt(value, arena,
				&env->rcpts[env->nrcpts++], err) == -1)
				return -1;
		} else if (!parse_field(name, value, want_id, arena, env))
			return err_set(err, ERR_PERM,
			    "envelope: unknown or broken field %.*s",
			    SLICE_FMT(slice_sub(name, 0, 40)));
	}
	return err_set(err, ERR_PERM, "envelope: no end");
}
