/* SPDX-License-Identifier: ISC */
#include "tls/limits.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdbool.h>
#include <string.h>

#include "base/buf.h"
#include "base/must.h"
#include "base/slice.h"
#include "tls/ctx.h"

enum { LIST_MAX = 4096 };

static bool
is_gap(char c)
{
	return c == ':' || c == ',' || c == ' ';
}

static struct slice
next_word(struct slice *rest)
{
	struct slice word = { NULL, 0 };

	while (rest->n > 0 && is_gap(rest->p[0]))
		*rest = slice_from(*rest, 1);
	while (word.n < rest->n && !is_gap(rest->p[word.n]))
		word.n++;
	word.p = rest->p;
	*rest = slice_from(*rest, word.n);
	return word;
}

/* A rule such as !SHA1 or @STRENGTH takes away or sorts. */
static bool
is_rule(struct slice word)
{
	return strchr("!-+@", word.p[0]) != NULL;
}

static bool
is_known(SSL_CTX *ctx, struct slice word, bool new)
{
	struct buf text = { .max = LIST_MAX };
	bool known;

	buf_add(&text, word);
	known = new ? SSL_CTX_set_ciphersuites(ctx, buf_cstr(&text)) == 1
		    : SSL_CTX_set_cipher_list(ctx, buf_cstr(&text)) == 1;
	buf_fini(&text);
	return known;
}

static int
apply(SSL_CTX *ctx, const struct tls_limits *l, struct err *err)
{
	struct buf suites = { .max = LIST_MAX }, list = { .max = LIST_MAX };
	struct slice rest = slice_str(l->ciphers), word;
	int rc = 0;

	while (rc == 0 && (word = next_word(&rest)).n > 0) {
		const bool new = slice_starts(word, SLICE("TLS_"));
		struct buf *to = new ? &suites : &list;

		if (!is_rule(word) && !is_known(ctx, word, new))
			rc = err_set(err, ERR_PERM,
			    "tls_ciphers: there is no cipher suite \"%.*s\"",
			    SLICE_FMT(slice_sub(word, 0, 80)));
		buf_addf(to, "%s%.*s", to->n > 0 ? ":" : "", SLICE_FMT(word));
	}
	if (rc == 0 && list.n > 0) {
		buf_adds(&list, ":!aNULL:!eNULL");
		if (SSL_CTX_set_cipher_list(ctx, buf_cstr(&list)) != 1)
			rc = err_set(err, ERR_PERM,
			    "tls_ciphers leaves no cipher suite for TLS 1.2");
	}
	if (rc == 0 && suites.n > 0)
		must(SSL_CTX_set_ciphersuites(ctx, buf_cstr(&suites)) == 1);
	if (rc == 0)
		must(SSL_CTX_set_min_proto_version(ctx,
			 l->lowest == TLS_LOWEST_1_3 ? TLS1_3_VERSION
						     : TLS1_2_VERSION) == 1);
	ERR_clear_error();
	buf_fini(&list);
	buf_fini(&suites);
	return rc;
}

int
tls_limits_check(const struct tls_limits *l, struct err *err)
{
	SSL_CTX *ctx = tls_ctx_new(TLS_server_method());
	const int rc = apply(ctx, l, err);

	SSL_CTX_free(ctx);
	return rc;
}

int
tls_server_limit(
    struct tls_server *s, const struct tls_limits *l, struct err *err)
{
	return apply(tls_server_ctx(s), l, err);
}
