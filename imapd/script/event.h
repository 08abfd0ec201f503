/* SPDX-License-Identifier: ISC */
/* Something that has happened to messages, and the scripts that run because of
 * it (RFC 6785). */
#ifndef IMAPD_SCRIPT_EVENT_H
#define IMAPD_SCRIPT_EVENT_H

#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/err.h"
#include "base/slice.h"
#include "script/imaprule.h"

struct account;
struct mailbox;

struct event {
	TAILQ_ENTRY(event) link;
	enum imap_cause cause;
	char *mailbox; /* where the messages are */
	char *from;    /* where they came from; "": from nowhere */
	char *user;    /* whose session it was */
	char *changed; /* flags, with blanks between */
	char *scripts; /* the administrator's, with blanks between */
	char *own;     /* the account's; "": none */
	uint32_t uidvalidity;
	uint32_t *uids;
	size_t n, at; /* how many; the next one */
};

/* What is to be told of events is in the configuration: read it; -1: what was
 * read before stays. */
int event_configure(struct err *err);
/* May there be any? */
bool event_possible(enum imap_cause cause);
/* What CAUSE by USER in the mailbox TO of A leads to, without messages: FROM is
 * where they come from, or NULL.  NULL: nothing. */
struct event *event_plan(enum imap_cause cause, struct account *a,
    struct mailbox *to, struct mailbox *from, struct slice user);
/* The same with messages. */
struct event *event_new(const struct event *plan, const uint32_t *uids,
    size_t n, struct slice changed);
void event_free(struct event **ev);

#endif
