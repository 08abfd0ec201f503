/* SPDX-License-Identifier: ISC */
#include "httpd/credential.h"

#include <string.h>

#include "base/base64.h"
#include "ipc/auth.h"
#include "sasl/secret.h"
#include "tls/digest.h"

/* "dXNlcjpwYXNz" */
static bool
read_basic(struct slice word, struct httpd_credential *c)
{
	secret_init(&c->text, AUTH_LOGIN_MAX + AUTH_SECRET_MAX + 1);
	if (!base64_decode(&c->text, word) ||
	    slice_find(buf_slice(&c->text), ':') == c->text.n)
		return false;
	c->user = slice_cut(buf_slice(&c->text), ':', &c->secret);
	return c->user.n > 0;
}

bool
httpd_credential_parse(struct slice authorization, struct httpd_credential *c)
{
	struct slice rest;
	const struct slice scheme = slice_cut(authorization, ' ', &rest);

	memset(c, 0, sizeof *c);
	rest = slice_trim(rest);
	c->bearer = slice_iis(scheme, "Bearer");
	if (c->bearer)
		c->secret = rest;
	else if (slice_iis(scheme, "Basic"))
		return read_basic(rest, c);
	return c->secret.n > 0;
}

void
httpd_credential_fini(struct httpd_credential *c)
{
	secret_fini(&c->text);
}

void
httpd_credential_digest(
    struct slice authorization, uint8_t digest[HTTPD_CREDENTIAL_DIGEST])
{
	uint8_t all[DIGEST_MAX];

	(void)digest_of(DIGEST_SHA256, authorization, all);
	memcpy(digest, all, HTTPD_CREDENTIAL_DIGEST);
	explicit_bzero(all, sizeof all);
}
