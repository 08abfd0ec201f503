/* SPDX-License-Identifier: ISC */
/* The inside of struct cert; for lib/tls alone. */
#ifndef TLS_CERT_X509_H
#define TLS_CERT_X509_H

#include <openssl/x509.h>

#include "tls/cert.h"

struct cert {
	X509 *leaf;
	STACK_OF(X509) * chain; /* without the leaf */
	enum cert_type type;
	char key_id[CERT_KEY_ID_SIZE];
	char **names;
	size_t nnames;
	struct evp_pkey_st *remote; /* set when a server presents it */
};

/* SHA-256 of the public key in hex; -1 for a key that cannot be encoded. */
int cert_spki_id(EVP_PKEY *key, char *out, struct err *err);

#endif
