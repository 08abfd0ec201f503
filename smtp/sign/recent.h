/* SPDX-License-Identifier: ISC */
/* Signatures of the messages that were signed last: one that goes to many hosts
 * is signed once. */
#ifndef SMTP_SIGN_RECENT_H
#define SMTP_SIGN_RECENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/slice.h"

/* FIELDS are those of message QID, whose CRC-32C is CRC, under the keys of
 * GENERATION. */
void smtp_recent_put(
    struct slice qid, uint32_t crc, unsigned generation, struct slice fields);
/* Add them to OUT; false: they are not there, or too old. */
bool smtp_recent_find(
    struct slice qid, uint32_t crc, unsigned generation, struct buf *out);

#endif
