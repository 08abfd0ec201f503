/* SPDX-License-Identifier: ISC */
/* The inside of run.h: from a message to what comes of it. */
#ifndef IMAPD_SCRIPT_INNER_H
#define IMAPD_SCRIPT_INNER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "ev/loop.h"
#include "imapd/script/mail.h"
#include "imapd/script/run.h"
#include "script/decide.h"
#include "script/pieced.h"
#include "script/script.h"
#include "store/message.h"

struct append;
struct append_batch;
struct mailbox;
struct verdict_action;

struct event_run {
	struct event_run_of of;
	void (*end)(struct event_run *r, bool later);
	void *arg;
	struct ev_task finish;
	bool later;
	/* the message */
	struct mailbox *mailbox;
	struct message_info info;
	int fd;
	struct buf text;  /* as on the wire; empty: a large one is in FD */
	struct buf flags; /* with blanks between */
	struct pieced_source source;
	/* what is decided about it */
	struct account_script script;
	struct arena arena;
	struct script_decide decide;
	/* carrying it out */
	size_t at; /* the action */
	const struct verdict_action *action;
	bool sending; /* all is stored */
	bool keeps;   /* it stays where it is */
	bool done;    /* something was */
	bool storing; /* the store works with what is here */
	bool dropped; /* nobody wants it any more */
	struct mailbox *target;
	/* It is there (WHAT NULL), or WHAT has failed. */
	void (*put_done)(
	    struct event_run *r, const char *what, const struct err *err);
	struct append_batch *batch;
	struct append *append;
	int64_t written;
	struct ev_task step;
	struct event_mail mail;
};

/* It has its end. */
void event_run_finish(struct event_run *r, bool later);
/* WHY the scripts have failed, for good or for now. */
void event_run_fail(struct event_run *r, const char *why);
void event_run_put_off(struct event_run *r, const char *why);

/* What came of it: to the log, and the trace. */
void event_run_tell(const struct event_run *r);
/* Say the message, and what has happened to it. */
bool event_run_say(struct script_decide *d, struct script_worker *w);

/* The message, and its flags; ABSENT: it is not there any more. */
enum found event_run_read(struct event_run *r, struct err *err);

/* Do what was decided. */
void event_carry(struct event_run *r);

/* Put the message, or what a script has made of it, into r->target, as
 * r->action says: r->put_done follows. */
void event_put_copy(struct event_run *r);
void event_put_edited(struct event_run *r);
void event_put_end(struct event_run *r);

/* Has the message the flags that A says? */
bool event_run_has_flags(
    const struct event_run *r, const struct verdict_action *a);
int event_run_set_flags(struct mailbox *m, uint32_t uid,
    const struct verdict_action *a, struct err *err);
int event_run_delete(struct event_run *r, struct err *err);

#endif
