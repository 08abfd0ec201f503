/* SPDX-License-Identifier: ISC */
#include "sieve/exec.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/utf8.h"

struct slice
sieve_exec_script(const struct sieve_exec *x)
{
	return x->code->scripts[x->frames[x->nframes - 1].script].name;
}

static int
end_run(struct sieve_exec *x, enum sieve_status status)
{
	if (x->result->status == SIEVE_DONE) {
		x->result->status = status;
		x->result->script = sieve_exec_keep(x, sieve_exec_script(x));
		x->result->line = x->line;
	}
	return -1;
}

int
sieve_exec_fail(struct sieve_exec *x, const char *fmt, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	if (x->result->status == SIEVE_DONE)
		err_set(&x->result->err, ERR_PERM, "%s", text);
	return end_run(x, SIEVE_FAILED);
}

void
sieve_exec_warn(struct sieve_exec *x, const char *fmt, ...)
{
	struct sieve_result *const r = x->result;
	struct sieve_warning *w;
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	sieve_exec_trace(x, "warning: %s", text);
	if (r->nwarnings++ >= SIEVE_WARNINGS_MAX)
		return;
	w = arena_new(&r->arena, struct sieve_warning);
	*w = (struct sieve_warning){ r->warnings,
		sieve_exec_keep(x, sieve_exec_script(x)), x->line,
		arena_str(&r->arena, slice_str(text)) };
	r->warnings = w;
}

int
sieve_exec_later(struct sieve_exec *x, const char *what)
{
	if (x->result->status == SIEVE_DONE)
		err_set(&x->result->err, ERR_TEMP, "%s: no answer", what);
	return end_run(x, SIEVE_LATER);
}

int
sieve_exec_spend(struct sieve_exec *x, uint64_t n)
{
	x->steps += n;
	if (x->steps > x->limits->steps)
		return sieve_exec_fail(
		    x, "the script takes too long: CPU time limit exceeded");
	if (x->tmp.used_bytes + x->result->arena.used_bytes >
	    x->limits->memory_bytes)
		return sieve_exec_fail(x, "the script needs too much memory");
	return 0;
}

struct slice
sieve_exec_keep(struct sieve_exec *x, struct slice s)
{
	return s.p == NULL ? s : arena_slice(&x->result->arena, s);
}

/* ---- arguments ---- */

static struct sieve_reader
reader_at(const struct sieve_exec *x, const struct sieve_operand *o)
{
	const unsigned char *const end =
	    (const unsigned char *)x->code->code.p + x->code->code.n;

	return (struct sieve_reader){ o->p, end, false };
}

uint64_t
sieve_exec_number(const struct sieve_operand *o)
{
	struct sieve_reader r = { o->p, o->p + 10, false };

	return sieve_code_varint(&r, UINT64_MAX);
}

static void
add_piece(struct sieve_exec *x, struct sieve_reader *r, struct buf *b)
{
	const uint8_t kind = sieve_code_u8(r);
	const uint64_t n = sieve_code_varint(r, UINT32_MAX);

	switch (kind) {
	case SIEVE_CODE_STR:
		buf_add(b, x->code->strings[n]);
		break;
	case SIEVE_CODE_SLOT:
		buf_add(b, buf_slice(&x->slots[n]));
		break;
	case SIEVE_CODE_MATCH:
		if (n < x->match.n)
			buf_add(b, buf_slice(&x->match.v[n]));
		break;
	case SIEVE_CODE_HOST:
		if (x->env->calls != NULL && x->env->calls->variable != NULL)
			x->env->calls->variable(x->env, x->code->strings[n], b);
		break;
	default:
		break;
	}
}

/* Expanded text is at most as long as two variables. */
static int
expand(struct sieve_exec *x, struct sieve_reader *r, struct slice *out)
{
	uint64_t n = sieve_code_varint(r, UINT32_MAX);
	struct buf b;

	buf_init(&b, 2 * x->limits->value_bytes + x->limits->script_bytes);
	for (; n > 0; n--)
		add_piece(x, r, &b);
	*out = arena_slice(&x->tmp, buf_slice(&b));
	if (b.failed) {
		buf_fini(&b);
		return sieve_exec_fail(x, "a string is too long");
	}
	buf_fini(&b);
	return sieve_exec_spend(x, 1 + out->n / 64);
}

static int
read_string(struct sieve_exec *x, uint8_t kind, struct sieve_reader *r,
    struct slice *out)
{
	if (kind == SIEVE_TEXT)
		return expand(x, r, out);
	*out = x->code->strings[sieve_code_varint(r, UINT32_MAX)];
	if (out->p == NULL)
		*out = SLICE("");
	return 0;
}

int
sieve_exec_string(
    struct sieve_exec *x, const struct sieve_operand *o, struct slice *out)
{
	struct sieve_reader r = reader_at(x, o);

	return read_string(x, (uint8_t)o->kind, &r, out);
}

int
sieve_exec_strings(struct sieve_exec *x, const struct sieve_operand *o,
    struct slice **list, size_t *n)
{
	struct sieve_reader r = reader_at(x, o);

	*n = 0;
	*list = NULL;
	if (o->kind == SIEVE_NONE)
		return 0;
	*n = o->kind == SIEVE_STRS ? sieve_code_varint(&r, UINT32_MAX) : 1;
	*list = arena_alloc(&x->tmp, (*n + 1) * sizeof **list);
	if (o->kind != SIEVE_STRS)
		return read_string(x, (uint8_t)o->kind, &r, *list);
	for (size_t i = 0; i < *n; i++) {
		const uint8_t kind = sieve_code_u8(&r);

		if (read_string(x, kind, &r, *list + i) == -1)
			return -1;
	}
	return sieve_exec_spend(x, 1 + *n / 16);
}

struct buf *
sieve_exec_slot(struct sieve_exec *x, const struct sieve_operand *o)
{
	struct sieve_reader r = reader_at(x, o);

	return o->kind == SIEVE_SLOT
		   ? &x->slots[sieve_code_varint(&r, UINT32_MAX)]
		   : NULL;
}

int
sieve_exec_slots(struct sieve_exec *x, const struct sieve_operand *o,
    struct buf ***list, size_t *n)
{
	struct sieve_reader r = reader_at(x, o);

	*n = 0;
	if (o->kind != SIEVE_STRS)
		return 0;
	*n = sieve_code_varint(&r, UINT32_MAX);
	*list = arena_alloc(&x->tmp, (*n + 1) * sizeof **list);
	for (size_t i = 0; i < *n; i++) {
		sieve_code_u8(&r);
		(*list)[i] = &x->slots[sieve_code_varint(&r, UINT32_MAX)];
	}
	return sieve_exec_spend(x, 1 + *n / 16);
}

/* At most MAX bytes of S, whole characters. */
static struct slice
cut(struct slice s, size_t max)
{
	if (s.n <= max)
		return s;
	while (max > 0 && ((unsigned char)s.p[max] & 0xc0) == 0x80)
		max--;
	return slice_sub(s, 0, max);
}

void
sieve_exec_set(struct sieve_exec *x, struct buf *slot, struct slice v)
{
	buf_reset(slot);
	buf_add(slot, cut(v, x->limits->value_bytes));
}

void
sieve_exec_matched(struct sieve_exec *x, const struct slice *v, size_t n)
{
	if ((x->code->bounds.exts & SIEVE_EXT_BIT(SIEVE_EXT_VARIABLES)) == 0)
		return;
	x->match.n = n > SIEVE_MATCH_VALUES ? SIEVE_MATCH_VALUES : n;
	for (size_t i = 0; i < x->match.n; i++)
		sieve_exec_set(x, &x->match.v[i], v[i]);
}

/* ---- the trace ---- */

void
sieve_exec_trace(struct sieve_exec *x, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	if (!sieve_exec_traced(x))
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	x->env->calls->trace(
	    x->env, sieve_exec_script(x), x->line, slice_str(text));
}
