/* SPDX-License-Identifier: ISC */
#include "dkim/signature.h"

#include <string.h>

#include "base/ascii.h"
#include "base/base64.h"
#include "base/cur.h"
#include "base/mem.h"
#include "mime/header.h"
#include "mime/taglist.h"
#include "proto/domain.h"

enum { START = 8, HASH = 32 };

/* What is being read, and what is wrong with it: the first thing counts. */
struct sig_reading {
	struct taglist tags;
	struct arena *arena;
	struct dkim_signature *s;
	enum dkim_result result;
	const char *why;
};

const char *
dkim_result_name(enum dkim_result result)
{
	static const char *const names[] = { DKIM_RESULTS(WORDS_TEXT) };

	return names[result];
}

const char *
dkim_alg_name(enum dkim_alg alg)
{
	return alg == DKIM_RSA_SHA256 ? "rsa-sha256" : "ed25519-sha256";
}

static void
wrong(struct sig_reading *r, enum dkim_result result, const char *why)
{
	if (r->why != NULL)
		return;
	r->result = result;
	r->why = why;
}

static struct slice
tag(const struct sig_reading *r, const char *name)
{
	return taglist_get(&r->tags, name);
}

/* A name of the DNS in A-labels (RFC 8616 4), as it is printed in results. */
static bool
is_name(struct slice s)
{
	size_t label = 0;

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '.' ? label == 0
				  : !ascii_isalnum(s.p[i]) && s.p[i] != '-' &&
					s.p[i] != '_')
			return false;
		label = s.p[i] == '.' ? 0 : label + 1;
		if (label > DKIM_NAME_LABEL_MAX)
			return false;
	}
	return label > 0 && s.n <= 253;
}

static void
parse_names(struct sig_reading *r)
{
	const struct slice d = tag(r, "d"), sel = tag(r, "s");

	if (d.p == NULL || sel.p == NULL)
		wrong(r, DKIM_NEUTRAL, "no d= or no s=");
	else if (!is_name(d) || !is_name(sel))
		wrong(r, DKIM_NEUTRAL, "d= or s= is no name");
	if (d.p != NULL && is_name(d))
		r->s->domain = arena_lower(r->arena, d);
	if (sel.p != NULL && is_name(sel))
		r->s->selector = arena_lower(r->arena, sel);
}

static void
parse_alg(struct sig_reading *r)
{
	const struct slice a = tag(r, "a");

	if (a.p == NULL)
		wrong(r, DKIM_NEUTRAL, "no a=");
	else if (slice_iis(a, "rsa-sha256"))
		r->s->alg = DKIM_RSA_SHA256;
	else if (slice_iis(a, "ed25519-sha256"))
		r->s->alg = DKIM_ED25519_SHA256;
	else if (slice_iis(a, "rsa-sha1")) /* RFC 8301 3.1 */
		wrong(r, DKIM_POLICY, "SHA-1 is not accepted");
	else
		wrong(r, DKIM_NEUTRAL, "unknown algorithm");
}

static bool
parse_canon_word(struct slice word, enum dkim_canon *canon)
{
	*canon = slice_iis(word, "relaxed") ? DKIM_RELAXED : DKIM_SIMPLE;
	return *canon == DKIM_RELAXED || slice_iis(word, "simple");
}

/* c=: without its second word the body's form is simple. */
static void
parse_canon(struct sig_reading *r)
{
	const struct slice c = tag(r, "c");
	struct slice body;
	const struct slice head = slice_cut(c, '/', &body);

	r->s->head = r->s->body = DKIM_SIMPLE;
	if (r->s->kind == DKIM_AS)
		r->s->head = DKIM_RELAXED; /* and c= has no meaning there */
	else if (c.p != NULL &&
		 (!parse_canon_word(head, &r->s->head) ||
		     (head.n < c.n && !parse_canon_word(body, &r->s->body))))
		wrong(r, DKIM_NEUTRAL, "unknown canonicalization");
}

/* The bytes that NAME has in base 64, at most MAX. */
static struct slice
parse_base64(struct sig_reading *r, const char *name, size_t max)
{
	struct buf text = { .max = max * 2 + 8 }, bytes = { .max = max };
	const struct slice value = tag(r, name);
	struct slice done = { 0 };

	if (value.p == NULL || value.n == 0) {
		wrong(r, DKIM_NEUTRAL, "no b= or no bh=");
		return done;
	}
	taglist_compact(value, &text);
	if (!text.failed && base64_decode(&bytes, buf_slice(&text)))
		done = arena_slice(r->arena, buf_slice(&bytes));
	else
		wrong(r, DKIM_NEUTRAL, "b= or bh= is not base 64");
	if (strcmp(name, "b") == 0)
		r->s->start = arena_slice(
		    r->arena, slice_sub(buf_slice(&text), 0, START));
	buf_fini(&bytes);
	buf_fini(&text);
	return done;
}

static void
parse_body_hash(struct sig_reading *r)
{
	const struct slice bh = parse_base64(r, "bh", DIGEST_MAX);

	if (bh.n == HASH)
		memcpy(r->s->body_hash, bh.p, HASH);
	else
		wrong(r, DKIM_NEUTRAL, "bh= has not the length of its hash");
}

static bool
is_field_name(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!ascii_isprint(s.p[i]) || s.p[i] == ' ' || s.p[i] == ':')
			return false;
	return s.n > 0;
}

/* h=; From must be in it (RFC 6376 6.1.1), and in ARC-Message-Signature no
 * ARC-Seal (RFC 8617 4.1.2). */
static void
parse_fields(struct sig_reading *r)
{
	struct slice rest = tag(r, "h");
	bool from = false;

	if (rest.p == NULL) {
		wrong(r, DKIM_NEUTRAL, "no h=");
		return;
	}
	r->s->names =
	    arena_alloc(r->arena, DKIM_NAMES_MAX * sizeof *r->s->names);
	while (rest.n > 0) {
		struct slice name = slice_trim(slice_cut(rest, ':', &rest));

		if (!is_field_name(name) || r->s->nnames == DKIM_NAMES_MAX) {
			wrong(r, DKIM_NEUTRAL, "h= is no list of fields");
			return;
		}
		name = arena_lower(r->arena, name);
		r->s->names[r->s->nnames++] = name;
		from |= slice_is(name, "from");
		if (r->s->kind == DKIM_AMS && slice_is(name, "arc-seal"))
			wrong(r, DKIM_NEUTRAL, "ARC-Seal is in h=");
	}
	if (!from)
		wrong(r, DKIM_PERMERROR, "From is not signed");
}

/* Seconds since 1970, or -1 where there is no such tag.  More than 12 digits
 * are as good as never. */
static int64_t
parse_time(struct sig_reading *r, const char *name)
{
	const struct slice value = tag(r, name);
	struct cur c = cur_of(value);
	uint64_t s;

	if (value.p == NULL)
		return -1;
	s = cur_u64(&c, 999999999999);
	if (cur_end(&c))
		return (int64_t)s;
	wrong(r, DKIM_NEUTRAL, "t= or x= is no time");
	return -1;
}

static void
parse_times(struct sig_reading *r)
{
	r->s->signed_s = parse_time(r, "t");
	r->s->expires_s = r->s->kind == DKIM_FIELD ? parse_time(r, "x") : -1;
	if (r->s->signed_s >= 0 && r->s->expires_s >= 0 &&
	    r->s->expires_s < r->s->signed_s)
		wrong(r, DKIM_NEUTRAL, "x= is before t=");
}

static void
parse_length(struct sig_reading *r)
{
	const struct slice value = tag(r, "l");
	struct cur c = cur_of(value);

	if (value.p == NULL)
		return;
	r->s->has_length = true;
	r->s->length = cur_u64(&c, INT64_MAX);
	if (!cur_end(&c))
		wrong(r, DKIM_NEUTRAL, "l= is no length");
}

/* i= of DKIM-Signature: its domain is d= or beneath it. */
static void
parse_identity(struct sig_reading *r)
{
	struct slice i = tag(r, "i");
	const size_t at = slice_rfind(i, '@');

	if (i.p == NULL) {
		struct buf b = { .max = 512 };

		buf_addc(&b, '@');
		buf_add(&b, r->s->domain);
		r->s->identity = arena_slice(r->arena, buf_slice(&b));
		buf_fini(&b);
		return;
	}
	r->s->identity = i;
	if (at == i.n ||
	    !domain_is_beneath(slice_from(i, at + 1), r->s->domain))
		wrong(r, DKIM_PERMERROR, "i= is not of the domain d=");
}

/* i= of ARC: 1 to 50 (RFC 8617 4.2.1). */
static void
parse_instance(struct sig_reading *r)
{
	struct cur c = cur_of(tag(r, "i"));

	r->s->instance = (unsigned)cur_u64(&c, 50);
	if (!cur_end(&c) || r->s->instance == 0)
		wrong(r, DKIM_NEUTRAL, "i= is no instance");
}

static void
parse_for_kind(struct sig_reading *r)
{
	const struct slice v = tag(r, "v"), q = tag(r, "q");

	switch (r->s->kind) {
	case DKIM_FIELD:
		if (!slice_is(v, "1"))
			wrong(r, DKIM_NEUTRAL, "v= is not 1");
		if (q.p != NULL && !slice_istarts(q, SLICE("dns/txt")) &&
		    slice_search(q, SLICE("dns/txt")) == q.n)
			wrong(r, DKIM_NEUTRAL, "q= has no dns/txt");
		parse_identity(r);
		break;
	case DKIM_AMS:
		parse_instance(r);
		break;
	case DKIM_AS:
		parse_instance(r);
		r->s->chain = tag(r, "cv");
		if (tag(r, "h").p != NULL)
			wrong(r, DKIM_NEUTRAL, "ARC-Seal has h=");
		return;
	}
	parse_body_hash(r);
	parse_fields(r);
	parse_length(r);
}

bool
dkim_signature_parse(enum dkim_kind kind, struct slice raw, struct slice value,
    struct arena *a, struct dkim_signature *s, enum dkim_result *result,
    const char **why)
{
	struct sig_reading r = { .arena = a, .s = s };

	*s = (struct dkim_signature){
		.kind = kind, .raw = raw, .signed_s = -1, .expires_s = -1
	};
	if (!taglist_parse(value, &r.tags))
		wrong(&r, DKIM_NEUTRAL, "not a list of tags");
	parse_names(&r);
	parse_alg(&r);
	parse_canon(&r);
	s->signature = parse_base64(&r, "b", DKIM_SIGNED_MAX);
	parse_times(&r);
	parse_for_kind(&r);
	*result = r.result;
	*why = r.why;
	return r.why == NULL;
}

/* The value of the tag b in a list of tags, with all white space around it. */
static struct slice
find_b(struct slice list)
{
	while (list.n > 0) {
		const struct slice spec = slice_cut(list, ';', &list);
		struct slice value;

		if (slice_is(slice_trim(slice_cut(spec, '=', &value)), "b"))
			return value;
	}
	return (struct slice){ NULL, 0 };
}

void
dkim_signature_unsigned(struct slice raw, struct buf *out)
{
	struct slice b;

	raw = slice_chomp(raw);
	b = find_b(slice_from(raw, slice_find(raw, ':') + 1));
	if (b.n == 0) {
		buf_add(out, raw);
		return;
	}
	buf_add(out, slice_sub(raw, 0, (size_t)(b.p - raw.p)));
	buf_add(out, slice_from(raw, (size_t)(b.p + b.n - raw.p)));
}
