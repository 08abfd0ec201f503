/* SPDX-License-Identifier: ISC */
#include "sasl/bearer.h"

#include "base/ascii.h"
#include "base/cur.h"
#include "base/utf8.h"
#include "sasl/scramtext.h"

enum { PAIRS_MAX = 16 };

#define KVSEP '\1'

/* b64token */
static bool
is_token(char c)
{
	return ascii_isalnum(c) || c == '-' || c == '.' || c == '_' ||
	       c == '~' || c == '+' || c == '/' || c == '=';
}

static bool
is_key(char c)
{
	return ascii_isalpha(c);
}

/* VCHAR / SP / HTAB / CR / LF, and beyond ASCII for names */
static bool
is_value(char c)
{
	return (unsigned char)c >= 0x20 ? c != 0x7f
					: c == '\t' || c == '\r' || c == '\n';
}

static bool
take_token(struct slice value, struct buf *token)
{
	struct cur c = cur_of(value);
	struct slice t;

	cur_lit(&c, "Bearer");
	if (cur_peek(&c) != ' ')
		return false;
	cur_skip_blank(&c);
	t = cur_while(&c, is_token);
	if (!cur_end(&c) || t.n == 0 || token->n > 0)
		return false;
	buf_add(token, t);
	return !token->failed;
}

/* *kvpair kvsep; the value of the key USER goes to LOGIN, if that is asked. */
static bool
take_pairs(struct cur *c, struct buf *login, struct buf *token)
{
	for (int i = 0; i <= PAIRS_MAX; i++) {
		struct slice key, value;

		if (cur_try_byte(c, KVSEP))
			return cur_end(c) && token->n > 0;
		key = cur_while(c, is_key);
		cur_lit(c, "=");
		value = cur_while(c, is_value);
		if (!cur_try_byte(c, KVSEP) || key.n == 0)
			return false;
		if (slice_iis(key, "auth") && !take_token(value, token))
			return false;
		if (login != NULL && slice_iis(key, "user")) {
			if (login->n > 0 || !utf8_valid(value))
				return false;
			buf_add(login, value);
		}
	}
	return false;
}

bool
bearer_parse(struct slice in, struct buf *authzid, struct buf *token)
{
	struct scram_first header;
	struct slice rest;
	struct cur c;

	if (!scramtext_header(in, &header, authzid, &rest) ||
	    header.flag == 'p')
		return false;
	c = cur_of(rest);
	return cur_try_byte(&c, KVSEP) && take_pairs(&c, NULL, token);
}

bool
bearer_parse_xoauth2(struct slice in, struct buf *login, struct buf *token)
{
	struct cur c = cur_of(in);

	return take_pairs(&c, login, token) && login->n > 0 && !login->failed;
}

const char *
bearer_error(void)
{
	return "{\"status\":\"invalid_token\",\"schemes\":\"bearer\"}";
}
