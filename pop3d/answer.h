/* SPDX-License-Identifier: ISC */
/* Answers of many lines, made piece by piece as the client takes them. */
#ifndef POP3D_ANSWER_H
#define POP3D_ANSWER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "pop3d/conf.h"
#include "pop3d/drop.h"
#include "pop3d/wire.h"

enum pop3d_answer_kind { ANSWER_LIST, ANSWER_UIDL, ANSWER_RETR, ANSWER_TOP };

struct pop3d_answer {
	enum pop3d_answer_kind kind;
	uint32_t number; /* the message, or the next one of a list; 0: none */
	int fd;          /* of a message */
	int64_t at;
	int64_t left; /* bytes of the file */
	struct pop3d_wire wire;
};

/* The most that one step adds. */
enum { POP3D_ANSWER_STEP = 128 << 10 };

/* Add the next piece to OUT; *MORE is false after the last.  -1: the rest of
 * the message cannot be had, so the client must be kept from taking the part
 * for the whole. */
int pop3d_answer_step(struct pop3d_answer *a, const struct pop3d_drop *d,
    enum pop3d_uidl_format uidl_format, struct buf *out, bool *more,
    struct err *err);
/* Nothing happens when there is none. */
void pop3d_answer_fini(struct pop3d_answer *a);

#endif
