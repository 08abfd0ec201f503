/* SPDX-License-Identifier: ISC */
#include "tls/ctx.h"

#include "base/must.h"

/* Constant in all but type: OpenSSL's macros cast const away.
 * Signature algorithms that `keys` is willing to make, and no SHA-1. */
static char sigalgs[] = "ECDSA+SHA256:ECDSA+SHA384:ECDSA+SHA512:ed25519:"
			"RSA-PSS+SHA256:RSA-PSS+SHA384:RSA-PSS+SHA512:"
			"RSA+SHA256:RSA+SHA384:RSA+SHA512";
static char groups[] = "X25519:P-256:P-384:P-521";

SSL_CTX *
tls_ctx_new(const SSL_METHOD *method)
{
	SSL_CTX *ctx;

	/* The system's openssl.cnf is not ours, and is out of reach behind
	 * the sandbox: the settings are the ones below wherever we run. */
	must(OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_CONFIG, NULL) == 1);
	ctx = SSL_CTX_new(method);
	must(ctx != NULL);
	must(SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) == 1);
	must(SSL_CTX_set1_sigalgs_list(ctx, sigalgs) == 1);
	must(SSL_CTX_set1_groups_list(ctx, groups) == 1);
	/* Mail protocols say themselves where they end, so a close without
	 * close_notify is an end of file like any other. */
	SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION |
				     SSL_OP_NO_COMPRESSION |
				     SSL_OP_IGNORE_UNEXPECTED_EOF);
	SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS |
				  SSL_MODE_ENABLE_PARTIAL_WRITE |
				  SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	return ctx;
}
