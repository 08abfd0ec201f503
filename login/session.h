/* SPDX-License-Identifier: ISC */
/*
 * A client of POP3, IMAP and ManageSieve in the front end, from connecting
 * until it is handed in (without TLS) or gone.  What differs between the
 * protocols is in a dialect (imap.c, pop3.c, managesieve.c); TLS, limits and
 * the end are the front end's; authentication and what follows are in auth.c,
 * handoff.c, pump.c.
 */
#ifndef LOGIN_SESSION_H
#define LOGIN_SESSION_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/slice.h"
#include "front/session.h"
#include "ipc/auth.h"
#include "ipc/role.h"
#include "login/imaptext.h"
#include "proto/managesieve_frame.h"

struct err;
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
	void (*unserved)(struct login_session *s, const struct err *why);
	/* The exchange was no SASL, or was cancelled. */
	void (*malformed)(struct login_session *s, const char *text);
	/* TLS has begun; NULL: nothing is said of that. */
	void (*secured)(struct login_session *s);
	/* The last words before the connection ends, for CODE of RFC 5530. */
	void (*bye)(const char *code, const char *text, struct buf *out);
	/* What a client says to be logged out and stay, with what stands before
	 * and behind; NULL: there is no such command. */
	const char *unauthenticate;
	/* What a mechanism has for the client in the end goes with the word
	 * that it was right; else as a challenge before. */
	bool ends_with_data;
};

extern const struct login_dialect login_imap, login_pop3, login_managesieve;

enum login_mode {
	LOGIN_LINES, /* commands */
	LOGIN_SASL,  /* lines of an exchange */
	LOGIN_WAIT,  /* another daemon is asked; nothing is read */
	LOGIN_PUMP,  /* logged in: bytes pass through */
};

enum { LOGIN_TAG_MAX = 64 };

struct login_session {
	struct front_session front;
	const struct login_dialect *dialect;
	enum login_mode mode;
	struct login_auth *auth;       /* an exchange */
	struct login_handoff *handoff; /* being handed in */
	struct login_pump *pump;       /* handed in, with TLS */
	unsigned errors, failures;
	/* IMAP */
	struct imaptext_frame frame;
	/* ManageSieve */
	struct managesieve_frame msieve;
	char tag[LOGIN_TAG_MAX + 1]; /* of the command under way */
	/* POP3 */
	char *user;
};

/* Write a line; its CRLF is added. */
void login_reply(struct login_session *s, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* A command that makes no sense was answered; too many end the session. */
void login_mistake(struct login_session *s);
/* Last words, then the end. */
void login_hangup(struct login_session *s, const char *code, const char *text);
void login_mode(struct login_session *s, enum login_mode mode);
/* A password may be told as it is. */
bool login_clear_allowed(const struct login_session *s);

#endif
