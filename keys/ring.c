/* SPDX-License-Identifier: ISC */
#include "keys/ring.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "ipc/keys.h"
#include "keys/files.h"
#include "log/log.h"

static const char mend[] = "\"pabal cert install\" puts both in place";

/* Everything found in the files, before it is paired. */
struct haul {
	struct keys_pair *certs; /* key still NULL */
	size_t ncerts;
	struct privkey **keys;
	size_t nkeys;
	const char *first;   /* the file that must be among the pairs */
	struct err no_first; /* why there is no certificate in it */
	struct err no_key;   /* why a file that may hold its key is of no use */
};

static void
skip(const char *file, const struct err *err)
{
	log_warn("keys.skipped", kv_s("file", file), kv_s("why", err->text));
}

static void
take_key(struct haul *f, const char *file, struct slice body)
{
	struct privkey *key;
	struct err err;

	if (privkey_parse(body, &key, &err) == -1) {
		skip(file, &err);
		f->no_key = err;
		return;
	}
	f->keys =
	    xreallocarray(f->keys, f->nkeys + 1, sizeof(struct privkey *));
	f->keys[f->nkeys++] = key;
}

/* A chain must also fit into one frame of those who present it. */
static int
parse_cert(struct slice body, struct cert **cert, struct err *err)
{
	struct buf pem;

	if (cert_parse(body, cert, err) == -1)
		return -1;
	buf_init(&pem, KEYS_PEM_MAX);
	cert_format(*cert, &pem);
	if (pem.failed) {
		cert_free(cert);
		err_set(
		    err, ERR_PERM, "chain of more than %d bytes", KEYS_PEM_MAX);
	}
	buf_fini(&pem);
	return *cert != NULL ? 0 : -1;
}

static void
take_cert(struct haul *f, const char *file, struct slice body)
{
	struct cert *cert;
	struct err err;

	if (parse_cert(body, &cert, &err) == -1) {
		skip(file, &err);
		if (strcmp(file, f->first) == 0)
			f->no_first = err;
		return;
	}
	f->certs =
	    xreallocarray(f->certs, f->ncerts + 1, sizeof(struct keys_pair));
	f->certs[f->ncerts++] =
	    (struct keys_pair){ .cert = cert, .file = xstrdup(file) };
}

static bool
holds(struct slice body, struct slice what)
{
	return slice_search(body, what) < body.n;
}

static void
read_one(struct haul *f, int dirfd, const char *file)
{
	struct buf body;
	struct err err = { 0 };

	buf_init(&body, KEYS_RING_FILE_BYTES);
	/* At its full size from the start: a buffer that grows leaves copies
	 * of keys behind in freed memory. */
	(void)buf_room(&body, KEYS_RING_FILE_BYTES);
	if (keys_files_read(dirfd, file, &body, &err) == -1) {
		skip(file, &err);
		*(strcmp(file, f->first) == 0 ? &f->no_first : &f->no_key) =
		    err;
	} else {
		if (holds(buf_slice(&body), SLICE("PRIVATE KEY-----")))
			take_key(f, file, buf_slice(&body));
		if (holds(buf_slice(&body), SLICE("BEGIN CERTIFICATE-----")))
			take_cert(f, file, buf_slice(&body));
	}
	if (body.p != NULL)
		explicit_bzero(body.p, body.cap);
	buf_fini(&body);
}

/* Is A the better file for the same key: newer, else with more chain? */
static bool
better(const struct cert *a, const struct cert *b)
{
	if (cert_not_after_s(a) != cert_not_after_s(b))
		return cert_not_after_s(a) > cert_not_after_s(b);
	return cert_chain_len(a) > cert_chain_len(b);
}

static struct privkey *
take_key_of(struct haul *f, const char *id)
{
	for (size_t i = 0; i < f->nkeys; i++) {
		struct privkey *k = f->keys[i];

		if (k != NULL && strcmp(privkey_id(k), id) == 0) {
			f->keys[i] = NULL;
			return k;
		}
	}
	return NULL;
}

static struct keys_pair *
pair_of(struct keys_ring *ring, const char *id)
{
	for (size_t i = 0; i < ring->n; i++)
		if (strcmp(cert_key_id(ring->pairs[i].cert), id) == 0)
			return &ring->pairs[i];
	return NULL;
}

/* Put a certificate into the ring if its key is there. */
static void
place(struct keys_ring *ring, struct haul *f, struct keys_pair *c,
    const char *first)
{
	struct keys_pair *old = pair_of(ring, cert_key_id(c->cert));
	struct cert *swap = c->cert;

	if (old != NULL) {
		/* The file that was named is the one that counts. */
		if (strcmp(old->file, first) != 0 &&
		    (strcmp(c->file, first) == 0 || better(swap, old->cert))) {
			char *file = old->file;

			c->cert = old->cert;
			old->cert = swap;
			old->file = c->file;
			c->file = file;
		}
		return;
	}
	c->key = take_key_of(f, cert_key_id(c->cert));
	if (c->key == NULL) {
		log_debug("keys.no-key", kv_s("file", c->file));
		return;
	}
	ring->pairs[ring->n++] = *c;
	*c = (struct keys_pair){ 0 };
}

static void
found_fini(struct haul *f)
{
	for (size_t i = 0; i < f->nkeys; i++)
		privkey_free(&f->keys[i]);
	for (size_t i = 0; i < f->ncerts; i++) {
		cert_free(&f->certs[i].cert);
		free(f->certs[i].file);
	}
	free(f->keys);
	free(f->certs);
}

/* The pair of file FIRST goes to the front; false when there is none. */
static bool
put_first(struct keys_ring *ring, const char *first)
{
	for (size_t i = 0; i < ring->n; i++) {
		const struct keys_pair p = ring->pairs[i];

		if (strcmp(p.file, first) != 0)
			continue;
		memmove(ring->pairs + 1, ring->pairs, i * sizeof p);
		ring->pairs[0] = p;
		return true;
	}
	return false;
}

/* Say why FIRST has no pair, and what mends it. */
static int
fail(const struct haul *f, const struct keys_files *files, struct err *err)
{
	bool listed = false, parsed = false;

	for (size_t i = 0; i < files->n; i++)
		listed = listed || strcmp(files->names[i], f->first) == 0;
	for (size_t i = 0; i < f->ncerts; i++)
		parsed = parsed || (f->certs[i].file != NULL &&
				       strcmp(f->certs[i].file, f->first) == 0);
	if (!listed)
		return err_set(err, ERR_PERM,
		    "%s is not in the directory of tls_key: %s", f->first,
		    mend);
	if (!parsed)
		return err_set(err, ERR_PERM, "%.150s: %s",
		    f->no_first.class != ERR_NONE ? f->no_first.text
						  : "no certificate in it",
		    mend);
	if (f->no_key.class != ERR_NONE)
		return err_set(err, ERR_PERM,
		    "%s: its key is not found (%.120s): %s", f->first,
		    f->no_key.text, mend);
	return err_set(err, ERR_PERM,
	    "%s: no private key beside it belongs to it: %s", f->first, mend);
}

int
keys_ring_load(
    int dirfd, const char *first, struct keys_ring **out, struct err *err)
{
	struct keys_ring *ring;
	struct keys_files files;
	struct haul f = { .first = first };

	*out = NULL;
	if (keys_files_list(dirfd, &files, err) == -1)
		return err_set(err, ERR_TEMP,
		    "the directory of tls_key cannot be read by keys (%s): %s",
		    strerrordesc_np(errno), mend);
	for (size_t i = 0; i < files.n; i++)
		read_one(&f, dirfd, files.names[i]);
	ring = xcalloc(1, sizeof *ring);
	ring->stamp = files.stamp;
	ring->pairs = xcalloc(f.ncerts + 1, sizeof *ring->pairs);
	for (size_t i = 0; i < f.ncerts; i++)
		place(ring, &f, &f.certs[i], first);
	if (!put_first(ring, first)) {
		keys_ring_free(&ring);
		(void)fail(&f, &files, err);
	}
	found_fini(&f);
	keys_files_fini(&files);
	*out = ring;
	return ring != NULL ? 0 : -1;
}

void
keys_ring_free(struct keys_ring **ring)
{
	struct keys_ring *r = *ring;

	*ring = NULL;
	if (r == NULL)
		return;
	for (size_t i = 0; i < r->n; i++) {
		cert_free(&r->pairs[i].cert);
		privkey_free(&r->pairs[i].key);
		free(r->pairs[i].file);
	}
	free(r->pairs);
	free(r);
}

uint64_t
keys_ring_stamp(int dirfd)
{
	struct keys_files files;
	uint64_t stamp;

	if (keys_files_list(dirfd, &files, NULL) == -1)
		return 0;
	stamp = files.stamp;
	keys_files_fini(&files);
	return stamp;
}

const struct privkey *
keys_ring_key(const struct keys_ring *ring, struct slice id)
{
	for (size_t i = 0; ring != NULL && i < ring->n; i++)
		if (slice_is(id, privkey_id(ring->pairs[i].key)))
			return ring->pairs[i].key;
	return NULL;
}

int64_t
keys_ring_expires_s(const struct keys_ring *ring, const char **file)
{
	int64_t first = 0;

	*file = NULL;
	for (size_t i = 0; ring != NULL && i < ring->n; i++) {
		const int64_t t = cert_not_after_s(ring->pairs[i].cert);

		if (first == 0 || t < first) {
			first = t;
			*file = ring->pairs[i].file;
		}
	}
	return first;
}
