/* SPDX-License-Identifier: ISC */
#include "tls/server.h"

#include <openssl/core_names.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <stdlib.h>

#include "base/ascii.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/must.h"
#include "tls/cert_x509.h"
#include "tls/ctx.h"
#include "tls/remote_key.h"

/* The certificates of one name: at most one of each type. */
struct server_name {
	struct cert *by_type[2]; /* CERT_RSA, CERT_EC */
};

struct ticket_key {
	unsigned char name[16];
	unsigned char mac[32];
	unsigned char aes[32];
};

struct tls_server {
	SSL_CTX *ctx;
	struct tls_signer *signer;
	struct cert **certs;
	size_t ncerts;
	struct map names; /* lower-case name -> struct server_name */
	struct server_name *fallback;
	struct ticket_key tickets[2]; /* current, previous */
	size_t ntickets;
	unsigned refs;
};

static const char suites[] =
    "ECDHE+AESGCM:ECDHE+CHACHA20:DHE+AESGCM:DHE+CHACHA20";

/* Certificates for the client's SNI: by name, by wildcard, else the first. */
static const struct server_name *
choose(const struct tls_server *s, const char *sni)
{
	char name[256];
	struct slice host = slice_str(sni), parent;
	const struct server_name *found;

	if (host.n > 0 && host.p[host.n - 1] == '.')
		host.n--;
	if (host.n == 0 || host.n > 253)
		return s->fallback;
	name[0] = '*';
	for (size_t i = 0; i < host.n; i++)
		name[1 + i] = ascii_lower(host.p[i]);
	host = slice_of(name + 1, host.n);
	found = map_find(&s->names, host);
	if (found != NULL)
		return found;
	(void)slice_cut(host, '.', &parent);
	if (parent.n == 0)
		return s->fallback;
	/* "*.parent": the dot is there, the star goes in front of it. */
	name[host.n - parent.n - 1] = '*';
	found = map_find(
	    &s->names, slice_of(name + (host.n - parent.n - 1), parent.n + 2));
	return found != NULL ? found : s->fallback;
}

/* OpenSSL asks for certificates once the client's hello is read. */
static int
on_cert(SSL *ssl, void *arg)
{
	const struct tls_server *s = arg;
	const struct server_name *n =
	    choose(s, SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name));

	if (n == NULL)
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(n->by_type); i++) {
		const struct cert *c = n->by_type[i];

		if (c != NULL && SSL_use_cert_and_key(
				     ssl, c->leaf, c->remote, c->chain, 1) != 1)
			return 0;
	}
	return 1;
}

static int
ticket_seal(const struct ticket_key *k, unsigned char *iv, EVP_CIPHER_CTX *aes,
    EVP_MAC_CTX *mac, unsigned char *name, int encrypt)
{
	unsigned char key[sizeof k->mac];
	char sha256[] = "SHA256";
	OSSL_PARAM params[3];
	int ok;

	memcpy(key, k->mac, sizeof key);
	params[0] = OSSL_PARAM_construct_octet_string(
	    OSSL_MAC_PARAM_KEY, key, sizeof key);
	params[1] = OSSL_PARAM_construct_utf8_string(
	    OSSL_MAC_PARAM_DIGEST, sha256, sizeof sha256 - 1);
	params[2] = OSSL_PARAM_construct_end();
	if (encrypt) {
		memcpy(name, k->name, sizeof k->name);
		if (RAND_bytes(
			iv, EVP_CIPHER_get_iv_length(EVP_aes_256_cbc())) != 1)
			return -1;
	}
	ok = EVP_CipherInit_ex(
		 aes, EVP_aes_256_cbc(), NULL, k->aes, iv, encrypt) == 1 &&
	     EVP_MAC_CTX_set_params(mac, params) == 1;
	explicit_bzero(key, sizeof key);
	return ok ? 1 : -1;
}

/* 1: key found; 2: found, but make a new ticket; 0: full handshake. */
static int
on_ticket(SSL *ssl, unsigned char *name, unsigned char *iv, EVP_CIPHER_CTX *aes,
    EVP_MAC_CTX *mac, int encrypt)
{
	const struct tls_server *s = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
	const struct ticket_key *k = s->tickets;
	/* Clients show a TLS 1.3 ticket once (RFC 8446 C.4). */
	const bool single_use = SSL_version(ssl) >= TLS1_3_VERSION;
	int rc;

	if (encrypt)
		return ticket_seal(k, iv, aes, mac, name, 1);
	for (size_t i = 0; i < s->ntickets; i++) {
		if (memcmp(name, k[i].name, sizeof k[i].name) != 0)
			continue;
		rc = ticket_seal(&k[i], iv, aes, mac, name, 0);
		return rc == 1 && (i > 0 || single_use) ? 2 : rc;
	}
	return 0;
}

struct tls_server *
tls_server_new(struct tls_signer *signer)
{
	static const unsigned char id[] = "pabal";
	struct tls_server *s = xcalloc(1, sizeof *s);

	s->ctx = tls_ctx_new(TLS_server_method());
	s->signer = signer;
	s->refs = 1;
	map_init(&s->names);
	must(SSL_CTX_set_cipher_list(s->ctx, suites) == 1);
	must(SSL_CTX_set_session_id_context(s->ctx, id, sizeof id - 1) == 1);
	SSL_CTX_set_app_data(s->ctx, s);
	SSL_CTX_set_cert_cb(s->ctx, on_cert, s);
	SSL_CTX_set_dh_auto(s->ctx, 1);
	SSL_CTX_set_options(s->ctx, SSL_OP_CIPHER_SERVER_PREFERENCE |
					SSL_OP_PRIORITIZE_CHACHA |
					SSL_OP_NO_TICKET);
	SSL_CTX_set_num_tickets(s->ctx, 0);
	return s;
}

struct tls_server *
tls_server_ref(struct tls_server *s)
{
	s->refs++;
	return s;
}

void
tls_server_free(struct tls_server **s)
{
	struct tls_server *k = *s;
	struct map_iter it = { 0 };

	*s = NULL;
	if (k == NULL || --k->refs > 0)
		return;
	SSL_CTX_free(k->ctx);
	while (map_next(&k->names, &it))
		free(it.value);
	map_fini(&k->names);
	for (size_t i = 0; i < k->ncerts; i++)
		cert_free(&k->certs[i]);
	free(k->certs);
	explicit_bzero(k->tickets, sizeof k->tickets);
	free(k);
}

static void
put_name(struct tls_server *s, const char *name, struct cert *c)
{
	struct server_name *n = map_find(&s->names, slice_str(name));
	struct cert **slot;

	if (n == NULL) {
		n = xcalloc(1, sizeof *n);
		(void)map_put(&s->names, slice_str(name), n);
	}
	slot = &n->by_type[c->type];
	if (*slot == NULL || cert_not_after_s(*slot) < cert_not_after_s(c))
		*slot = c;
}

int
tls_server_add(struct tls_server *s, struct slice pem, struct err *err)
{
	struct cert *c;

	if (cert_parse(pem, &c, err) == -1)
		return -1;
	if (remote_key_attach(c, err) == -1) {
		cert_free(&c);
		return -1;
	}
	s->certs = xreallocarray(s->certs, s->ncerts + 1, sizeof *s->certs);
	s->certs[s->ncerts++] = c;
	for (size_t i = 0; cert_name(c, i) != NULL; i++)
		put_name(s, cert_name(c, i), c);
	/* A name no host has stands for the first certificate. */
	if (s->ncerts == 1)
		put_name(s, "", c);
	s->fallback = map_find(&s->names, SLICE(""));
	return 0;
}

int
tls_server_set_ticket_keys(struct tls_server *s, struct slice current,
    struct slice previous, struct err *err)
{
	_Static_assert(sizeof(struct ticket_key) == TLS_TICKET_KEY_SIZE,
	    "a ticket key is 80 bytes");

	if (current.n != TLS_TICKET_KEY_SIZE ||
	    (previous.n != 0 && previous.n != TLS_TICKET_KEY_SIZE))
		return err_set(err, ERR_PERM, "ticket key of wrong size");
	memcpy(&s->tickets[0], current.p, current.n);
	s->ntickets = 1;
	if (previous.n > 0) {
		memcpy(&s->tickets[1], previous.p, previous.n);
		s->ntickets = 2;
	}
	SSL_CTX_set_tlsext_ticket_key_evp_cb(s->ctx, on_ticket);
	SSL_CTX_clear_options(s->ctx, SSL_OP_NO_TICKET);
	SSL_CTX_set_num_tickets(s->ctx, 1);
	return 0;
}

SSL_CTX *
tls_server_ctx(const struct tls_server *s)
{
	return s->ctx;
}

struct tls_signer *
tls_server_signer(const struct tls_server *s)
{
	return s->signer;
}
