/* SPDX-License-Identifier: ISC */
/*
 * A message for a host that takes less than it holds: 7-bit only (no 8BITMIME,
 * RFC 6152 3), and always lines of at most 998 bytes (RFC 5321 4.5.3.1.6).
 *
 * The leaf parts that need it become quoted-printable (text) or base 64; their
 * decoded content stays the same.  Header fields become encoded words, folded
 * (mime/sevenbit.h).  What is signed or encrypted (RFC 1847) may not be
 * changed: then there is no plan, unless it is forced (for reports, of which a
 * changed copy is better than none).
 *
 * A message of BINARYMIME (RFC 3030) becomes text: parts with a CR, an LF or a
 * NUL by itself become base 64 for any host, and none is labelled binary.
 *
 * The message goes through three times, in pieces, its line ends CRLF (those of
 * BINARYMIME as they are): for its
 * structure, for what its parts hold, and to be written.  Memory is bound by
 * the limits of the parser.
 */
#ifndef MIME_DOWNGRADE_H
#define MIME_DOWNGRADE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

struct buf;
struct downgrade;

struct downgrade *downgrade_new(void);
void downgrade_free(struct downgrade **d);
/* Before the first time: the message is BINARYMIME. */
void downgrade_set_binary(struct downgrade *d);

/* The first time, and its end. */
void downgrade_read(struct downgrade *d, struct slice piece);
void downgrade_read_end(struct downgrade *d);
/* The second time. */
void downgrade_measure(struct downgrade *d, struct slice piece);

/* Decide what becomes of each part; may be asked again.  False: parts that may
 * not be changed would have to be. */
bool downgrade_plan(struct downgrade *d, bool seven_bit, bool force);
/* About how large the result is (RFC 1870 6.1), never less than the message. */
uint64_t downgrade_size(const struct downgrade *d);

/* The third time, from the beginning after each plan: add what becomes of
 * PIECE to OUT. */
void downgrade_write(struct downgrade *d, struct slice piece, struct buf *out);

#endif
