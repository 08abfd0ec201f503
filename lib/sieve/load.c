/* SPDX-License-Identifier: ISC */
#include "sieve/load.h"

#include <string.h>

#include "base/buf.h"
#include "base/crc32c.h"
#include "base/mem.h"
#include "sieve/scope.h"

enum { SCRIPTS_MAX = 1024 };

static bool
read_scripts(struct sieve_reader *r, struct sieve_code *c)
{
	const uint64_t n = sieve_code_varint(r, SCRIPTS_MAX);

	if (n == 0)
		return false;
	c->scripts = arena_alloc(&c->arena, n * sizeof *c->scripts);
	for (c->nscripts = 0; c->nscripts < n && !r->failed; c->nscripts++) {
		struct sieve_script *s = &c->scripts[c->nscripts];
		uint8_t location;

		s->name = sieve_code_bytes(r, sieve_code_varint(r, 255));
		location = sieve_code_u8(r);
		if (location > SIEVE_GLOBAL)
			return false;
		s->location = location;
		s->hash = sieve_code_u64(r);
		s->entry = sieve_code_u32(r);
	}
	return !r->failed;
}

static bool
read_slots(struct sieve_reader *r, struct sieve_code *c)
{
	const uint64_t n = sieve_code_varint(r, SIEVE_SLOTS_MAX);

	c->bounds.nslots = n;
	c->slots = arena_alloc(&c->arena, (n + 1) * sizeof *c->slots);
	for (uint64_t i = 0; i < n && !r->failed; i++) {
		c->slots[i].owner = (uint16_t)sieve_code_varint(r, UINT16_MAX);
		c->slots[i].name =
		    sieve_code_bytes(r, sieve_code_varint(r, 255));
	}
	return !r->failed;
}

static bool
read_strings(struct sieve_reader *r, struct sieve_code *c)
{
	const size_t left = (size_t)(r->end - r->p);
	const uint64_t n = sieve_code_varint(r, left);

	c->bounds.nstrings = n;
	c->strings = arena_alloc(&c->arena, (n + 1) * sizeof *c->strings);
	for (uint64_t i = 0; i < n && !r->failed; i++)
		c->strings[i] = sieve_code_bytes(r, sieve_code_varint(r, left));
	return !r->failed;
}

/* ---- instructions ---- */

enum { STARTS = 1, IS_NEXT = 2 };

struct jump {
	size_t from;
	uint32_t to;
	bool back;
};

struct verifier {
	const struct sieve_code *code;
	unsigned char *marks; /* of each byte of code */
	struct jump *jumps;
	size_t njumps, room;
};

static void
note_jump(struct verifier *v, size_t from, uint32_t to, bool back)
{
	if (v->njumps == v->room) {
		v->room = v->room > 0 ? 2 * v->room : 64;
		v->jumps = xreallocarray(v->jumps, v->room, sizeof *v->jumps);
	}
	v->jumps[v->njumps++] = (struct jump){ from, to, back };
}

/* Read past one instruction; *ENDS: nothing runs behind it. */
static bool
verify_op(struct verifier *v, struct sieve_reader *r, bool *ends)
{
	const size_t at =
	    (size_t)(r->p - (const unsigned char *)v->code->code.p);
	const uint8_t o = sieve_code_u8(r);
	struct sieve_call call;

	v->marks[at] =
	    (unsigned char)(STARTS | (o == SIEVE_OP_NEXT ? IS_NEXT : 0));
	*ends = false;
	switch (o) {
	case SIEVE_OP_STOP:
	case SIEVE_OP_RETURN:
		*ends = true;
		return true;
	case SIEVE_OP_TRUE:
	case SIEVE_OP_FALSE:
	case SIEVE_OP_NOT:
	case SIEVE_OP_LEAVE:
	case SIEVE_OP_LOOP:
		return true;
	case SIEVE_OP_BACK:
		*ends = true;
		note_jump(v, at, sieve_code_u32(r), true);
		return true;
	case SIEVE_OP_JUMP:
	case SIEVE_OP_JUMP_IF:
	case SIEVE_OP_JUMP_UNLESS:
	case SIEVE_OP_ENTER:
	case SIEVE_OP_NEXT:
		note_jump(v, at, sieve_code_u32(r), false);
		return true;
	case SIEVE_OP_WORD:
		return sieve_call_read(r, &v->code->bounds, &call);
	case SIEVE_OP_CALL:
		sieve_code_varint(r, v->code->nscripts - 1);
		sieve_code_u8(r);
		sieve_code_varint(r, UINT32_MAX);
		return true;
	case SIEVE_OP_POP:
		sieve_code_u8(r);
		return true;
	default:
		return false;
	}
}

static bool
verify_jumps(const struct verifier *v)
{
	for (size_t i = 0; i < v->njumps; i++) {
		const struct jump *j = &v->jumps[i];

		if (j->to >= v->code->code.n || v->marks[j->to] == 0)
			return false;
		if (j->back
			? j->to >= j->from || (v->marks[j->to] & IS_NEXT) == 0
			: j->to <= j->from)
			return false;
	}
	for (uint32_t i = 0; i < v->code->nscripts; i++)
		if (v->code->scripts[i].entry >= v->code->code.n ||
		    v->marks[v->code->scripts[i].entry] == 0)
			return false;
	return true;
}

static bool
verify(const struct sieve_code *c)
{
	const unsigned char *const p = (const unsigned char *)c->code.p;
	struct sieve_reader r = { p, p + c->code.n, false };
	struct verifier v = { .code = c, .marks = xcalloc(1, c->code.n + 1) };
	bool ends = false;
	bool ok = true;

	while (ok && r.p < r.end)
		ok = verify_op(&v, &r, &ends) && !r.failed;
	ok = ok && ends && verify_jumps(&v);
	free(v.marks);
	free(v.jumps);
	return ok;
}

/* ---- all of it ---- */

static bool
read_code(struct sieve_code *c, struct slice bytes)
{
	const unsigned char *const p = (const unsigned char *)bytes.p;
	struct sieve_reader r = { p, p + bytes.n, false };
	const char version = SIEVE_CODE_VERSION;
	uint32_t crc;

	if (!slice_eq(sieve_code_bytes(&r, 3), SLICE("PSV")) ||
	    !slice_eq(sieve_code_bytes(&r, 1), slice_of(&version, 1)))
		return false;
	crc = sieve_code_u32(&r);
	if (r.failed || crc != crc32c(0, slice_from(bytes, 8)))
		return false;
	c->bounds.exts = sieve_code_u64(&r);
	if (!read_scripts(&r, c) || !read_slots(&r, c) || !read_strings(&r, c))
		return false;
	c->code = slice_of(r.p, (size_t)(r.end - r.p));
	return verify(c);
}

struct sieve_code *
sieve_load(struct slice bytes, const struct sieve_lang *lang, struct err *err)
{
	struct sieve_code *c = xcalloc(1, sizeof *c);
	const uint64_t may =
	    lang->exts | SIEVE_EXT_BIT(SIEVE_EXT_HOST) * (lang->host != NULL);

	arena_init(&c->arena);
	c->lang = *lang;
	c->bounds.lang = &c->lang;
	if (!read_code(c, arena_slice(&c->arena, bytes)))
		err_set_code(err, ERR_PERM, ERR_SYNTAX, "the code is damaged");
	else if ((c->bounds.exts & ~may) != 0)
		err_set_code(err, ERR_PERM, ERR_CANNOT,
		    "the code uses an extension that is not allowed");
	else
		return c;
	sieve_load_free(&c);
	return NULL;
}

void
sieve_load_free(struct sieve_code **c)
{
	if (*c == NULL)
		return;
	arena_fini(&(*c)->arena);
	xfree(c);
}
