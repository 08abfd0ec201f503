/* SPDX-License-Identifier: ISC */
#include "dkim/key.h"

#include "base/base64.h"
#include "mime/taglist.h"
#include "tls/pubkey.h"

enum { RAW_ED25519 = 32, KEY_MAX = 4096 };

/* Is WORD in LIST, whose words are parted by colons? */
static bool
has_word(struct slice list, const char *word)
{
	while (list.n > 0)
		if (slice_iis(slice_trim(slice_cut(list, ':', &list)), word))
			return true;
	return false;
}

/* p=: SPKI or, as some publish, RSAPublicKey; of Ed25519 the bare 32 bytes. */
static struct tls_pubkey *
parse_public(struct slice p, enum dkim_alg alg)
{
	struct buf text = { .max = KEY_MAX * 2 }, bytes = { .max = KEY_MAX };
	struct tls_pubkey *key = NULL;
	struct err err;

	taglist_compact(p, &text);
	if (!text.failed && base64_decode(&bytes, buf_slice(&text)))
		key = alg == DKIM_ED25519_SHA256 && bytes.n == RAW_ED25519
			  ? tls_pubkey_ed25519(buf_slice(&bytes), &err)
			  : tls_pubkey_der(buf_slice(&bytes), &err);
	buf_fini(&text);
	buf_fini(&bytes);
	return key;
}

static const char *
unfit(const struct taglist *t, enum dkim_alg alg)
{
	const bool rsa = alg == DKIM_RSA_SHA256;
	const struct slice v = taglist_get(t, "v"), h = taglist_get(t, "h");
	const struct slice k = taglist_get(t, "k"), s = taglist_get(t, "s");

	if (v.p != NULL &&
	    (!slice_is(v, "DKIM1") || !slice_is(t->tags[0].name, "v")))
		return "not a key record";
	if (h.p != NULL && !has_word(h, "sha256"))
		return "the key is not for SHA-256";
	if (k.p == NULL ? !rsa : !slice_iis(k, rsa ? "rsa" : "ed25519"))
		return "the key is not of the signature's type";
	if (s.p != NULL && !has_word(s, "*") && !has_word(s, "email"))
		return "the key is not for mail";
	return NULL;
}

bool
dkim_key_parse(
    struct slice txt, enum dkim_alg alg, struct dkim_key *key, const char **why)
{
	const enum tls_pubkey_alg wanted =
	    alg == DKIM_RSA_SHA256 ? PUBKEY_RS256 : PUBKEY_EDDSA;
	struct taglist t;
	struct slice p;

	*key = (struct dkim_key){ 0 };
	if (!taglist_parse(txt, &t) || taglist_get(&t, "p").p == NULL) {
		*why = "not a key record";
		return false;
	}
	*why = unfit(&t, alg);
	if (*why != NULL)
		return false;
	p = taglist_get(&t, "p");
	if (p.n == 0) {
		*why = "the key is revoked";
		return false;
	}
	key->testing = has_word(taglist_get(&t, "t"), "y");
	key->exact = has_word(taglist_get(&t, "t"), "s");
	key->key = parse_public(p, alg);
	if (key->key != NULL && tls_pubkey_alg(key->key) == wanted)
		return true;
	dkim_key_fini(key);
	*why = "p= is no public key";
	return false;
}

void
dkim_key_fini(struct dkim_key *key)
{
	tls_pubkey_free(&key->key);
}

bool
dkim_key_shows(struct slice txt, struct slice p)
{
	struct buf shown = { .max = KEY_MAX * 2 };
	struct taglist t;
	bool same;

	if (!taglist_parse(txt, &t))
		return false;
	taglist_compact(taglist_get(&t, "p"), &shown);
	same = !shown.failed && p.n > 0 && slice_eq(buf_slice(&shown), p);
	buf_fini(&shown);
	return same;
}

void
dkim_key_record(const char *type, struct slice p, struct buf *out)
{
	buf_addf(out, "v=DKIM1; k=%s; p=%.*s", type, SLICE_FMT(p));
}
