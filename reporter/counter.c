/* SPDX-License-Identifier: ISC */
#include "reporter/counter.h"

#include <stdlib.h>
#include <sys/queue.h>

#include "base/ascii.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/slice.h"
#include "ev/loop.h"
#include "ipc/ipc.h"
#include "log/log.h"
#include "log/metric.h"
#include "reporter/conf.h"
#include "reporter/row.h"
#include "reporter/table.h"
#include "reporter/tally.h"
#include "reporter/tlsrow.h"
#include "sys/clock.h"

enum {
	WAIT_MS = 1000,
	FLUSH_AT = 256,     /* of them: so many go at once */
	WAITING_MAX = 4096, /* where the table cannot be written */
	ROW_MAX = 16384,
	ABOUT_MAX = 4096,
};

struct counter_message {
	STAILQ_ENTRY(counter_message) link;
	enum report_kind kind;
	struct buf domain, about, row;
	size_t count_at, group;
	int64_t at_s;
};

static struct {
	STAILQ_HEAD(, counter_message) waiting;
	size_t n;
	struct ev_timer timer;
} state;

static struct metric counted = { .name = "pabal_reporter_messages",
	.help = "Messages and TLS sessions counted for reports." };
static struct metric dropped = { .name = "pabal_reporter_messages_dropped",
	.help =
	    "Messages and TLS sessions that could not be counted, or found no "
	    "room." };

static void
message_free(struct counter_message *m)
{
	buf_fini(&m->domain);
	buf_fini(&m->about);
	buf_fini(&m->row);
	free(m);
}

static struct counter_message *
message_new(enum report_kind kind, struct slice domain)
{
	struct counter_message *m = xcalloc(1, sizeof *m);

	m->kind = kind;
	buf_init(&m->domain, ADDRESS_DOMAIN_MAX);
	buf_init(&m->about, ABOUT_MAX);
	buf_init(&m->row, ROW_MAX);
	m->at_s = clock_wall_s();
	for (size_t i = 0; i < domain.n; i++)
		buf_addc(&m->domain, ascii_lower(domain.p[i]));
	return m;
}

/* -1: the table does not work. */
static int
put(const struct counter_message *m, struct err *err)
{
	const struct tally_message one = {
		.kind = m->kind,
		.domain = buf_slice(&m->domain),
		.about = buf_slice(&m->about),
		.row = buf_slice(&m->row),
		.count_at = m->count_at,
		.group = m->group,
	};
	bool missed;

	if (tally_add(&one, m->at_s, &missed, err) == -1)
		return -1;
	metric_add(missed ? &dropped : &counted, 1);
	return 0;
}

static void
drop_all(void)
{
	struct counter_message *m;

	metric_add(&dropped, (int64_t)state.n);
	while ((m = STAILQ_FIRST(&state.waiting)) != NULL) {
		STAILQ_REMOVE_HEAD(&state.waiting, link);
		message_free(m);
	}
	state.n = 0;
}

void
counter_flush(void)
{
	const struct tally_limits limits = {
		.interval_s = reporter_conf->report_interval / 1000,
		.rows = (uint32_t)reporter_conf->report_rows,
		.room = (uint64_t)reporter_conf->report_room,
	};
	struct err err = { 0 };
	struct counter_message *m;
	int rc;

	ev_timer_stop(&state.timer);
	if (state.n == 0)
		return;
	if (!table_ready()) {
		drop_all();
		return;
	}
	rc = tally_begin(&limits, &err);
	while (rc == 0 && (m = STAILQ_FIRST(&state.waiting)) != NULL) {
		rc = put(m, &err);
		STAILQ_REMOVE_HEAD(&state.waiting, link);
		state.n--;
		message_free(m);
	}
	if (rc == 0)
		rc = tally_commit(&err);
	else
		tally_abort();
	if (rc == -1) {
		table_failed(&err);
		drop_all();
	}
}

static void
on_time(struct ev_timer *t)
{
	(void)t;
	counter_flush();
}

/* M, which is SOUND or else from nobody who knows what he says. */
static void
take(struct ipc *peer, struct counter_message *m, bool sound)
{
	if (!sound) {
		message_free(m);
		ipc_drop(peer, "no such message");
		return;
	}
	STAILQ_INSERT_TAIL(&state.waiting, m, link);
	if (++state.n >= FLUSH_AT)
		counter_flush();
	else if (!ev_timer_running(&state.timer))
		ev_timer_set(&state.timer, WAIT_MS);
}

/* Is it WANTED, and is there room for one more? */
static bool
takes(bool wanted)
{
	if (wanted && state.n == WAITING_MAX)
		metric_add(&dropped, 1);
	return wanted && state.n < WAITING_MAX;
}

void
counter_on_dmarc(struct ipc *peer, struct msg *msg)
{
	const struct msg_report_dmarc *in = &msg->report_dmarc;
	struct counter_message *m;
	bool sound;

	if (!takes(reporter_conf->shared.dmarc_reports))
		return;
	m = message_new(REPORT_OF_DMARC, in->domain);
	sound = row_put(in, &m->row, &m->count_at);
	if (sound)
		row_put_about(in, &m->about);
	take(peer, m, sound);
}

void
counter_on_tls(struct ipc *peer, struct msg *msg)
{
	const struct msg_report_tls *in = &msg->report_tls;
	struct counter_message *m;

	if (!takes(reporter_conf->shared.tls_reports))
		return;
	m = message_new(REPORT_OF_TLS, in->domain);
	take(peer, m, tlsrow_put(in, &m->row, &m->group, &m->count_at));
}

void
counter_init(void)
{
	STAILQ_INIT(&state.waiting);
	ev_timer_init(&state.timer, on_time);
	metric_register(&counted);
	metric_register(&dropped);
}
