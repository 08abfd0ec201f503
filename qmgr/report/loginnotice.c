/* SPDX-License-Identifier: ISC */
#include "qmgr/report/loginnotice.h"

#include <stdlib.h>
#include <time.h>

#include "base/buf.h"
#include "base/mem.h"
#include "ev/loop.h"
#include "log/log.h"
#include "qmgr/conf.h"
#include "qmgr/queue/newfile.h"
#include "qmgr/report/adminmail.h"

enum {
	A_DAY = 100, /* notices, however many logins are held */
	DAY_MS = 86400 * 1000,
	TEXT_MAX_BYTES = 16 << 10,
};

/* The one that is being written. */
struct login_notice {
	struct newfile file;
	struct ipc *peer; /* NULL: gone */
	uint64_t id;
	char *login;
};

static struct {
	struct login_notice *open;
	int64_t day_ms; /* when the day began */
	unsigned n;     /* of that day */
} state;

static bool
has_room(void)
{
	if (state.n == 0 || ev_now_ms() - state.day_ms >= DAY_MS) {
		state.day_ms = ev_now_ms();
		state.n = 0;
	}
	return state.open == NULL && state.n < A_DAY;
}

static void
add_time(struct buf *b, int64_t at_s)
{
	const time_t at = (time_t)at_s;
	struct tm tm;
	char text[64];

	if (localtime_r(&at, &tm) == NULL)
		return;
	strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S %z", &tm);
	buf_addf(b, ", since %s", text);
}

static void
add_command(
    struct buf *b, const char *command, struct slice login, const char *what)
{
	buf_addf(b, "    pabal %s ", command);
	adminmail_plain(b, login);
	buf_addf(b, "    %s\r\n", what);
}

static void
add_text(struct buf *b, const struct msg_queue_notice *q)
{
	buf_adds(b, "The login\r\n\r\n    ");
	adminmail_plain(b, q->login);
	buf_adds(b, "\r\n\r\nhas sent more than it may. What it sends is "
		    "accepted and held in the queue");
	add_time(b, q->since);
	buf_adds(b, ";\r\nso is everything else from it, until you decide. "
		    "Nobody else has been told.\r\n\r\n    limit: ");
	adminmail_plain(b, q->why);
	buf_adds(b, "\r\n    from: ");
	adminmail_plain(b, q->clients);
	buf_adds(b, "\r\n\r\nIf somebody else has the password, change it "
		    "first. Then\r\n\r\n");
	add_command(b, "user password", q->login, "a new password");
	add_command(b, "hold delete", q->login, "deletes what is held");
	buf_adds(b, "\r\nIf the mail is wanted\r\n\r\n");
	add_command(b, "hold release", q->login, "sends what is held");
	buf_adds(b, "\r\n\"pabal hold list\" shows all logins that are held, "
		    "\"pabal queue list state=held\"\r\ntheir mail.\r\n");
}

static void
finish(struct login_notice *n, bool ok)
{
	if (n->peer != NULL)
		IPC_SEND(n->peer, queue_noticed, .id = n->id, .ok = ok);
	newfile_fini(&n->file);
	free(n->login);
	free(n);
	state.open = NULL;
}

static void
on_written(struct newfile *nf, int error)
{
	struct login_notice *n = OUTER(nf, struct login_notice, file);

	if (error == 0) {
		state.n++;
		log_info("queue.login-notice", kv_s("qid", nf->id),
		    kv_s("login", n->login));
	}
	finish(n, error == 0);
}

static void
write_notice(struct ipc *peer, const struct msg_queue_notice *q)
{
	struct login_notice *n = xcalloc(1, sizeof *n);
	struct buf text = { .max = TEXT_MAX_BYTES };
	struct err err;

	n->file.fd = -1;
	n->peer = peer;
	n->id = q->id;
	n->login = xslicedup(q->login);
	state.open = n;
	add_text(&text, q);
	if (adminmail_write(&n->file,
		&(const struct adminmail){ .to = qmgr_conf->hold_notice_to,
		    .subject = "Mail of a login is held",
		    .text = buf_slice(&text) },
		on_written, &err) == -1) {
		log_err("spool.failed", kv_s("qid", ""), kv_s("why", err.text));
		finish(n, false);
	}
	buf_fini(&text);
}

void
loginnotice_on_notice(struct ipc *peer, struct msg *m)
{
	const struct msg_queue_notice *q = &m->queue_notice;

	if (*qmgr_conf->hold_notice_to == '\0')
		IPC_SEND(peer, queue_noticed, .id = q->id, .ok = true);
	else if (has_room())
		write_notice(peer, q);
	else
		IPC_SEND(peer, queue_noticed, .id = q->id, .ok = false);
}

void
loginnotice_forget(struct ipc *peer)
{
	if (state.open != NULL && state.open->peer == peer)
		state.open->peer = NULL;
}
