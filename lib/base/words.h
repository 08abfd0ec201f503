/* SPDX-License-Identifier: ISC */
/*
 * An enum and its words from one list, so that they cannot part:
 *
 *   #define SYNC_METHODS(W) W(SYNC_AUTO, "auto") W(SYNC_FSYNC, "fsync")
 *   enum sync_method { SYNC_METHODS(WORDS_ID) };
 *   static const char *const names[] = { SYNC_METHODS(WORDS_TEXT) };
 */
#ifndef BASE_WORDS_H
#define BASE_WORDS_H

#define WORDS_ID(id, word)   id,
#define WORDS_TEXT(id, word) word,

#endif
