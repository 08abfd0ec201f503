/* SPDX-License-Identifier: ISC */
/* The message that a question is about, read in steps. */
#ifndef POLICY_TEXT_H
#define POLICY_TEXT_H

#include <stdint.h>

#include "base/slice.h"
#include "ev/loop.h"

struct dkim_message;

struct policy_text {
	struct dkim_message *message; /* where it goes */
	int file;
	int64_t at, left;
	struct ev_task step;
	void (*done)(struct policy_text *t, int rc);
};

/* All of it, in memory. */
struct dkim_message *policy_text_take(struct slice body);
/* Accepts a pointer to NULL. */
void policy_text_free(struct dkim_message **m);
/* SIZE bytes of FILE, which is taken, from OFFSET on: DONE runs once, from the
 * loop, when the file has been read and is closed; -1: it could not be read,
 * and T has no message.  Else it is the caller's. */
void policy_text_read(struct policy_text *t, int file, int64_t offset,
    int64_t size, void (*done)(struct policy_text *t, int rc));
/* Stop.  Nothing happens to one that was zeroed. */
void policy_text_stop(struct policy_text *t);

#endif
