/* SPDX-License-Identifier: ISC */
#include "sieve/emit.h"

#include "base/buf.h"
#include "base/crc32c.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/must.h"
#include "sieve/check.h"
#include "sieve/code.h"
#include "sieve/lang.h"
#include "sieve/tags.h"
#include "sieve/text.h"
#include "sieve/tree.h"

/* Jumps that go to a place not yet known. */
struct fixes {
	size_t *at;
	size_t n;
};

struct loop {
	struct loop *around;
	struct slice name;
	struct fixes breaks;
};

struct emitter {
	const struct sieve_lang *lang;
	const struct sieve_unit *unit;
	struct buf code;
	struct buf strings;
	uint64_t nstrings;
	struct map known; /* a string's number and one more */
	const struct sieve_slots *slots;
	struct loop *loop;
};

/* ---- jumps ---- */

static size_t
here(const struct emitter *e)
{
	return e->code.n;
}

static void
op(struct emitter *e, enum sieve_op o)
{
	buf_addc(&e->code, (char)o);
}

static void
jump(struct emitter *e, enum sieve_op o, struct fixes *f)
{
	op(e, o);
	f->at = xreallocarray(f->at, f->n + 1, sizeof *f->at);
	f->at[f->n++] = here(e);
	sieve_code_put_u32(&e->code, 0);
}

/* They all go to what comes next. */
static void
land(struct emitter *e, struct fixes *f)
{
	for (size_t i = 0; i < f->n; i++)
		sieve_code_set_u32(&e->code, f->at[i], (uint32_t)here(e));
	xfree(&f->at);
	f->n = 0;
}

/* ---- operands ---- */

static void
put_string(struct emitter *e, struct slice s)
{
	uintptr_t i = (uintptr_t)map_find(&e->known, s);

	if (i == 0) {
		i = ++e->nstrings;
		map_put(&e->known, s, (void *)i);
		sieve_code_put_bytes(&e->strings, s);
	}
	sieve_code_put_varint(&e->code, i - 1);
}

/* The slot of a name that was checked; "global.x" is that of all scripts. */
static int
slot_of(const struct emitter *e, struct slice name)
{
	struct slice rest;
	const struct slice space = slice_cut(name, '.', &rest);

	if (space.n == name.n)
		return sieve_scope_find(&e->unit->scope, name);
	for (uint32_t i = 0; slice_iis(space, "global") && i < e->slots->n; i++)
		if (e->slots->list[i].owner == SIEVE_SCOPE_GLOBAL &&
		    slice_ieq(e->slots->list[i].name, rest))
			return (int)i;
	return -1;
}

static void
put_piece(struct emitter *e, const struct sieve_piece *p)
{
	const int slot =
	    p->kind == SIEVE_PIECE_VARIABLE ? slot_of(e, p->text) : -1;
	struct slice rest;

	if (p->kind == SIEVE_PIECE_MATCH) {
		buf_addc(&e->code, SIEVE_CODE_MATCH);
		sieve_code_put_varint(&e->code, p->number);
	} else if (slot != -1) {
		buf_addc(&e->code, SIEVE_CODE_SLOT);
		sieve_code_put_varint(&e->code, (uint64_t)slot);
	} else if (p->kind == SIEVE_PIECE_VARIABLE) {
		slice_cut(p->text, '.', &rest);
		buf_addc(&e->code, SIEVE_CODE_HOST);
		put_string(e, rest);
	} else {
		buf_addc(&e->code, SIEVE_CODE_STR);
		put_string(e, p->text);
	}
}

static void
put_text(struct emitter *e, struct slice s)
{
	struct slice rest = s;
	struct sieve_piece p;
	uint64_t n = 0;

	if ((e->unit->exts & SIEVE_EXT_BIT(SIEVE_EXT_VARIABLES)) == 0 ||
	    !sieve_text_has_variables(s)) {
		buf_addc(&e->code, SIEVE_STR);
		put_string(e, s);
		return;
	}
	while (sieve_text_piece(&rest, &p))
		n++;
	buf_addc(&e->code, SIEVE_TEXT);
	sieve_code_put_varint(&e->code, n);
	while (sieve_text_piece(&s, &p))
		put_piece(e, &p);
}

static void
put_slot(struct emitter *e, struct slice name)
{
	const int slot = slot_of(e, name);

	must(slot >= 0);
	buf_addc(&e->code, SIEVE_SLOT);
	sieve_code_put_varint(&e->code, (uint64_t)slot);
}

static void
put_list(struct emitter *e, const struct sieve_arg *a, bool slots)
{
	const struct sieve_arg *const first =
	    a->kind == SIEVE_ARG_LIST ? a->items : a;
	uint64_t n = 0;

	for (const struct sieve_arg *i = first; i != NULL; i = i->next) {
		n++;
		if (i == a)
			break;
	}
	buf_addc(&e->code, SIEVE_STRS);
	sieve_code_put_varint(&e->code, n);
	for (const struct sieve_arg *i = first; n > 0; i = i->next, n--) {
		if (slots)
			put_slot(e, i->text);
		else
			put_text(e, i->text);
	}
}

static void
put_operand(struct emitter *e, char type, const struct sieve_arg *a)
{
	if (a == NULL) {
		buf_addc(&e->code, SIEVE_NONE);
	} else if (type == 'n') {
		buf_addc(&e->code, SIEVE_NUM);
		sieve_code_put_varint(&e->code, a->number);
	} else if (type == 'l' || type == 'w') {
		put_list(e, a, type == 'w');
	} else if (type == 'v') {
		put_slot(e, a->text);
	} else {
		put_text(e, a->text);
	}
}

static void
put_word(struct emitter *e, const struct sieve_node *n)
{
	struct sieve_word_arg args[SIEVE_ARGS_MAX];
	size_t min;
	const size_t nargs = sieve_word_args(n->word, args, &min);
	size_t ntags = 0;

	for (const struct sieve_arg *t = n->tags; t != NULL; t = t->next)
		ntags++;
	op(e, SIEVE_OP_WORD);
	buf_addc(&e->code, (char)n->word->id);
	sieve_code_put_varint(&e->code, n->pos.line);
	buf_addc(&e->code, (char)ntags);
	for (const struct sieve_arg *t = n->tags; t != NULL; t = t->next) {
		buf_addc(&e->code, (char)t->tag->id);
		if (t->tag->arg != 0)
			put_operand(e, t->tag->arg, t->value);
	}
	for (size_t i = 0; i < nargs; i++)
		put_operand(e, args[i].type, n->plain[i]);
}

/* ---- tests ---- */

static void emit_test(struct emitter *e, const struct sieve_node *n);

/* allof and anyof end with the first test that decides. */
static void
emit_tests(struct emitter *e, const struct sieve_node *n, enum sieve_op decided)
{
	struct fixes out = { 0 };

	for (const struct sieve_node *t = n->tests; t != NULL && !t->dead;
	     t = t->next) {
		emit_test(e, t);
		if (t->next != NULL && !t->next->dead)
			jump(e, decided, &out);
	}
	land(e, &out);
}

static void
emit_test(struct emitter *e, const struct sieve_node *n)
{
	if (n->known != SIEVE_UNKNOWN) {
		op(e,
		    n->known == SIEVE_ALWAYS ? SIEVE_OP_TRUE : SIEVE_OP_FALSE);
		return;
	}
	switch (n->word->id) {
	case SIEVE_WORD_TRUE:
		op(e, SIEVE_OP_TRUE);
		return;
	case SIEVE_WORD_FALSE:
		op(e, SIEVE_OP_FALSE);
		return;
	case SIEVE_WORD_NOT:
		emit_test(e, n->tests);
		op(e, SIEVE_OP_NOT);
		return;
	case SIEVE_WORD_ALLOF:
		emit_tests(e, n, SIEVE_OP_JUMP_UNLESS);
		return;
	case SIEVE_WORD_ANYOF:
		emit_tests(e, n, SIEVE_OP_JUMP_IF);
		return;
	default:
		put_word(e, n);
	}
}

/* ---- commands ---- */

static void emit_commands(struct emitter *e, const struct sieve_node *n);

static bool
is_branch(const struct sieve_node *n)
{
	return n != NULL &&
	       (slice_iis(n->name, "elsif") || slice_iis(n->name, "else"));
}

/* An if with what belongs to it; gives the last node of it. */
static const struct sieve_node *
emit_if(struct emitter *e, const struct sieve_node *n)
{
	struct fixes out = { 0 };

	for (;; n = n->next) {
		struct fixes next = { 0 };

		if (!n->dead) {
			if (n->tests != NULL) {
				emit_test(e, n->tests);
				jump(e, SIEVE_OP_JUMP_UNLESS, &next);
			}
			emit_commands(e, n->block);
			if (is_branch(n->next))
				jump(e, SIEVE_OP_JUMP, &out);
			land(e, &next);
		}
		if (!is_branch(n->next))
			break;
	}
	land(e, &out);
	return n;
}

static void
emit_loop(struct emitter *e, const struct sieve_node *n)
{
	const struct sieve_arg *name = sieve_tags_find(n, SIEVE_TAG_NAME);
	struct loop loop = { .around = e->loop,
		.name = name != NULL ? name->value->text : SLICE("") };
	struct fixes end = { 0 };
	size_t next;

	op(e, SIEVE_OP_LOOP);
	next = here(e);
	jump(e, SIEVE_OP_NEXT, &end);
	e->loop = &loop;
	emit_commands(e, n->block);
	e->loop = loop.around;
	op(e, SIEVE_OP_BACK);
	sieve_code_put_u32(&e->code, (uint32_t)next);
	land(e, &end);
	land(e, &loop.breaks);
}

static void
emit_break(struct emitter *e, const struct sieve_node *n)
{
	const struct sieve_arg *name = sieve_tags_find(n, SIEVE_TAG_NAME);
	struct loop *l = e->loop;
	unsigned count = 1;

	for (; name != NULL && !slice_eq(l->name, name->value->text);
	     l = l->around)
		count++;
	op(e, SIEVE_OP_POP);
	buf_addc(&e->code, (char)count);
	jump(e, SIEVE_OP_JUMP, &l->breaks);
}

static void
emit_include(struct emitter *e, const struct sieve_node *n)
{
	if (n->script == SIEVE_NO_SCRIPT)
		return;
	op(e, SIEVE_OP_CALL);
	sieve_code_put_varint(&e->code, n->script);
	buf_addc(&e->code, sieve_tags_find(n, SIEVE_TAG_ONCE) != NULL);
	sieve_code_put_varint(&e->code, n->pos.line);
}

static void
emit_word(struct emitter *e, const struct sieve_node *n)
{
	struct fixes end = { 0 };

	put_word(e, n);
	if (!n->has_block)
		return;
	jump(e, SIEVE_OP_ENTER, &end);
	emit_commands(e, n->block);
	land(e, &end);
	op(e, SIEVE_OP_LEAVE);
}

static const struct sieve_node *
emit_command(struct emitter *e, const struct sieve_node *n)
{
	switch (n->word->id) {
	case SIEVE_WORD_REQUIRE:
	case SIEVE_WORD_GLOBAL:
		return n;
	case SIEVE_WORD_STOP:
		op(e, SIEVE_OP_STOP);
		return n;
	case SIEVE_WORD_RETURN:
		op(e, SIEVE_OP_RETURN);
		return n;
	case SIEVE_WORD_INCLUDE:
		emit_include(e, n);
		return n;
	case SIEVE_WORD_FOREVERYPART:
		emit_loop(e, n);
		return n;
	case SIEVE_WORD_BREAK:
		emit_break(e, n);
		return n;
	default:
		emit_word(e, n);
		return n;
	}
}

static void
emit_commands(struct emitter *e, const struct sieve_node *n)
{
	for (; n != NULL; n = n->next)
		if (slice_iis(n->name, "if"))
			n = emit_if(e, n);
		else
			n = emit_command(e, n);
}

/* ---- all of it ---- */

uint64_t
sieve_emit_hash(struct slice text)
{
	return map_hash_fixed(text);
}

static void
put_scripts(struct buf *out, const struct sieve_unit *units, uint32_t n,
    const uint32_t *entries)
{
	sieve_code_put_varint(out, n);
	for (uint32_t i = 0; i < n; i++) {
		sieve_code_put_bytes(out, units[i].name);
		buf_addc(out, (char)units[i].location);
		sieve_code_put_u64(out, sieve_emit_hash(units[i].text));
		sieve_code_put_u32(out, entries[i]);
	}
}

static void
put_slots(struct buf *out, const struct sieve_slots *slots)
{
	sieve_code_put_varint(out, slots->n);
	for (uint32_t i = 0; i < slots->n; i++) {
		sieve_code_put_varint(out, slots->list[i].owner);
		sieve_code_put_bytes(out, slots->list[i].name);
	}
}

bool
sieve_emit(const struct sieve_lang *lang, const struct sieve_unit *units,
    uint32_t n, const struct sieve_slots *slots, struct buf *out)
{
	struct emitter e = { .lang = lang, .slots = slots };
	uint32_t *entries = xcalloc(n, sizeof *entries);
	const size_t from = out->n;
	uint64_t exts = 0;
	bool ok;

	buf_init(&e.code, out->max);
	buf_init(&e.strings, out->max);
	map_init(&e.known);
	for (uint32_t i = 0; i < n; i++) {
		e.unit = &units[i];
		exts |= units[i].exts;
		entries[i] = (uint32_t)here(&e);
		emit_commands(&e, units[i].commands);
		op(&e, SIEVE_OP_RETURN);
	}
	buf_add(out, SLICE("PSV"));
	buf_addc(out, SIEVE_CODE_VERSION);
	sieve_code_put_u32(out, 0);
	sieve_code_put_u64(out, exts);
	put_scripts(out, units, n, entries);
	put_slots(out, slots);
	sieve_code_put_varint(out, e.nstrings);
	buf_add(out, buf_slice(&e.strings));
	buf_add(out, buf_slice(&e.code));
	ok = !out->failed && !e.code.failed && !e.strings.failed;
	if (ok)
		sieve_code_set_u32(out, from + 4,
		    crc32c(0, slice_from(buf_slice(out), from + 8)));
	free(entries);
	map_fini(&e.known);
	buf_fini(&e.strings);
	buf_fini(&e.code);
	return ok;
}
