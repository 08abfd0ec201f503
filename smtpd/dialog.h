/* SPDX-License-Identifier: ISC */
/*
 * What every command does to a session: replies, state, who takes the client's
 * bytes next.
 *
 * A session waits either for its client (then a deadline runs) or for another
 * daemon (then nothing is read from the client, and the request has its own
 * time limit).  Handlers never free a session: it ends in the loop, when its
 * stream does.
 */
#ifndef SMTPD_DIALOG_H
#define SMTPD_DIALOG_H

#include <stdbool.h>
#include <stdint.h>

#include "front/session.h"

/* Replies are collected up to here. */
enum { SMTPD_OUT_HIGH = 4096 };

struct smtpd_auth;
struct smtpd_judging;
struct smtpd_mail;
struct smtpd_milter;
struct smtpd_protocol;

/* What may come now; bits (see the table of verbs). */
enum smtpd_state {
	SMTPD_NEW = 1,     /* nothing but the greeting was said */
	SMTPD_GREETED = 2, /* EHLO, HELO or LHLO */
	SMTPD_MAIL = 4,    /* a sender is known */
	SMTPD_RCPT = 8,    /* and at least one recipient */
	SMTPD_CHUNKS = 16, /* and a first BDAT: only more of them follow */
};

/* Who takes the client's bytes. */
enum smtpd_mode {
	SMTPD_LINES, /* command.c */
	SMTPD_AUTH,  /* auth.c: lines of an exchange */
	SMTPD_DATA,  /* data.c: the message */
	SMTPD_CHUNK, /* bdat.c: a piece of it */
	SMTPD_WAIT,  /* nobody: another daemon is asked */
	SMTPD_QUIET, /* greeting.c: it is to wait for the greeting */
};

/* That of the last BDAT. */
struct smtpd_chunk {
	int64_t size, left;  /* bytes, and how many are still to come */
	int64_t unused;      /* bytes thrown away since one was taken */
	const char *refusal; /* why it is; NULL: its message's business */
	bool again;          /* the one before was refused, too */
	bool last;
};

struct smtpd_session {
	struct front_session front;
	const struct smtpd_protocol *protocol;
	struct smtpd_mail *mail;     /* the transaction, or NULL */
	struct smtpd_auth *auth;     /* the exchange under way, or NULL */
	char *helo;                  /* NULL before EHLO */
	char *login;                 /* account; NULL: not authenticated */
	char *client_name;           /* the client's host, as XCLIENT has it */
	char *proxy;                 /* who said XCLIENT; NULL: nobody */
	const char *mechanism;       /* of the login; static, or NULL */
	struct smtpd_judging *waits; /* judges are asked, or NULL */
	struct smtpd_milter *milter; /* filters know it; NULL: they do not */
	struct smtpd_greeting *greeting; /* is still to come; or NULL */
	uint64_t number; /* by which policy knows it; 0: it does not */
	uint32_t errors; /* since the last message */
	uint32_t junk;   /* commands that lead nowhere, since then */
	uint32_t auth_failures;
	uint32_t refused; /* recipients */
	enum smtpd_state state;
	enum smtpd_mode mode;
	struct smtpd_chunk chunk;
	bool extended; /* EHLO or LHLO was said, not HELO */
	bool skipping; /* the rest of an overlong line */
	bool more;     /* input stands behind the line being handled */
};

/* One reply line without its CRLF.  What stands in LINE behind a '\n' is a line
 * of its own, with the same code and enhanced code. */
void smtpd_reply(struct smtpd_session *s, const char *line);
void smtpd_replyf(struct smtpd_session *s, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* A reply to a client's mistake, which counts: too many end the session. */
void smtpd_mistake(struct smtpd_session *s, const char *line);
/* A command that leads to no message was answered; many of them count as
 * mistakes. */
void smtpd_junk(struct smtpd_session *s);
/* "421 <CODE> <hostname> <TEXT>" and the end. */
void smtpd_hangup(struct smtpd_session *s, const char *code, const char *text);
/* The only places where state and mode change. */
void smtpd_session_enter(struct smtpd_session *s, enum smtpd_state state);
void smtpd_session_mode(struct smtpd_session *s, enum smtpd_mode mode);
/* The client is as new as it was when it had connected. */
void smtpd_session_forget(struct smtpd_session *s);
/* "220", and the client's commands are next (greeting.h asks before). */
void smtpd_session_greet(struct smtpd_session *s);
/* Collect replies or send them, whichever suits what is under way. */
void smtpd_session_hold(struct smtpd_session *s);
/* The client has done something: its deadline starts anew. */
void smtpd_session_touch(struct smtpd_session *s);

#endif
