/* SPDX-License-Identifier: ISC */
/* Answers to what a script asks about its account. */
#ifndef SCRIPT_ANSWER_H
#define SCRIPT_ANSWER_H

#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"

struct account;
struct account_script;
struct msg_sieve_ask;
struct script_worker;

/* Any question but for a script; the value of an annotation to TEXT.  A is the
 * account, DIR its directory.  What is asked for as a duplicate is not noted:
 * it is one only when this delivery has succeeded (RFC 7352 3). */
enum found answer_question(struct account *a, int dir,
    const struct msg_sieve_ask *q, int64_t now_s, struct buf *text);
/* A script of S, or its hash, that W asks for. */
enum found answer_script(struct script_worker *w,
    const struct account_script *s, const struct msg_sieve_ask *q,
    uint64_t *hash);
/* The name of A's mailbox whose MAILBOXID is ID (RFC 9042), or else with the
 * special use WORD ("\Junk", RFC 8579), to OUT; either may be empty. */
enum found answer_named(struct account *a, struct slice id, struct slice word,
    struct buf *out, struct err *err);

#endif
