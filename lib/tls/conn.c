/* SPDX-License-Identifier: ISC */
#include "tls/conn.h"

#include <bsd/string.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/must.h"
#include "proto/domain.h"
#include "tls/client.h"
#include "tls/ctx.h"
#include "tls/digest.h"
#include "tls/fail.h"
#include "tls/fault.h"
#include "tls/resume.h"
#include "tls/server.h"
#include "tls/wait.h"

struct tls_conn {
	SSL *ssl;
	struct tls_server *server; /* one of the two */
	struct tls_client *client;
	struct tls_wait wait;
	tls_ready_fn *on_ready;
	void *on_ready_arg;
	/* digest of its session's key; "": it is not to be kept */
	char resume[2 * DIGEST_MAX + 1];
	bool starved; /* waits for the socket: no whole record is there */
	bool untrusted;
	bool broken; /* OpenSSL allows nothing but SSL_free */
};

static void
on_answer(struct tls_wait *w)
{
	struct tls_conn *c = OUTER(w, struct tls_conn, wait);

	if (c->on_ready != NULL)
		c->on_ready(c, c->on_ready_arg);
}

static struct tls_conn *
conn_new(SSL_CTX *ctx, int fd, struct tls_signer *signer)
{
	struct tls_conn *c = xcalloc(1, sizeof *c);

	c->ssl = SSL_new(ctx);
	must(c->ssl != NULL && SSL_set_fd(c->ssl, fd) == 1);
	SSL_set_read_ahead(c->ssl, 1);
	tls_wait_init(&c->wait, signer);
	c->wait.on_answer = on_answer;
	return c;
}

struct tls_conn *
tls_conn_new_server(struct tls_server *s, int fd)
{
	struct tls_conn *c =
	    conn_new(tls_server_ctx(s), fd, tls_server_signer(s));

	c->server = tls_server_ref(s);
	SSL_set_accept_state(c->ssl);
	SSL_set_mode(c->ssl, SSL_MODE_ASYNC);
	return c;
}

/* Host names go into SNI and are matched whole; addresses only matched. */
static int
expect_host(SSL *ssl, const char *host)
{
	X509_VERIFY_PARAM *param = SSL_get0_param(ssl);
	char sni[256]; /* OpenSSL's macro wants no const */

	if (X509_VERIFY_PARAM_set1_ip_asc(param, host) == 1)
		return 1;
	ERR_clear_error();
	X509_VERIFY_PARAM_set_hostflags(
	    param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	return *host != '\0' && strlcpy(sni, host, sizeof sni) < sizeof sni &&
	       SSL_set_tlsext_host_name(ssl, sni) == 1 &&
	       SSL_set1_host(ssl, sni) == 1;
}

static int
expect(SSL *ssl, const char *host, enum tls_verify verify)
{
	if (verify != TLS_VERIFY_DANE)
		return expect_host(ssl, host);
	if (SSL_dane_enable(ssl, host) != 1)
		return 0;
	SSL_dane_set_flags(ssl, DANE_FLAG_NO_DANE_EE_NAMECHECKS);
	return 1;
}

int
tls_conn_new_client(struct tls_client *client, int fd, const char *host,
    enum tls_verify verify, struct tls_conn **out, struct err *err)
{
	struct tls_conn *c = conn_new(tls_client_ctx(client), fd, NULL);
	struct buf ascii = { .max = 256 };
	int rc = -1;

	*out = c;
	c->client = tls_client_ref(client);
	SSL_set_connect_state(c->ssl);
	SSL_set_app_data(c->ssl, c->resume);
	/* Unverified TLS is worth what it is worth with any key: refusing a
	 * short one would only mean clear text. */
	SSL_set_security_level(c->ssl, verify == TLS_VERIFY_NONE ? 1 : 2);
	SSL_set_verify(c->ssl,
	    verify == TLS_VERIFY_NONE ? SSL_VERIFY_NONE : SSL_VERIFY_PEER,
	    NULL);
	ERR_clear_error();
	if (!domain_to_ascii(slice_str(host), &ascii))
		err_set(err, ERR_PERM, "not a host name");
	else if (expect(c->ssl, buf_cstr(&ascii), verify) != 1)
		tls_fail(err, ERR_PERM, "not a host name");
	else
		rc = 0;
	buf_fini(&ascii);
	if (rc == -1)
		tls_conn_free(out);
	return rc;
}

int
tls_conn_add_tlsa(struct tls_conn *c, uint8_t usage, uint8_t selector,
    uint8_t matching, struct slice data)
{
	int rc;

	/* PKIX-TA and PKIX-EE mean nothing for SMTP (RFC 7672 3.1.3). */
	if (usage != 2 && usage != 3)
		return 0;
	rc = SSL_dane_tlsa_add(c->ssl, usage, selector, matching,
	    (const unsigned char *)data.p, data.n);
	ERR_clear_error();
	return rc > 0;
}

int
tls_conn_match(struct tls_conn *c, struct slice names, struct err *err)
{
	X509_VERIFY_PARAM *param = SSL_get0_param(c->ssl);
	bool any = false;

	must(X509_VERIFY_PARAM_set1_host(param, NULL, 0) == 1);
	must(X509_VERIFY_PARAM_set1_ip(param, NULL, 0) == 1);
	while (names.n > 0) {
		const struct slice word = slice_cut(names, ' ', &names);
		char name[256];

		if (word.n == 0 || !slice_copy(word, name, sizeof name) ||
		    SSL_add1_host(c->ssl, name) != 1)
			continue;
		any = true;
	}
	ERR_clear_error();
	return any ? 0 : err_set(err, ERR_PERM, "no name to match");
}

bool
tls_conn_resume(struct tls_conn *c, struct slice key)
{
	SSL_SESSION *session;
	bool set;

	digest_hex(DIGEST_SHA256, key, c->resume);
	session = tls_resume_take(
	    tls_client_sessions(c->client), slice_str(c->resume));
	if (session == NULL)
		return false;
	set = SSL_set_session(c->ssl, session) == 1;
	ERR_clear_error();
	SSL_SESSION_free(session);
	return set;
}

bool
tls_conn_is_untrusted(const struct tls_conn *c)
{
	return c->untrusted;
}

void
tls_conn_verify_none(struct tls_conn *c)
{
	SSL_set_security_level(c->ssl, 1);
	SSL_set_verify(c->ssl, SSL_VERIFY_NONE, NULL);
}

/* A handshake that waits stands on its own stack in the middle of the key's
 * operation: it must run to its (failing) end before its state can go.  The
 * socket is taken from it, so that it writes nothing on the way. */
static void
end_handshake(struct tls_conn *c)
{
	const bool waits = SSL_waiting_for_async(c->ssl) == 1;

	tls_wait_cancel(&c->wait);
	if (!waits)
		return;
	must(SSL_set_fd(c->ssl, -1) == 1);
	tls_wait_enter(&c->wait);
	(void)SSL_do_handshake(c->ssl);
	tls_wait_leave(&c->wait);
	must(!SSL_waiting_for_async(c->ssl));
	ERR_clear_error();
}

void
tls_conn_free(struct tls_conn **c)
{
	struct tls_conn *k = *c;

	*c = NULL;
	if (k == NULL)
		return;
	end_handshake(k);
	SSL_free(k->ssl);
	tls_server_free(&k->server);
	tls_client_free(&k->client);
	free(k);
}

void
tls_conn_on_ready(struct tls_conn *c, tls_ready_fn *fn, void *arg)
{
	c->on_ready = fn;
	c->on_ready_arg = arg;
}

/* Why the handshake failed: a refused certificate says it best. */
static int
explain(struct tls_conn *c, int saved_errno, struct err *err)
{
	const long v = SSL_get_verify_result(c->ssl);

	c->broken = true;
	if (ERR_peek_error() == 0) {
		errno = saved_errno;
		/* As of a peer that has what it came for and leaves without
		 * waiting for its session ticket. */
		if (saved_errno == EPIPE || saved_errno == ECONNRESET)
			return err_set(
			    err, ERR_TEMP, "TLS: closed by the peer");
		if (saved_errno != 0)
			return err_sys(err, ERR_TEMP, "TLS");
		return err_set(err, ERR_TEMP, "TLS: connection closed");
	}
	if (ERR_GET_REASON(ERR_peek_error()) != SSL_R_CERTIFICATE_VERIFY_FAILED)
		return tls_fail(err, ERR_TEMP, "TLS");
	ERR_clear_error();
	c->untrusted = true;
	return err_set(err, ERR_TEMP, "TLS: certificate: %s",
	    X509_verify_cert_error_string(v));
}

/* OpenSSL's answer RC to one of ours. */
static int
outcome(struct tls_conn *c, int rc, int saved_errno, struct err *err)
{
	switch (SSL_get_error(c->ssl, rc)) {
	case SSL_ERROR_WANT_READ:
		c->starved = true;
		return TLS_WANT_READ;
	case SSL_ERROR_WANT_WRITE:
		return TLS_WANT_WRITE;
	case SSL_ERROR_WANT_ASYNC:
		return TLS_WANT_SIGN;
	case SSL_ERROR_ZERO_RETURN:
		return TLS_EOF;
	case SSL_ERROR_SYSCALL:
		/* A peer that resets is gone like one that closes. */
		if (saved_errno == ECONNRESET && SSL_is_init_finished(c->ssl)) {
			c->broken = true;
			ERR_clear_error();
			return TLS_EOF;
		}
		return explain(c, saved_errno, err);
	default:
		return explain(c, 0, err);
	}
}

/* A connection that failed stays failed. */
static bool
refused(const struct tls_conn *c, struct err *err)
{
	if (c->broken)
		err_set(err, ERR_TEMP, "TLS: connection failed before");
	return c->broken;
}

/* A session that is taken up brings the verdict on its certificate with it: one
 * that was never verified is none for whoever asks for that, whatever its key
 * was.  One of TLS 1.2 may come without a new ticket, and be used again. */
static int
check_resumed(struct tls_conn *c, struct err *err)
{
	const bool verify =
	    (SSL_get_verify_mode(c->ssl) & SSL_VERIFY_PEER) != 0;

	if (SSL_session_reused(c->ssl) != 1)
		return 1;
	if (verify && SSL_get_verify_result(c->ssl) != X509_V_OK) {
		c->broken = c->untrusted = true;
		return err_set(
		    err, ERR_TEMP, "TLS: session was not verified before");
	}
	if (SSL_version(c->ssl) < TLS1_3_VERSION)
		(void)tls_resume_on_session(c->ssl, SSL_get_session(c->ssl));
	return 1;
}

int
tls_conn_handshake(struct tls_conn *c, struct err *err)
{
	int rc, e;

	if (refused(c, err))
		return TLS_ERROR;
	for (;;) {
		ERR_clear_error();
		errno = 0;
		tls_wait_enter(&c->wait);
		rc = SSL_do_handshake(c->ssl);
		e = errno;
		tls_wait_leave(&c->wait);
		if (c->wait.state != WAIT_TO_ASK)
			break;
		if (!tls_wait_ask(&c->wait))
			return TLS_WANT_SIGN;
	}
	c->starved = false;
	if (rc == 1) {
		/* No signature is needed any more, and jobs cost. */
		SSL_clear_mode(c->ssl, SSL_MODE_ASYNC);
		return c->client == NULL ? 1 : check_resumed(c, err);
	}
	rc = outcome(c, rc, e, err);
	if (rc != TLS_EOF)
		return rc;
	c->broken = true;
	return err_set(err, ERR_TEMP, "TLS: closed during the handshake");
}

ssize_t
tls_conn_read(struct tls_conn *c, void *p, size_t n, struct err *err)
{
	size_t got = 0;
	int rc;

	if (!SSL_is_init_finished(c->ssl) &&
	    (rc = tls_conn_handshake(c, err)) != 1)
		return rc;
	if (refused(c, err))
		return TLS_ERROR;
	ERR_clear_error();
	errno = 0;
	rc = SSL_read_ex(c->ssl, p, n, &got);
	c->starved = rc != 1;
	if (rc == 1)
		return (ssize_t)got;
	return outcome(c, rc, errno, err);
}

ssize_t
tls_conn_write(struct tls_conn *c, const void *p, size_t n, struct err *err)
{
	size_t put = 0;
	int rc;

	if (!SSL_is_init_finished(c->ssl) &&
	    (rc = tls_conn_handshake(c, err)) != 1)
		return rc;
	if (refused(c, err))
		return TLS_ERROR;
	ERR_clear_error();
	errno = 0;
	rc = SSL_write_ex(c->ssl, p, n, &put);
	if (rc == 1)
		return (ssize_t)put;
	rc = outcome(c, rc, errno, err);
	if (rc == TLS_EOF)
		rc = err_set(err, ERR_TEMP, "TLS: connection closed");
	return rc;
}

int
tls_conn_shutdown(struct tls_conn *c, struct err *err)
{
	int rc;

	if (c->broken || !SSL_is_init_finished(c->ssl))
		return 1;
	ERR_clear_error();
	errno = 0;
	rc = SSL_shutdown(c->ssl);
	if (rc >= 0)
		return 1;
	rc = outcome(c, rc, errno, err);
	return rc == TLS_EOF ? 1 : rc;
}

bool
tls_conn_pending(const struct tls_conn *c)
{
	/* Half a record counts as pending for OpenSSL, but gives nothing, in
	 * the handshake no less than behind it. */
	return !c->starved && SSL_has_pending(c->ssl) == 1;
}

enum tls_fault
tls_conn_fault(const struct tls_conn *c)
{
	switch (SSL_get_verify_result(c->ssl)) {
	case X509_V_OK:
		return TLS_FAULT_NONE;
	case X509_V_ERR_HOSTNAME_MISMATCH:
	case X509_V_ERR_IP_ADDRESS_MISMATCH:
		return TLS_FAULT_NAME;
	case X509_V_ERR_CERT_HAS_EXPIRED:
	case X509_V_ERR_CERT_NOT_YET_VALID:
		return TLS_FAULT_EXPIRED;
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
	case X509_V_ERR_CERT_UNTRUSTED:
		return TLS_FAULT_ISSUER;
	default:
		return TLS_FAULT_OTHER;
	}
}

void
tls_conn_facts(const struct tls_conn *c, struct tls_facts *facts)
{
	const SSL_CIPHER *cipher = SSL_get_current_cipher(c->ssl);
	const long v = SSL_get_verify_result(c->ssl);
	const char *sni = SSL_get_servername(c->ssl, TLSEXT_NAMETYPE_host_name);

	*facts = (struct tls_facts){ .version = SSL_get_version(c->ssl) };
	facts->cipher = SSL_CIPHER_get_name(cipher);
	facts->bits = SSL_CIPHER_get_bits(cipher, NULL);
	facts->resumed = SSL_session_reused(c->ssl) == 1;
	if (c->client != NULL) {
		facts->verified =
		    v == X509_V_OK && SSL_get0_peer_certificate(c->ssl) != NULL;
		if (!facts->verified)
			facts->unverified = X509_verify_cert_error_string(v);
	}
	(void)slice_copy(slice_str(sni), facts->sni, sizeof facts->sni);
}

SSL *
tls_conn_ssl(const struct tls_conn *c)
{
	return c->ssl;
}
