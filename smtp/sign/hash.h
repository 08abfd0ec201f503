/* SPDX-License-Identifier: ISC */
/* What a signature is made over: a message read as its host will get it. */
#ifndef SMTP_SIGN_HASH_H
#define SMTP_SIGN_HASH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"

struct smtp_hash;
struct smtp_job;

enum smtp_hash_end {
	SMTP_HASH_MORE, /* another step, in another turn */
	SMTP_HASH_DONE,
	SMTP_HASH_DAMAGED, /* its checksum is wrong, so it will not be sent */
	SMTP_HASH_ERROR,   /* it cannot be read */
};

/* CONVERTS: by the plan of JOB's conversion, from its beginning. */
struct smtp_hash *smtp_hash_new(const struct smtp_job *job, bool converts);
void smtp_hash_free(struct smtp_hash **h);
enum smtp_hash_end smtp_hash_step(struct smtp_hash *h, struct err *err);
/* When that is done: add the field to FIELD, up to "b=", and give what is to be
 * signed, by a key of RSA or Ed25519.  Then its end. */
void smtp_hash_field(const struct smtp_hash *h, bool rsa, struct slice domain,
    struct slice selector, struct buf *field, uint8_t digest[32]);
void smtp_hash_field_end(struct buf *field, struct slice signature);

#endif
