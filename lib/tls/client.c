/* SPDX-License-Identifier: ISC */
#include "tls/client.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/must.h"
#include "tls/ctx.h"
#include "tls/fail.h"
#include "tls/resume.h"

struct tls_client {
	SSL_CTX *ctx;
	struct tls_resume sessions;
	struct buf unread; /* PEM that is to be trusted, too */
	unsigned refs;
	void (*bad)(const struct err *err); /* NULL: nobody is told */
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
	/* Only what a connection has a key for is kept (tls_conn_resume), and
	 * here, not by OpenSSL. */
	tls_resume_init(&c->sessions);
	SSL_CTX_set_session_cache_mode(
	    c->ctx, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
	SSL_CTX_set_app_data(c->ctx, &c->sessions);
	SSL_CTX_sess_set_new_cb(c->ctx, tls_resume_on_session);
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
	tls_resume_fini(&k->sessions);
	buf_fini(&k->unread);
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

int
tls_client_trust_later(struct tls_client *c, struct buf *pem, struct err *err)
{
	static const char mark[] = "-----BEGIN ";

	if (memmem(pem->p, pem->n, mark, sizeof mark - 1) == NULL)
		return err_set(err, ERR_PERM, "no certificate found");
	buf_fini(&c->unread);
	c->unread = *pem;
	*pem = (struct buf){ .max = pem->max };
	return 0;
}

void
tls_client_on_bad(struct tls_client *c, void (*bad)(const struct err *err))
{
	c->bad = bad;
}

static int
read_unread(struct tls_client *c, struct err *err)
{
	int rc = 0;

	if (c->unread.n > 0)
		rc = tls_client_trust(c, buf_slice(&c->unread), err);
	buf_fini(&c->unread);
	return rc;
}

struct tls_resume *
tls_client_sessions(struct tls_client *c)
{
	return &c->sessions;
}

void
tls_client_forget(struct tls_client *c)
{
	tls_resume_fini(&c->sessions);
	tls_resume_init(&c->sessions);
}

SSL_CTX *
tls_client_ctx(struct tls_client *c)
{
	struct err err;

	if (read_unread(c, &err) == -1 && c->bad != NULL)
		c->bad(&err);
	return c->ctx;
}

int
tls_client_lend(struct tls_client *c, void *ctx, struct err *err)
{
	const int rc = read_unread(c, err);

	SSL_CTX_set1_cert_store(ctx, SSL_CTX_get_cert_store(c->ctx));
	return rc;
}
