/* SPDX-License-Identifier: ISC */
#include "tls/client.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/must.h"
#include "tls/ctx.h"
#include "tls/fail.h"

struct tls_client {
	SSL_CTX *ctx;
	unsigned refs;
};

/* Wider than a server's: with a peer that has nothing better, CBC is still
 * better than the clear text that opportunistic TLS falls back to. */
static const char suites[] =
    "ECDHE+AESGCM:ECDHE+CHACHA20:DHE+AESGCM:DHE+CHACHA20:"
    "ECDHE+AES:DHE+AES:!aNULL:!eNULL:!PSK:!SRP";

struct tls_client *
tls_client_new(void)
{
	struct tls_client *c = xcalloc(1, sizeof *c);

	c->ctx = tls_ctx_new(TLS_client_method());
	c->refs = 1;
	must(SSL_CTX_set_cipher_list(c->ctx, suites) == 1);
	must(SSL_CTX_dane_enable(c->ctx) == 1);
	SSL_CTX_set_options(c->ctx, SSL_OP_NO_TICKET);
	return c;
}

struct tls_client *
tls_client_ref(struct tls_client *c)
{
	c->refs++;
	return c;
}

void
tls_client_free(struct tls_client **c)
{
	struct tls_client *k = *c;

	*c = NULL;
	if (k == NULL || --k->refs > 0)
		return;
	SSL_CTX_free(k->ctx);
	free(k);
}

int
tls_client_trust(struct tls_client *c, struct slice pem, struct err *err)
{
	X509_STORE *store = SSL_CTX_get_cert_store(c->ctx);
	BIO *bio;
	X509 *x;
	size_t n = 0;
	int rc = 0;

	if (pem.n == 0 || pem.n > INT_MAX)
		return err_set(err, ERR_PERM, "no certificate found");
	ERR_clear_error();
	bio = BIO_new_mem_buf(pem.p, (int)pem.n);
	must(bio != NULL);
	while ((x = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL) {
		must(X509_STORE_add_cert(store, x) == 1);
		X509_free(x);
		n++;
	}
	if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE)
		rc = tls_fail(err, ERR_PERM, "read trusted certificate");
	else if (n == 0)
		rc = err_set(err, ERR_PERM, "no certificate found");
	ERR_clear_error();
	BIO_free(bio);
	return rc;
}

SSL_CTX *
tls_client_ctx(const struct tls_client *c)
{
	return c->ctx;
}
