/* SPDX-License-Identifier: ISC */
#include "tls/cert.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <time.h>

#include "base/ascii.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/must.h"
#include "proto/domain.h"
#include "sys/clock.h"
#include "tls/cert_x509.h"
#include "tls/digest.h"
#include "tls/fail.h"

int
cert_spki_id(EVP_PKEY *key, char *out, struct err *err)
{
	unsigned char *der = NULL;
	char hex[2 * DIGEST_MAX + 1];
	const int n = i2d_PUBKEY(key, &der);

	if (n <= 0)
		return tls_fail(err, ERR_PERM, "encode the public key");
	digest_hex(DIGEST_SHA256, slice_of(der, (size_t)n), hex);
	memcpy(out, hex, CERT_KEY_ID_SIZE);
	OPENSSL_free(der);
	return 0;
}

/* Keep a host name in lower case; one with a NUL or a strange byte in it is
 * nobody's host name. */
static void
add_name(struct cert *c, struct slice name)
{
	char *copy;

	if (name.n == 0 || name.n > 253 || c->nnames >= CERT_NAMES_MAX)
		return;
	for (size_t i = 0; i < name.n; i++)
		if (!ascii_isprint(name.p[i]) || name.p[i] == ' ')
			return;
	copy = xslicedup(name);
	for (size_t i = 0; i < name.n; i++)
		copy[i] = ascii_lower(copy[i]);
	c->names = xreallocarray(c->names, c->nnames + 1, sizeof *c->names);
	c->names[c->nnames++] = copy;
}

static struct slice
asn1_slice(const ASN1_STRING *s)
{
	return slice_of(
	    ASN1_STRING_get0_data(s), (size_t)ASN1_STRING_length(s));
}

static void
add_common_name(struct cert *c)
{
	const X509_NAME *subject = X509_get_subject_name(c->leaf);
	const int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);

	if (at >= 0)
		add_name(c, asn1_slice(X509_NAME_ENTRY_get_data(
				X509_NAME_get_entry(subject, at))));
}

static void
collect_names(struct cert *c)
{
	GENERAL_NAMES *sans =
	    X509_get_ext_d2i(c->leaf, NID_subject_alt_name, NULL, NULL);

	if (sans == NULL) {
		add_common_name(c);
		return;
	}
	for (int i = 0; i < sk_GENERAL_NAME_num(sans); i++) {
		const GENERAL_NAME *g = sk_GENERAL_NAME_value(sans, i);

		if (g->type == GEN_DNS)
			add_name(c, asn1_slice(g->d.dNSName));
	}
	GENERAL_NAMES_free(sans);
}

static int
examine_leaf(struct cert *c, struct err *err)
{
	EVP_PKEY *key = X509_get0_pubkey(c->leaf);

	if (key == NULL)
		return tls_fail(err, ERR_PERM, "certificate's public key");
	if (EVP_PKEY_is_a(key, "RSA"))
		c->type = CERT_RSA;
	else if (EVP_PKEY_is_a(key, "EC"))
		c->type = CERT_EC;
	else
		return err_set(
		    err, ERR_PERM, "certificate's key is neither RSA nor EC");
	if (cert_spki_id(key, c->key_id, err) == -1)
		return -1;
	collect_names(c);
	ERR_clear_error();
	return 0;
}

/* Read all certificates of BIO into C. */
static int
read_chain(struct cert *c, BIO *bio, struct err *err)
{
	for (size_t n = 0;; n++) {
		X509 *x = PEM_read_bio_X509(bio, NULL, NULL, NULL);

		if (x == NULL)
			break;
		if (n >= CERT_CHAIN_MAX) {
			X509_free(x);
			return err_set(err, ERR_PERM,
			    "more than %d certificates in a chain",
			    CERT_CHAIN_MAX);
		}
		if (n == 0)
			c->leaf = x;
		else
			must(sk_X509_push(c->chain, x) > 0);
	}
	if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE)
		return tls_fail(err, ERR_PERM, "read certificate");
	ERR_clear_error();
	if (c->leaf == NULL)
		return err_set(err, ERR_PERM, "no certificate found");
	return 0;
}

int
cert_parse(struct slice pem, struct cert **out, struct err *err)
{
	struct cert *c;
	BIO *bio;
	int rc;

	*out = NULL;
	if (pem.n == 0 || pem.n > CERT_PEM_MAX)
		return err_set(err, ERR_PERM, "no certificate found");
	ERR_clear_error();
	c = xcalloc(1, sizeof *c);
	c->chain = sk_X509_new_null();
	bio = BIO_new_mem_buf(pem.p, (int)pem.n);
	must(c->chain != NULL && bio != NULL);
	rc = read_chain(c, bio, err);
	BIO_free(bio);
	if (rc == 0)
		rc = examine_leaf(c, err);
	if (rc == -1)
		cert_free(&c);
	*out = c;
	return rc;
}

void
cert_free(struct cert **c)
{
	struct cert *k = *c;

	if (k == NULL)
		return;
	EVP_PKEY_free(k->remote);
	X509_free(k->leaf);
	sk_X509_pop_free(k->chain, X509_free);
	for (size_t i = 0; i < k->nnames; i++)
		free(k->names[i]);
	free(k->names);
	xfree(c);
}

const char *
cert_key_id(const struct cert *c)
{
	return c->key_id;
}

enum cert_type
cert_type(const struct cert *c)
{
	return c->type;
}

const char *
cert_name(const struct cert *c, size_t i)
{
	return i < c->nnames ? c->names[i] : NULL;
}

static int64_t
asn1_time_s(const ASN1_TIME *t)
{
	struct tm tm;

	if (ASN1_TIME_to_tm(t, &tm) != 1)
		return 0;
	return (int64_t)timegm(&tm);
}

int64_t
cert_not_before_s(const struct cert *c)
{
	return asn1_time_s(X509_get0_notBefore(c->leaf));
}

int64_t
cert_not_after_s(const struct cert *c)
{
	return asn1_time_s(X509_get0_notAfter(c->leaf));
}

int64_t
cert_left_s(const struct cert *c)
{
	return cert_not_after_s(c) - clock_wall_s();
}

bool
cert_is_selfsigned(const struct cert *c)
{
	return (X509_get_extension_flags(c->leaf) & EXFLAG_SS) != 0;
}

size_t
cert_chain_len(const struct cert *c)
{
	return 1 + (size_t)sk_X509_num(c->chain);
}

void
cert_format(const struct cert *c, struct buf *out)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *p = NULL;
	long n;

	must(bio != NULL && PEM_write_bio_X509(bio, c->leaf) == 1);
	for (int i = 0; i < sk_X509_num(c->chain); i++)
		must(PEM_write_bio_X509(bio, sk_X509_value(c->chain, i)) == 1);
	n = BIO_get_mem_data(bio, &p);
	must(n > 0);
	buf_add(out, slice_of(p, (size_t)n));
	BIO_free(bio);
}

static bool
matches(const struct cert *c, struct slice name)
{
	struct slice parent;

	(void)slice_cut(name, '.', &parent);
	for (size_t i = 0; i < c->nnames; i++) {
		const struct slice n = slice_str(c->names[i]);

		if (slice_ieq(n, name))
			return true;
		if (slice_starts(n, SLICE("*.")) && parent.n > 0 &&
		    slice_ieq(slice_from(n, 2), parent))
			return true;
	}
	return false;
}

bool
cert_matches(const struct cert *c, struct slice name)
{
	struct buf ascii = { .max = 256 };
	const bool ok =
	    domain_to_ascii(name, &ascii) && matches(c, buf_slice(&ascii));

	buf_fini(&ascii);
	return ok;
}
