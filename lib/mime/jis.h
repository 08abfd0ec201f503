/* SPDX-License-Identifier: ISC */
/*
 * ISO-2022-JP as mail has it (RFC 1468, Microsoft's CP50220 to 50222) to
 * EUC-JP, in pieces.  Beside JIS X 0208 there are NEC's and IBM's characters in
 * its unused rows, JIS X 0212 and half-width kana (by escape, by SO and with
 * the eighth bit).  A line end leads back to ASCII.
 */
#ifndef MIME_JIS_H
#define MIME_JIS_H

#include <stdbool.h>

#include "base/slice.h"

struct buf;

enum { JIS_KEPT_MAX = 4 };

enum jis_set { JIS_ASCII, JIS_KANA, JIS_X0208, JIS_X0212 };

/* Zeroed to begin. */
struct jis {
	enum jis_set set;
	bool shifted;            /* SO: kana, until SI */
	char kept[JIS_KEPT_MAX]; /* of an escape sequence or a character */
	size_t nkept;
};

/* What stands for nothing becomes JIS_BAD, which EUC-JP does not have. */
#define JIS_BAD '\xff'

/* Add IN to OUT, whole characters of EUC-JP (as eucJP-ms has it). */
void jis_feed(struct jis *j, struct slice in, struct buf *out);
/* The text ends: what is kept becomes JIS_BAD, the state starts anew. */
void jis_finish(struct jis *j, struct buf *out);

#endif
