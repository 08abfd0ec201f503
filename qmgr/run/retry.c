/* SPDX-License-Identifier: ISC */
#include "qmgr/run/retry.h"

#include "base/buf.h"
#include "base/map.h"
#include "qmgr/conf.h"
#include "qmgr/queue/message.h"
#include "table/limit.h"

enum {
	SOON_MS = 2000, /* after trouble of our own, */
	SOONS = 45,     /* so often; it is doubled then, */
	DOUBLED = 8,    /* so often */
	AT_LEAST_MS =
	    60000, /* a message that could not be read waits so long */
	STEPS = 1 << 20,
};

void
retry_pause(struct message *m, int64_t ms)
{
	if (ms == 0)
		return;
	if (m->paused++ == 0 || ms < m->pause_ms)
		m->pause_ms = ms;
}

static size_t
deferred(const struct message *m)
{
	size_t n = 0;

	for (size_t i = 0; i < m->nrcpts; i++)
		n += m->rcpts[i]->state == RCPT_DEFERRED;
	return n;
}

bool
retry_is_paused(const struct message *m)
{
	return m->paused > 0 && m->paused == deferred(m);
}

int64_t
retry_spread_ms(const char *id, uint32_t n, int64_t ms)
{
	struct buf key = { .max = 64 };
	int64_t step;

	buf_addf(&key, "%s %u", id, n);
	step = (int64_t)(map_hash_fixed(buf_slice(&key)) % STEPS);
	buf_fini(&key);
	return ms + ms / 10 * step / STEPS;
}

static int64_t
longest(void)
{
	const struct conf_ages *ages = &qmgr_conf->retry_schedule;
	int64_t ms = AT_LEAST_MS;

	for (size_t i = 0; i < ages->n; i++)
		if (ages->ms[i] > ms)
			ms = ages->ms[i];
	return ms;
}

int64_t
retry_longest_ms(void)
{
	return longest() + longest() / 10;
}

static int64_t
step_of(const int64_t *ms, size_t n, uint32_t attempts)
{
	return ms[attempts < n ? attempts : n - 1];
}

/* By the schedule of R's site, if it has one. */
static int64_t
wait_of(const struct rcpt *r)
{
	const struct conf_ages *ages = &qmgr_conf->retry_schedule;
	const uint32_t attempts = r->message->entry->attempts;
	struct slice value;
	struct limit l = { 0 };

	(void)slice_cut(r->limits, ' ', &value);
	if (limit_parse(value, &l, NULL) == 0 && l.nretry > 0)
		return step_of(l.retry_ms, l.nretry, attempts);
	return step_of(ages->ms, ages->n, attempts);
}

/* One attempt is for all of a message: the first that is due decides. */
static int64_t
scheduled(const struct message *m)
{
	int64_t ms = INT64_MAX;

	for (size_t i = 0; i < m->nrcpts; i++) {
		const struct rcpt *r = m->rcpts[i];
		const int64_t wait =
		    r->state == RCPT_DEFERRED ? wait_of(r) : INT64_MAX;

		if (wait < ms)
			ms = wait;
	}
	return ms;
}

/* A process that is started again is there in seconds; what lasts is something
 * else, and may last. */
int64_t
retry_soon_ms(unsigned n)
{
	if (n < SOONS)
		return SOON_MS;
	return (int64_t)SOON_MS << (n - SOONS < DOUBLED ? n - SOONS : DOUBLED);
}

bool
retry_is_lasting(const struct message *m)
{
	return m->soon && m->entry->soons >= SOONS;
}

int64_t
retry_wait_ms(const struct message *m)
{
	const int64_t max = longest();
	int64_t ms;

	if (m->soon)
		return retry_soon_ms(m->entry->soons);
	ms = retry_is_paused(m) ? m->pause_ms : scheduled(m);
	return retry_spread_ms(
	    m->entry->id, m->entry->attempts, ms < max ? ms : max);
}
