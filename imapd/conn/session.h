/* SPDX-License-Identifier: ISC */
/*
 * One client's life after authentication.
 *
 * Commands run one after the other: while one is under way nothing is parsed,
 * and while output waits nothing is read.  A command that takes several turns
 * is a job, which goes on in steps.  Between commands a session holds no
 * buffers.
 *
 * A session ends in one place only, when its stream ends; whoever waits for
 * something outside (a commit, a reply) holds it, so that it outlives that.
 */
#ifndef IMAPD_CONN_SESSION_H
#define IMAPD_CONN_SESSION_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/arena.h"
#include "base/err.h"

struct binary_place;
struct body_place;
struct buf;
struct cmdtext;
struct imapd_command;
struct notify;
struct parse;
struct session;
struct user;
struct view;

enum session_state {
	S_AUTH = 1 << 0,     /* authenticated, no mailbox */
	S_SELECTED = 1 << 1, /* a mailbox is selected */
	S_LOGOUT = 1 << 2,   /* BYE was said */
	S_ANY = S_AUTH | S_SELECTED,
};

/* A command under way; what it needs is around it (OUTER). */
struct imapd_job {
	const struct job_ops *ops;
};

struct job_ops {
	/* Output has room, and it is the account's turn.  Works and writes
	 * until work_spent() or imapd_is_full(); asks imapd_more() when there
	 * is more, or answers the command.  May be NULL. */
	void (*more)(struct session *s, struct imapd_job *job);
	/* Take input (IDLE, APPEND).  NULL: input waits. */
	void (*input)(
	    struct session *s, struct imapd_job *job, struct slice *in);
	/* The mailbox may have changed (IDLE).  May be NULL. */
	void (*changed)(struct session *s, struct imapd_job *job);
	/* The command was answered or the client is gone. */
	void (*free)(struct session *s, struct imapd_job *job);
};

/* What of the mailbox may be told when a command is answered. */
enum update { UPDATE_NONE, UPDATE_NO_EXPUNGE, UPDATE_ALL };
/* What commands work with; the connection is in client.h. */
struct session {
	struct user *user;
	LIST_ENTRY(session) link; /* of user */
	char sid[32];
	char address[64];
	enum session_state state;
	unsigned enabled; /* enabled.h */

	struct arena arena; /* of the command */
	struct slice tag;
	const struct imapd_command *command;
	struct imapd_job *job;

	struct view *view; /* of the selected mailbox; NULL: none */
	bool readonly;
	uint64_t keywords;           /* the table the client was told of */
	struct search_state *search; /* search/state.h; NULL: nothing */
	struct body_place *place;    /* where a partial FETCH left off */
	struct binary_place *binary_place;
	struct notify *notify; /* notify/state.h; NULL: nothing */
	bool changed;          /* something in the account, perhaps */
	bool returns;          /* login can take the client back */
};

/* A session on FD (taken) of USER, as the answer to the login command TAG;
 * INPUT is what came behind that, RETURNS as in struct session. */
struct session *imapd_session_new(int fd, struct user *user, struct slice tag,
    struct slice input, struct slice sid, struct slice address, bool returns);
/* It goes on elsewhere, or has ended: nothing is said. */
void imapd_session_leave(struct session *s);
void imapd_session_hold(struct session *s);
void imapd_session_release(struct session *s);
/* Something in the account may have changed: for a session that waits in IDLE,
 * or has asked for it (NOTIFY). */
void imapd_session_changed(struct session *s);
/* "* BYE why", then the end. */
void imapd_bye(struct session *s, const char *why);
/* The same when the command under way is answered; IDLE is none.  WHY stays. */
void imapd_session_stop(struct session *s, const char *why);
/* The end without a word, because WHAT cannot be completed: for answers that
 * have begun.  The job stays until the stream has ended. */
void imapd_hang_up(struct session *s, const char *what, const struct err *err);
/* Send what waits and end. */
void imapd_finish(struct session *s);

/* Has the client turned on UTF-8 in names and strings? */
bool imapd_takes_utf8(const struct session *s);

/* Where to write; always complete lines at the end of a callback. */
struct buf *imapd_out(struct session *s);
/* "* " ... CRLF */
void imapd_untagged(struct session *s, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* The answer to the command: exactly one of these, once.  ok and no tell first
 * what changed in the mailbox, as the command allows. */
void imapd_ok(struct session *s, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* The same with HIGHESTMODSEQ, as of what was told with it, where the client
 * wants mod-sequences (RFC 7162 3.2.7); TEXT is behind the code. */
void imapd_ok_highest(struct session *s, const char *text);
/* WHAT failed: the client is told as proto/errwords.h has it; the log of what
 * is ERR_TEMP. */
void imapd_no(struct session *s, const char *what, const struct err *err);
/* A refusal that no struct err stands behind: "[CODE] text". */
void imapd_refuse(struct session *s, const char *text);
/* The command is not understood. */
void imapd_bad(struct session *s, const struct parse *p);
void imapd_bad_text(struct session *s, const char *text);

/* The command goes on as JOB. */
void imapd_start(struct session *s, struct imapd_job *job);
/* The job under way, which was started before JOB (NULL: none), is over without
 * an answer; it was freed. */
void imapd_back_to(struct session *s, struct imapd_job *job);
/* Run the job's more() when the output has room and others had their turn. */
void imapd_more(struct session *s);
/* Run it when others had their turn, though the output may have no room. */
void imapd_soon(struct session *s);
/* More output than should be collected at once? */
bool imapd_is_full(const struct session *s);
/* Input waits until the command was answered, or for _resume. */
void imapd_pause(struct session *s);
void imapd_resume(struct session *s);
/* The client moves: its time-out begins anew. */
void imapd_alive(struct session *s);
/* The text of the command, as far as it was read. */
struct cmdtext *imapd_text(const struct session *s);

/* Leave the selected mailbox (cmd/close.c). */
void imapd_deselect(struct session *s);

#endif
