/* SPDX-License-Identifier: ISC */
/*
 * A client at the door of POP3 and IMAP, from connecting until it is handed in
 * (without TLS) or gone.  What differs between the protocols is in a dialect
 * (imap.c, pop3.c); TLS, authentication, limits and the end are here and in
 * auth.c, handoff.c, pump.c.
 */
#ifndef LOGIN_SESSION_H
#define LOGIN_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/slice.h"
#include "ev/loop.h"
#include "ev/stream.h"
#include "ipc/auth.h"
#include "ipc/role.h"
#include "login/imaptext.h"
#include "sys/addr.h"

struct login_session;
struct login_auth;
struct login_handoff;
struct login_pump;

/* What a protocol reads and says.  REPLY functions write whole lines. */
struct login_dialect {
	enum role role;      /* who serves the session afterwards */
	const char *service; /* for auth */
	void (*greet)(struct login_session *s);
	/* Take one command or line of IN; bytes taken, 0: it is not whole. */
	size_t (*input)(struct login_session *s, struct slice in);
	/* Ask for the next line of a SASL exchange. */
	void (*challenge)(struct login_session *s, struct slice base64);
	/* The login did not succeed; TEXT may begin with a response code. */
	void (*refuse)(struct login_session *s, enum auth_result result);
	/* The session cannot be served: why, with a response code. */
	void (*unserved)(struct login_session *s, struct slice why);
	/* The exchange was no SASL, or was cancelled. */
	void (*malformed)(struct login_session *s, const char *text);
	/* The last words before the connection ends. */
	void (*bye)(
	    struct login_session *s, const char *code, const char *text);
	/* bye to a client that gets no session; in one line with its end. */
	const char *full;
};

extern const struct login_dialect login_imap, login_pop3;

struct login_protocol {
	const char *name; /* as in master.conf */
	const struct login_dialect *dialect;
	bool tls; /* from the first byte */
};

/* NULL when login does not speak NAME. */
const struct login_protocol *login_protocol_find(const char *name);

enum login_mode {
	LOGIN_HELD,    /* the certificates are not here yet */
	LOGIN_LINES,   /* commands */
	LOGIN_SASL,    /* lines of an exchange */
	LOGIN_WAIT,    /* another daemon is asked; nothing is read */
	LOGIN_TLS,     /* the go-ahead for STARTTLS is being sent */
	LOGIN_PUMP,    /* logged in: bytes pass through */
	LOGIN_CLOSING, /* the last words are said */
};

enum { LOGIN_SID_SIZE = 16, LOGIN_TAG_MAX = 64 };

struct login_session {
	TAILQ_ENTRY(login_session) link;
	struct stream stream;
	struct ev_timer deadline;
	const struct login_protocol *protocol;
	const struct login_dialect *dialect;
	enum login_mode mode;
	struct client_count *client;
	struct login_auth *auth;       /* an exchange */
	struct login_handoff *handoff; /* being handed in */
	struct login_pump *pump;       /* handed in, with TLS */
	char sid[LOGIN_SID_SIZE];
	char ip[ADDR_TEXT];
	uint16_t port;
	bool tls;       /* the handshake is done; before: stream.layer */
	bool cleartext; /* may tell a password without TLS */
	bool shut;
	unsigned errors, failures;
	int64_t began_ms;
	/* IMAP */
	struct imap_frame frame;
	char tag[LOGIN_TAG_MAX + 1]; /* of the command under way */
	/* POP3 */
	char *user;
};

/* INDEX of this process, for the names of sessions. */
void login_session_setup(unsigned index);
/* A client at a listener of PROTOCOL; takes FD. */
void login_session_new(int fd, const struct login_protocol *protocol,
    const struct addr *peer, unsigned max_sessions);
/* The certificates are here: those who waited for them may begin. */
void login_session_certs(void);
/* No more; FN is called when all are gone. */
void login_session_stop_all(void (*fn)(void));

/* Write a line; its CRLF is added. */
void login_reply(struct login_session *s, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* A command that makes no sense was answered; too many end the session. */
void login_mistake(struct login_session *s);
/* Last words, then the end. */
void login_hangup(struct login_session *s, const char *code, const char *text);
/* The client said goodbye, and was answered. */
void login_close(struct login_session *s);
void login_session_free(struct login_session *s, const char *why);
void login_mode(struct login_session *s, enum login_mode mode);

#endif
