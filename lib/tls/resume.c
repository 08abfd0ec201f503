/* SPDX-License-Identifier: ISC */
/* A session is kept as its DER form, whose size is known, and in which the
 * chain of certificates is not. */
#include "tls/resume.h"

#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/must.h"
#include "sys/clock.h"

struct tls_resume_entry {
	TAILQ_ENTRY(tls_resume_entry) link;
	char *key;
	int64_t at_ms;
	size_t n;
	unsigned char der[];
};

void
tls_resume_init(struct tls_resume *r)
{
	map_init(&r->by_key);
	TAILQ_INIT(&r->order);
	r->count = 0;
}

static void
drop(struct tls_resume *r, struct tls_resume_entry *e)
{
	(void)map_del(&r->by_key, slice_str(e->key));
	TAILQ_REMOVE(&r->order, e, link);
	r->count--;
	explicit_bzero(e->der, e->n);
	free(e->key);
	free(e);
}

void
tls_resume_fini(struct tls_resume *r)
{
	while (!TAILQ_EMPTY(&r->order))
		drop(r, TAILQ_FIRST(&r->order));
	map_fini(&r->by_key);
}

void
tls_resume_put(
    struct tls_resume *r, struct slice key, const SSL_SESSION *session)
{
	struct tls_resume_entry *e = map_find(&r->by_key, key);
	const int n = SSL_SESSION_is_resumable(session) == 1
			  ? i2d_SSL_SESSION(session, NULL)
			  : 0;
	unsigned char *to;

	if (n <= 0 || n > TLS_RESUME_BYTES)
		return;
	if (e != NULL)
		drop(r, e);
	else if (r->count == TLS_RESUME_SESSIONS)
		drop(r, TAILQ_FIRST(&r->order));
	e = xcalloc(1, sizeof *e + (size_t)n);
	e->key = xslicedup(key);
	e->at_ms = clock_ms();
	e->n = (size_t)n;
	to = e->der;
	must(i2d_SSL_SESSION(session, &to) == n);
	(void)map_put(&r->by_key, key, e);
	TAILQ_INSERT_TAIL(&r->order, e, link);
	r->count++;
}

SSL_SESSION *
tls_resume_take(struct tls_resume *r, struct slice key)
{
	struct tls_resume_entry *e = map_find(&r->by_key, key);
	SSL_SESSION *session = NULL;

	if (e == NULL)
		return NULL;
	if (clock_ms() - e->at_ms < (int64_t)TLS_RESUME_S * 1000) {
		const unsigned char *from = e->der;

		session = d2i_SSL_SESSION(NULL, &from, (long)e->n);
		ERR_clear_error();
	}
	drop(r, e);
	return session;
}

int
tls_resume_on_session(SSL *ssl, SSL_SESSION *session)
{
	struct tls_resume *r = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
	const char *key = SSL_get_app_data(ssl);

	if (key != NULL && *key != '\0')
		tls_resume_put(r, slice_str(key), session);
	return 0; /* it is not held on to */
}
