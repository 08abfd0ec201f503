/* SPDX-License-Identifier: ISC */
/* What is said to filters; each call adds a frame to OUT. */
#ifndef SMFI_COMMAND_H
#define SMFI_COMMAND_H

#include <stdint.h>

#include "base/buf.h"
#include "base/slice.h"
#include "smfi/protocol.h"

/* COMMAND and N texts, each cut where a NUL stands in it and where the frame
 * would become longer than libmilter reads. */
void smfi_command_put(struct buf *out, enum smfi_command command,
    const struct slice *texts, size_t n);
/* The client: NAME, and IP, an address of IPv4 or IPv6; of any other client
 * nothing more is known. */
void smfi_command_connect(
    struct buf *out, struct slice name, struct slice ip, uint16_t port);
/* At most SMFI_CHUNK_BYTES of a body. */
void smfi_command_body(struct buf *out, struct slice bytes);
void smfi_command_options(struct buf *out, uint32_t actions, uint32_t steps);

/* A frame that is written piece by piece, and its length at the end. */
size_t smfi_command_begin(struct buf *out, enum smfi_command command);
void smfi_command_end(struct buf *out, size_t begun);

#endif
