/* SPDX-License-Identifier: ISC */
/* A signature as its header field tells of it: DKIM-Signature (RFC 6376 3.5),
 * ARC-Message-Signature and ARC-Seal (RFC 8617 4.1). */
#ifndef DKIM_SIGNATURE_H
#define DKIM_SIGNATURE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/slice.h"
#include "dkim/canon.h"
#include "dkim/result.h"

enum {
	DKIM_NAMES_MAX = 512,     /* in h= */
	DKIM_NAME_LABEL_MAX = 63, /* of one label of s= and d= */
	DKIM_SIGNED_MAX = 2048,   /* bytes of a signature */
};

enum dkim_kind { DKIM_FIELD, DKIM_AMS, DKIM_AS };
enum dkim_alg { DKIM_RSA_SHA256, DKIM_ED25519_SHA256 };

struct dkim_signature {
	enum dkim_kind kind;
	struct slice raw; /* the field */
	enum dkim_alg alg;
	enum dkim_canon head, body;
	struct slice domain, selector; /* lower case */
	struct slice identity;         /* i=; "@" and the domain without one */
	struct slice *names;           /* h=, in its order */
	size_t nnames;
	uint8_t body_hash[32];
	struct slice signature; /* b=, its bytes */
	struct slice start;     /* b=, the first 8 characters */
	bool has_length;
	uint64_t length;             /* l= */
	int64_t signed_s, expires_s; /* t=, x=; -1: none */
	unsigned instance;           /* i= of ARC */
	struct slice chain;          /* cv= of ARC-Seal */
};

/* Read the field RAW, whose value is VALUE.  False: *RESULT and *WHY say what
 * is wrong with it; what could be read is in S all the same.  S points to RAW
 * and A. */
bool dkim_signature_parse(enum dkim_kind kind, struct slice raw,
    struct slice value, struct arena *a, struct dkim_signature *s,
    enum dkim_result *result, const char **why);

/* Add RAW without what b= has in it and without its line end (3.7). */
void dkim_signature_unsigned(struct slice raw, struct buf *out);

/* "rsa-sha256" */
const char *dkim_alg_name(enum dkim_alg alg);

#endif
