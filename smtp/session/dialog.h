/* SPDX-License-Identifier: ISC */
/*
 * One connection to a server: a client's side of SMTP or LMTP.
 *
 * A session serves one job at a time.  Its stage says which reply comes next;
 * each stage has a deadline and one function that takes the reply (the table
 * in session.c, which drives).  The steps follow each other: hello.c,
 * starttls.c, auth.c, mail.c; what they all do to a session is here.
 */
#ifndef SMTP_SESSION_DIALOG_H
#define SMTP_SESSION_DIALOG_H

#include "ev/stream.h"
#include "smtp/job.h"
#include "smtp/session/caps.h"

enum smtp_stage {
	SMTP_CONNECT,
	SMTP_GREETING,
	SMTP_EHLO, /* LHLO */
	SMTP_HELO,
	SMTP_TLSA, /* waits for lookup */
	SMTP_STARTTLS,
	SMTP_HANDSHAKE,
	SMTP_AUTH,
	SMTP_CONTENT, /* the message is looked through */
	SMTP_RSET,
	SMTP_MAIL,
	SMTP_RCPT,
	SMTP_DATA,
	SMTP_BODY, /* the message is on its way; no reply is due */
	SMTP_DOT,
	SMTP_IDLE, /* in the pool */
	SMTP_QUIT,
	SMTP_STAGES
};

struct smtp_body;
struct smtp_dane;

struct smtp_session {
	struct stream stream;
	struct ev_task free_task;
	struct ev_task content_task;
	struct ev_timer idle_timer;
	TAILQ_ENTRY(smtp_session) idle_link;
	TAILQ_ENTRY(smtp_session) dial_link; /* SMTP_CONNECT: of its job */
	struct smtp_session *next_idle;      /* with the same key */
	struct smtp_target target;
	char name[SMTP_TARGET_TEXT];
	struct smtp_job *job; /* NULL: idle or ending */
	enum smtp_stage stage;
	struct smtp_caps caps;
	struct smtp_reply reply;
	/* Output when the last reply was taken: see is_early(). */
	uint64_t sent_before;
	size_t waiting_before;
	struct smtp_body *body; /* NULL until the first message */
	unsigned messages;      /* jobs served */
	unsigned mails;         /* MAIL commands sent */
	bool tls;               /* established */
	bool plain;             /* TLS failed here before: do without */
	bool resumes;           /* a TLS session of before was offered */
	bool authenticated;
	bool reused; /* from the pool, and nothing heard since */
	bool needs_rset;
	bool used_up;           /* the host takes no more transactions in it */
	bool dead;              /* closed, about to be freed */
	struct smtp_dane *dane; /* NULL: not asked for */
	/* The transaction */
	bool mail_ok, pipelined, signing, planned;
	bool converts;   /* the job's message, by its plan */
	bool utf8;       /* this transaction has asked for SMTPUTF8 */
	bool chunked;    /* and for BINARYMIME: by BDAT */
	size_t rcpt;     /* whose reply is next */
	size_t due;      /* replies to RCPT still to come */
	size_t accepted; /* recipients accepted so far */
};

/* A session to T that serves nobody; its stream is not begun. */
struct smtp_session *smtp_session_new(const struct smtp_target *t);

/* From here on STAGE's reply is due within its deadline. */
void smtp_session_enter(struct smtp_session *s, enum smtp_stage stage);
/* The connection of S is made: it serves its job, others are not needed. */
void smtp_session_connected(struct smtp_session *s);
/* What S waits for, in words. */
const char *smtp_session_awaits(const struct smtp_session *s);
/* Our name for the host: that of the source address, or the hostname. */
const char *smtp_session_our_name(const struct smtp_session *s);
/* EHLO or LHLO, the first time or after STARTTLS. */
void smtp_session_hello(struct smtp_session *s);

/* The session failed as a whole; QUIT is said when the server listens. */
void smtp_session_fail(struct smtp_session *s, const struct smtp_result *why,
    bool final, bool quit);
/* The same for now, for a reason of ours: DSN, and WHY behind the host's name.
 */
void smtp_session_fail_temp(
    struct smtp_session *s, const char *dsn, const char *why, bool quit);
/* The same with the reply at hand as the reason. */
void smtp_session_fail_reply(struct smtp_session *s);
/* Close, and have the same target opened anew for the same job. */
void smtp_session_reopen(struct smtp_session *s, bool plain);
/* End S, and have the same target opened anew for the rest of the same job. */
void smtp_session_renew(struct smtp_session *s);
/* The job has what it can get here.  USABLE: the session may serve others. */
void smtp_session_done(struct smtp_session *s, bool usable);

/* The job leaves S; NULL: it serves none. */
struct smtp_job *smtp_session_let_go(struct smtp_session *s);
/* Close, and free later.  S serves no job. */
void smtp_session_close(struct smtp_session *s);
/* QUIT; the reply ends S, which serves no job. */
void smtp_session_quit(struct smtp_session *s);

#endif
