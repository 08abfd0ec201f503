/* SPDX-License-Identifier: ISC */
#ifndef SYS_CLOCKTEXT_H
#define SYS_CLOCKTEXT_H

#include <stdint.h>

enum { CLOCKTEXT_SIZE = 32 };
/* "2026-12-01T10:25:00Z" (RFC 3339), without a fraction, of UNIX_S; "": there
 * is none of a year of four digits. */
void clocktext_format(int64_t unix_s, char text[CLOCKTEXT_SIZE]);

#endif
