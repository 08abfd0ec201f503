/* SPDX-License-Identifier: ISC */
/*
 * ManageSieve as it is on the wire (RFC 5804 1.2, 4): commands of a client,
 * which are lines with strings in them, and responses.  Pure.  How far a
 * command reaches is in proto/managesieve_frame.h.
 */
#ifndef PROTO_MANAGESIEVE_H
#define PROTO_MANAGESIEVE_H

#include <stdint.h>

#include "base/slice.h"

struct buf;
struct cur;

/* What a command is made of; C fails where it is not there. */
struct slice managesieve_atom(struct cur *c);
/* A space and a string, quoted or literal; to OUT, which is emptied first. */
void managesieve_string(struct cur *c, struct buf *out);
/* The same without the space. */
void managesieve_bare_string(struct cur *c, struct buf *out);
/* A space and a number. */
uint32_t managesieve_number(struct cur *c);
/* The end of the command. */
void managesieve_end(struct cur *c);

/* S as a string: quoted where it can be, else a literal. */
void managesieve_put_string(struct buf *out, struct slice s);
/* A response line: WORD is OK, NO or BYE, CODE stands in parentheses (NULL:
 * none), TEXT is for people and may have several lines. */
void managesieve_put_reply(
    struct buf *out, const char *word, const char *code, struct slice text);

#endif
