/* SPDX-License-Identifier: ISC */
#include "sieve/call.h"

static bool
skip_piece(struct sieve_reader *r, const struct sieve_bounds *b)
{
	switch (sieve_code_u8(r)) {
	case SIEVE_CODE_STR:
	case SIEVE_CODE_HOST:
		sieve_code_varint(r, b->nstrings - 1);
		return b->nstrings > 0;
	case SIEVE_CODE_SLOT:
		sieve_code_varint(r, b->nslots - 1);
		return b->nslots > 0;
	case SIEVE_CODE_MATCH:
		sieve_code_varint(r, UINT32_MAX);
		return true;
	default:
		return false;
	}
}

/* Read past one operand. */
static bool
skip_operand(struct sieve_reader *r, const struct sieve_bounds *b,
    struct sieve_operand *o, bool in_list)
{
	const uint8_t kind = sieve_code_u8(r);
	uint64_t n = 0;

	o->kind = kind;
	o->p = r->p;
	switch (kind) {
	case SIEVE_NONE:
		return !in_list;
	case SIEVE_NUM:
		sieve_code_varint(r, UINT64_MAX);
		return !in_list;
	case SIEVE_STR:
		sieve_code_varint(r, b->nstrings - 1);
		return b->nstrings > 0;
	case SIEVE_SLOT:
		sieve_code_varint(r, b->nslots - 1);
		return b->nslots > 0;
	case SIEVE_TEXT:
		n = sieve_code_varint(r, UINT32_MAX);
		for (; n > 0 && !r->failed; n--)
			if (!skip_piece(r, b))
				return false;
		return !r->failed;
	case SIEVE_STRS:
		n = sieve_code_varint(r, UINT32_MAX);
		for (; n > 0 && !r->failed && !in_list; n--) {
			struct sieve_operand item;

			if (!skip_operand(r, b, &item, true))
				return false;
		}
		return !r->failed && !in_list;
	default:
		return false;
	}
}

/* Are all of a list's items of KIND?  Lists of strings have STR and TEXT. */
static bool
is_list_of(const struct sieve_operand *o, const unsigned char *end,
    const struct sieve_bounds *b, bool slots)
{
	struct sieve_reader r = { o->p, end, false };
	uint64_t n = sieve_code_varint(&r, UINT32_MAX);

	for (; n > 0 && !r.failed; n--) {
		struct sieve_operand item;

		if (!skip_operand(&r, b, &item, true) ||
		    (item.kind == SIEVE_SLOT) != slots)
			return false;
	}
	return !r.failed;
}

static bool
read_operand(struct sieve_reader *r, const struct sieve_bounds *b, char type,
    bool optional, struct sieve_operand *o)
{
	if (!skip_operand(r, b, o, false) || r->failed)
		return false;
	if (o->kind == SIEVE_NONE)
		return optional;
	switch (type) {
	case 'n':
		return o->kind == SIEVE_NUM;
	case 's':
		return o->kind == SIEVE_STR || o->kind == SIEVE_TEXT;
	case 'c':
		return o->kind == SIEVE_STR;
	case 'v':
		return o->kind == SIEVE_SLOT;
	case 'l':
	case 'w':
		return o->kind == SIEVE_STRS &&
		       is_list_of(o, r->p, b, type == 'w');
	default:
		return false;
	}
}

static bool
may_use(const struct sieve_bounds *b, enum sieve_ext ext)
{
	return ext == SIEVE_EXT_CORE || (b->exts & SIEVE_EXT_BIT(ext)) != 0;
}

static bool
read_tags(
    struct sieve_reader *r, const struct sieve_bounds *b, struct sieve_call *c)
{
	c->ntags = sieve_code_u8(r);
	if (c->ntags > SIEVE_CALL_TAGS)
		return false;
	for (size_t i = 0; i < c->ntags; i++) {
		const uint8_t id = sieve_code_u8(r);
		const struct sieve_tag *t = sieve_lang_tag_by_id(b->lang, id);

		if (r->failed || t == NULL ||
		    (t->takes & c->word->takes) == 0 || !may_use(b, t->ext))
			return false;
		c->tags[i].id = id;
		if (t->arg != 0 &&
		    !read_operand(r, b, t->arg, false, &c->tags[i].value))
			return false;
	}
	return true;
}

bool
sieve_call_read(
    struct sieve_reader *r, const struct sieve_bounds *b, struct sieve_call *c)
{
	struct sieve_word_arg args[SIEVE_ARGS_MAX];
	size_t min;
	size_t n;

	c->word = sieve_lang_word_by_id(b->lang, sieve_code_u8(r));
	if (c->word == NULL || !may_use(b, c->word->ext))
		return false;
	c->line = (uint32_t)sieve_code_varint(r, UINT32_MAX);
	if (r->failed || !read_tags(r, b, c))
		return false;
	n = sieve_word_args(c->word, args, &min);
	for (size_t i = 0; i < n; i++)
		if (!read_operand(
			r, b, args[i].type, args[i].optional, &c->args[i]))
			return false;
	return !r->failed;
}

const struct sieve_operand *
sieve_call_tag(const struct sieve_call *c, int id)
{
	for (size_t i = 0; i < c->ntags; i++)
		if (c->tags[i].id == id)
			return &c->tags[i].value;
	return NULL;
}
