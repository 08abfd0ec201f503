/* SPDX-License-Identifier: ISC */
/*
 * What each protocol says of an error: the one place where a code of base/err.h
 * becomes a word of a protocol.  The text of the error stands behind the word.
 */
#ifndef PROTO_ERRWORDS_H
#define PROTO_ERRWORDS_H

#include <stdbool.h>

#include "base/err.h"

/* IMAP's response code, without its brackets (RFC 9051 7.1, RFC 5530, RFC
 * 9208); NULL for a permanent refusal that has no word but its text. */
const char *errwords_imap(enum err_class class, enum err_code code);
/* POP3's response code, without its brackets (RFC 2449 8, RFC 3206). */
const char *errwords_pop3(enum err_class class, enum err_code code);
/* ManageSieve's response code, without its parentheses (RFC 5804 1.3); NULL for
 * a permanent refusal that has no word but its text. */
const char *errwords_managesieve(enum err_class class, enum err_code code);
/* The enhanced status code (RFC 3463) into OUT: "4.2.2".  OTHER ("2.0") is
 * what stands behind the class where the code has no status of its own. */
enum { ERRWORDS_DSN = 8 };
const char *errwords_dsn(enum err_class class, enum err_code code,
    const char *other, char out[ERRWORDS_DSN]);
/* May the text go to a client?  Not that of a temporary failure of ours, which
 * is for the log: it names files and says what the kernel said. */
bool errwords_public(enum err_class class, enum err_code code);
/* What a client may read of ERR: its text, or that it is to try again. */
const char *errwords_text(const struct err *err);

#endif
