/* SPDX-License-Identifier: ISC */
/*
 * One client's life.  A session waits either for its client (then a deadline
 * runs) or for another daemon (then nothing is read from the client, and the
 * request has its own time limit).  Handlers never free a session: it ends in
 * the loop, when its stream does.
 */
#ifndef SMTPD_SESSION_H
#define SMTPD_SESSION_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "ev/loop.h"
#include "ev/stream.h"
#include "smtpd/protocol.h"
#include "sys/addr.h"

struct client_count;
struct smtpd_auth;
struct smtpd_mail;

/* What may come now; bits (see the table of verbs). */
enum smtpd_state {
	SMTPD_NEW = 1,     /* nothing but the greeting was said */
	SMTPD_GREETED = 2, /* EHLO, HELO or LHLO */
	SMTPD_MAIL = 4,    /* a sender is known */
	SMTPD_RCPT = 8,    /* and at least one recipient */
};

/* Who takes the client's bytes. */
enum smtpd_mode {
	SMTPD_LINES,   /* command.c */
	SMTPD_AUTH,    /* auth.c: lines of an exchange */
	SMTPD_DATA,    /* data.c: the message */
	SMTPD_WAIT,    /* nobody: another daemon is asked */
	SMTPD_CLOSING, /* nobody: the last reply is on its way */
};

enum { SMTPD_SID_BYTES = 16 };

struct smtpd_session {
	struct stream stream;
	struct ev_timer deadline;
	TAILQ_ENTRY(smtpd_session) link;
	const struct smtpd_protocol *protocol;
	struct client_count *client; /* NULL: not counted by address */
	struct smtpd_mail *mail;     /* the transaction, or NULL */
	struct smtpd_auth *auth;     /* the exchange under way, or NULL */
	char *helo;                  /* NULL before EHLO */
	char *login;                 /* account; NULL: not authenticated */
	int64_t began_ms;
	uint32_t errors; /* since the last message */
	uint32_t auth_failures;
	uint32_t refused; /* recipients */
	uint32_t messages;
	enum smtpd_state state;
	enum smtpd_mode mode;
	bool local;        /* over the UNIX socket: a user of this host */
	bool trusted;      /* may relay */
	bool cleartext;    /* may send a password without TLS */
	bool extended;     /* EHLO or LHLO was said, not HELO */
	bool tls;          /* input comes through TLS */
	bool starting_tls; /* 220 is on its way */
	bool skipping;     /* the rest of an overlong line */
	bool secret;       /* the line being handled holds a password */
	bool more;         /* input stands behind the line being handled */
	bool shut;         /* we have shut our side down */
	uint16_t port;     /* the client's */
	char sid[SMTPD_SID_BYTES];
	char ip[INET6_ADDRSTRLEN]; /* "local" for a local client */
};

/* Take over FD, which was just accepted. */
void smtpd_session_new(
    int fd, const struct smtpd_protocol *protocol, const struct addr *peer);
/* Turn FD away with "421 CODE hostname TEXT" and close it. */
void smtpd_session_refuse(int fd, const struct smtpd_protocol *protocol,
    const struct addr *peer, const char *code, const char *text);
/* From now on 421 is the answer, save where a message is under way; ON_EMPTY
 * runs when no session is left. */
void smtpd_session_stop_all(void (*on_empty)(void));
unsigned smtpd_session_count(void);
/* INDEX of this process, so that no two have the same session id. */
void smtpd_session_setup(unsigned index);

/* One reply line without its CRLF. */
void smtpd_reply(struct smtpd_session *s, const char *line);
void smtpd_replyf(struct smtpd_session *s, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* A reply to a client's mistake, which counts: too many end the session. */
void smtpd_mistake(struct smtpd_session *s, const char *line);
/* "421 <CODE> <hostname> <TEXT>" and the end. */
void smtpd_hangup(struct smtpd_session *s, const char *code, const char *text);
/* Send what waits and close. */
void smtpd_session_close(struct smtpd_session *s);

/* The only places where state and mode change. */
void smtpd_session_enter(struct smtpd_session *s, enum smtpd_state state);
void smtpd_session_mode(struct smtpd_session *s, enum smtpd_mode mode);
/* Collect replies or send them, whichever suits what is under way. */
void smtpd_session_hold(struct smtpd_session *s);
/* The client has done something: its deadline starts anew. */
void smtpd_session_touch(struct smtpd_session *s);
/* Forget everything the client said (STARTTLS). */
void smtpd_session_forget(struct smtpd_session *s);

#endif
