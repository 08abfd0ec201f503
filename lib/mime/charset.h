/* SPDX-License-Identifier: ISC */
/*
 * Text in any charset to UTF-8, in pieces, through iconv.  ASCII and UTF-8 do
 * not reach iconv.  What cannot be read becomes U+FFFD, never an error, and
 * what follows it is read: mail lies about its charset.
 */
#ifndef MIME_CHARSET_H
#define MIME_CHARSET_H

#include <stdbool.h>

#include "base/slice.h"

struct buf;
struct charset;

/* glibc loads a table from a file when a charset is first used: call once
 * before the process gives up the file system, so that the usual ones work
 * behind it, and RARE ones too.  Each is five mappings more to be copied by
 * fork. */
void charset_preload(bool rare);
/* In the child of a fork that has no more of glibc's tables: what needs one is
 * from now on not known.  MAY_BE: is NAME one that glibc may have?  NULL: each
 * is. */
void charset_forgo(bool (*may_be)(struct slice name));
/* Has such a one been asked for since?  What it would have been nobody knows.
 */
bool charset_was_missed(void);
/* Add the names of those that can be opened, with blanks between. */
void charset_list(struct buf *out);

/* A converter from charset NAME (MIME or IANA name, any case); NULL when it is
 * not known.  Names that mail uses for a subset of what it sends (EUC-KR,
 * GB2312, Shift_JIS, ISO-2022-JP, ISO-8859-1) stand for the larger one;
 * US-ASCII is charset_guess. */
struct charset *charset_open(struct slice name);
/* For text whose charset nobody told: UTF-8 where it is that, windows-1252
 * where it is not. */
struct charset *charset_guess(void);
/* CS may point at NULL; leaves NULL. */
void charset_close(struct charset **cs);
/* Add IN as UTF-8; a character that IN ends within is kept for the next piece.
 * OUT always gets whole characters. */
void charset_feed(struct charset *cs, struct slice in, struct buf *out);
/* The text ends: what is kept becomes U+FFFD, the state starts anew. */
void charset_finish(struct charset *cs, struct buf *out);

/* All of IN at once.  An unknown charset is guessed; false tells. */
bool charset_to_utf8(struct buf *out, struct slice name, struct slice in);

#endif
