/* SPDX-License-Identifier: ISC */
#include "sasl/scramtext.h"

#include "base/ascii.h"
#include "base/cur.h"
#include "base/utf8.h"

static bool
is_name(char c)
{
	return c != ',' && c != '\0';
}

/* cb-name */
static bool
is_binding(char c)
{
	return ascii_isalnum(c) || c == '.' || c == '-';
}

/* printable, as r= has it */
static bool
is_nonce(char c)
{
	return c > 0x20 && c < 0x7f && c != ',';
}

static bool
is_base64(char c)
{
	return ascii_isalnum(c) || c == '+' || c == '/' || c == '=';
}

/* saslname: "," is =2C, "=" is =3D. */
static void
take_name(struct cur *c, struct buf *out)
{
	const struct slice name = cur_while(c, is_name);
	struct cur in = cur_of(name);

	if (name.n == 0 || !utf8_valid(name))
		cur_fail(c);
	while (cur_ok(c) && cur_left(&in) > 0) {
		if (cur_peek(&in) != '=')
			buf_addc(out, (char)cur_byte(&in));
		else if (cur_try(&in, "=2C"))
			buf_addc(out, ',');
		else if (cur_try(&in, "=3D"))
			buf_addc(out, '=');
		else
			cur_fail(c);
	}
	if (out->failed)
		cur_fail(c);
}

/* Up to the place where C stands now. */
static struct slice
since(const char *from, const struct cur *c)
{
	return cur_ok(c) ? slice_of(from, (size_t)(c->p - from))
			 : (struct slice){ NULL, 0 };
}

static void
take_header(struct cur *c, struct scram_first *f, struct buf *authzid)
{
	const char *from = c->p;

	*f = (struct scram_first){ .flag = (char)cur_byte(c) };
	if (f->flag == 'p') {
		cur_lit(c, "=");
		f->binding = cur_while(c, is_binding);
		if (f->binding.n == 0)
			cur_fail(c);
	} else if (f->flag != 'n' && f->flag != 'y') {
		cur_fail(c);
	}
	cur_lit(c, ",");
	if (cur_try_byte(c, 'a')) {
		cur_lit(c, "=");
		take_name(c, authzid);
	}
	cur_lit(c, ",");
	f->header = since(from, c);
}

bool
scramtext_header(struct slice in, struct scram_first *f, struct buf *authzid,
    struct slice *rest)
{
	struct cur c = cur_of(in);

	take_header(&c, f, authzid);
	*rest = cur_rest(&c);
	return cur_ok(&c);
}

static struct slice
take_nonce(struct cur *c)
{
	struct slice nonce;

	if (!cur_try_byte(c, 'r'))
		cur_fail(c);
	cur_lit(c, "=");
	nonce = cur_while(c, is_nonce);
	if (nonce.n == 0 || nonce.n > SCRAM_NONCE_MAX)
		cur_fail(c);
	return nonce;
}

/* *("," attr-val) that means nothing to us; a NUL is in no value. */
static void
skip_extensions(struct cur *c)
{
	while (cur_try_byte(c, ',')) {
		if (!ascii_isalpha((char)cur_byte(c)))
			cur_fail(c);
		cur_lit(c, "=");
		if (cur_while(c, is_name).n == 0)
			cur_fail(c);
	}
}

bool
scramtext_first(struct slice in, struct scram_first *f, struct buf *authzid,
    struct buf *login)
{
	struct cur c = cur_of(in);

	take_header(&c, f, authzid);
	f->bare = cur_rest(&c);
	if (!cur_try_byte(&c, 'n'))
		cur_fail(&c); /* or "m=", which nobody defines */
	cur_lit(&c, "=");
	take_name(&c, login);
	cur_lit(&c, ",");
	f->nonce = take_nonce(&c);
	skip_extensions(&c);
	return cur_end(&c);
}

/* The proof comes last, behind extensions. */
static bool
ends_in_proof(struct slice in, struct scram_final *f)
{
	const size_t comma = slice_rfind(in, ',');
	struct cur c = cur_of(slice_from(in, comma + 1));

	f->without_proof = slice_sub(in, 0, comma);
	if (comma == in.n || !cur_try_byte(&c, 'p'))
		return false;
	cur_lit(&c, "=");
	f->proof = cur_while(&c, is_base64);
	return cur_end(&c) && f->proof.n > 0;
}

bool
scramtext_final(struct slice in, struct scram_final *f)
{
	struct cur c;

	*f = (struct scram_final){ .nonce = { NULL, 0 } };
	if (!ends_in_proof(in, f))
		return false;
	c = cur_of(f->without_proof);
	if (!cur_try_byte(&c, 'c'))
		return false;
	cur_lit(&c, "=");
	f->binding = cur_while(&c, is_base64);
	cur_lit(&c, ",");
	f->nonce = take_nonce(&c);
	skip_extensions(&c);
	return cur_end(&c) && f->binding.n > 0;
}
