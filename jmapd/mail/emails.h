/* SPDX-License-Identifier: ISC */
/*
 * The account as JMAP sees it: mailboxes, and emails that may be in several of
 * them.  The store knows messages by mailbox and UID; what has the same EMAILID
 * is one email here, what has the same THREADID one thread.  It is kept in
 * memory (some 50 bytes a message) and brought up to date mailbox by mailbox,
 * as far as their mod-sequences say that something has happened.
 */
#ifndef JMAPD_MAIL_EMAILS_H
#define JMAPD_MAIL_EMAILS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"
#include "maildir/name.h"

struct mailbox;

/* A message in a mailbox. */
struct mail_email {
	uint64_t id;     /* EMAILID */
	uint64_t thread; /* THREADID */
	int64_t date_s;  /* INTERNALDATE: receivedAt */
	int64_t size;    /* on the wire */
	uint32_t box;    /* of mail_emails_box */
	uint32_t uid;
	unsigned flags; /* enum message_flag */
};

enum { MAIL_NO_BOX = UINT32_MAX };

struct mail_box {
	char id[MAILBOX_ID_SIZE];
	char *name;      /* all of it, "/" between levels */
	uint32_t parent; /* MAIL_NO_BOX: at the top */
	uint32_t leaf;   /* where its own name begins in name */
	unsigned special;
	bool subscribed;
	uint32_t order; /* among all of them */
	struct mailbox *mailbox;
	struct mail_email *v; /* by UID */
	size_t n;
	/* Of its emails; threads as of mail_emails_count_threads. */
	uint32_t unread, threads, unread_threads;
	/* the module's own */
	uint64_t modseq;
	bool known, seen;
};

/* Bring it up to date, a piece in a call; *MORE: call again. */
int mail_emails_refresh(bool *more, struct err *err);
/* Has it begun, and is not done?  Nothing else may be asked then. */
bool mail_emails_refreshing(void);
/* As of when that was done: the number of the last change (JMAP's state). */
uint64_t mail_emails_state(void);
/* It differs when a mailbox came, went, or was subscribed to. */
uint64_t mail_emails_box_state(void);
/* All of it goes: the account is closed. */
void mail_emails_drop(void);

size_t mail_emails_boxes(void);
const struct mail_box *mail_emails_box(size_t i);
/* MAIL_NO_BOX: there is none. */
uint32_t mail_emails_find_box(struct slice id);
void mail_emails_count_threads(void);

/* Those with ID, one for each mailbox it is in, N of them; NULL: none.  Until
 * the next refresh, as everything here. */
const struct mail_email *const *mail_emails_find(uint64_t id, size_t *n);
/* The next email as _find has it, from *AT on, which is 0 at first. */
const struct mail_email *const *mail_emails_next(size_t *at, size_t *n);
/* The messages of THREAD, by date and id. */
const struct mail_email *const *mail_emails_of_thread(
    uint64_t thread, size_t *n);

#endif
