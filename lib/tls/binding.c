/* SPDX-License-Identifier: ISC */
#include "tls/binding.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "tls/conn.h"
#include "tls/ctx.h"

size_t
tls_binding_exporter(const struct tls_conn *c, uint8_t out[TLS_BINDING_MAX])
{
	static const char label[] = "EXPORTER-Channel-Binding";
	SSL *ssl = tls_conn_ssl(c);
	int rc;

	/* without it, two connections can have one master secret (RFC 7627) */
	if (SSL_version(ssl) < TLS1_3_VERSION &&
	    SSL_get_extms_support(ssl) != 1)
		return 0;
	rc = SSL_export_keying_material(ssl, out, TLS_EXPORTER_SIZE, label,
	    sizeof label - 1, (const unsigned char *)"", 0, 1);
	ERR_clear_error();
	return rc == 1 ? TLS_EXPORTER_SIZE : 0;
}

/* Of the certificate's signature; MD5 and SHA-1 count as SHA-256, and so does
 * a signature that has no digest of its own. */
static const EVP_MD *
digest_for(X509 *cert)
{
	int md = NID_undef;

	if (X509_get_signature_info(cert, &md, NULL, NULL, NULL) != 1 ||
	    md == NID_undef || md == NID_md5 || md == NID_sha1 ||
	    EVP_get_digestbynid(md) == NULL)
		return EVP_sha256();
	return EVP_get_digestbynid(md);
}

size_t
tls_binding_end_point(const struct tls_conn *c, uint8_t out[TLS_BINDING_MAX])
{
	X509 *cert = SSL_get_certificate(tls_conn_ssl(c));
	unsigned n = 0;

	if (cert == NULL || X509_digest(cert, digest_for(cert), out, &n) != 1)
		n = 0;
	ERR_clear_error();
	return n;
}
