/* SPDX-License-Identifier: ISC */
#include "qmgr/queue/qrecord.h"

#include <string.h>

#include "base/cur.h"
#include "base/map.h"
#include "qmgr/queue/message.h"

/* Recipients beyond this stand in the file alone. */
enum { RCPTS_MAX_BYTES = 1200, STRING_MAX = 2000, HELD_MAX = 300 };

/* A site that is the one of the recipient before; no string is so long. */
static const uint16_t SAME = UINT16_MAX;

/* What has a fixed width, as the machine has it: an index is read where it was
 * written. */
struct fixed {
	int64_t seen_ms, next_ms, arrived_us, size;
	uint32_t attempts, life;
	uint16_t nrcpts;
	uint8_t state, place, whole;
	int8_t mt_priority;
	uint8_t soons;
	uint8_t zero;
};

void
qrecord_of(struct qrecord *r, const struct message *m, struct arena *a)
{
	const struct entry *e = m->entry;

	memcpy(r->id, e->id, sizeof r->id);
	r->state = e->state;
	r->place = e->place;
	r->known = r->whole = true;
	r->attempts = e->attempts;
	r->soons = e->soons;
	r->arrived_us = e->arrived_us;
	r->size = m->env.size;
	r->mt_priority = m->env.mt_priority;
	r->sender = m->env.sender;
	r->login = m->env.login;
	r->held = e->state == ENTRY_HELD ? m->held_why : SLICE("");
	r->rcpts = arena_alloc(a, (m->nrcpts + 1) * sizeof *r->rcpts);
	r->nrcpts = 0;
	for (size_t i = 0; i < m->nrcpts; i++) {
		const struct rcpt *from = m->rcpts[i];

		if (rcpt_is_final(from))
			continue;
		r->rcpts[r->nrcpts++] = (struct qrecord_rcpt){
			.address = from->env.address,
			.target = from->env.target,
			.dsn = from->dsn,
			.host = from->host,
			.text = from->text,
			.site = from->site,
		};
	}
}

struct crowd_of
qrecord_crowd(const struct qrecord *r)
{
	const struct slice login = r->login.n > 0 ? r->login : r->sender;
	struct slice site = SLICE("");

	if (r->nrcpts > 0) {
		const struct slice a = r->rcpts[0].address;

		site = r->rcpts[0].site;
		if (site.n == 0)
			site = slice_from(a, slice_rfind(a, '@') + 1);
	}
	return (struct crowd_of){
		.site = (uint32_t)map_hash_fixed(site),
		.login = (uint32_t)map_hash_fixed(login),
		.urgent = r->mt_priority > 0,
	};
}

/* ---- as bytes ---- */

static void
put_string(struct buf *out, struct slice s)
{
	const uint16_t n = (uint16_t)(s.n < STRING_MAX ? s.n : STRING_MAX);

	buf_add(out, slice_of(&n, sizeof n));
	buf_add(out, slice_sub(s, 0, n));
}

static struct slice
get_string(struct cur *c)
{
	const struct slice s = cur_take(c, sizeof(uint16_t));
	uint16_t n = 0;

	if (s.n == sizeof n)
		memcpy(&n, s.p, sizeof n);
	return cur_take(c, n);
}

/* Most of a message's recipients are at few sites, whose names are long. */
static bool
has_same_site(const struct qrecord *r, size_t i)
{
	return i > 0 && r->rcpts[i].site.n > 0 &&
	       slice_eq(r->rcpts[i].site, r->rcpts[i - 1].site);
}

static size_t
rcpt_bytes(const struct qrecord *r, size_t i)
{
	const struct qrecord_rcpt *p = &r->rcpts[i];

	return p->address.n + p->target.n + p->dsn.n + p->host.n + p->text.n +
	       (has_same_site(r, i) ? 0 : p->site.n) + 6 * sizeof(uint16_t);
}

/* How many of R's recipients are in its value. */
static uint16_t
fitting(const struct qrecord *r)
{
	size_t bytes = 0;

	for (size_t i = 0; i < r->nrcpts; i++) {
		bytes += rcpt_bytes(r, i);
		if (bytes > RCPTS_MAX_BYTES)
			return (uint16_t)i;
	}
	return (uint16_t)r->nrcpts;
}

void
qrecord_put(struct buf *out, const struct qrecord *r)
{
	const uint16_t n = fitting(r);
	struct fixed f;

	memset(&f, 0, sizeof f);
	f.seen_ms = r->seen_ms;
	f.next_ms = r->next_ms;
	f.arrived_us = r->arrived_us;
	f.size = r->size;
	f.mt_priority = r->mt_priority;
	f.attempts = r->attempts;
	f.soons = r->soons;
	f.life = r->life;
	f.nrcpts = n;
	f.state = r->state;
	f.place = r->place;
	f.whole = r->whole && n == r->nrcpts && r->sender.n < STRING_MAX &&
		  r->login.n < STRING_MAX;
	buf_add(out, slice_of(&f, sizeof f));
	put_string(out, r->sender);
	put_string(out, r->login);
	if (r->state == ENTRY_HELD)
		put_string(out, slice_sub(r->held, 0, HELD_MAX));
	for (size_t i = 0; i < n; i++) {
		put_string(out, r->rcpts[i].address);
		put_string(out, r->rcpts[i].target);
		put_string(out, r->rcpts[i].dsn);
		put_string(out, r->rcpts[i].host);
		put_string(out, r->rcpts[i].text);
		if (has_same_site(r, i))
			buf_add(out, slice_of(&SAME, sizeof SAME));
		else
			put_string(out, r->rcpts[i].site);
	}
}

/* That of a recipient whose predecessor is at BEFORE. */
static struct slice
get_site(struct cur *c, struct slice before)
{
	struct cur look = *c;
	const struct slice s = cur_take(&look, sizeof SAME);

	if (s.n != sizeof SAME || memcmp(s.p, &SAME, sizeof SAME) != 0)
		return get_string(c);
	*c = look;
	return before;
}

static bool
get_fixed(struct cur *c, struct qrecord *r)
{
	const struct slice s = cur_take(c, sizeof(struct fixed));
	struct fixed f;

	if (s.n != sizeof f)
		return false;
	memcpy(&f, s.p, sizeof f);
	*r = (struct qrecord){ .seen_ms = f.seen_ms,
		.next_ms = f.next_ms,
		.arrived_us = f.arrived_us,
		.size = f.size,
		.mt_priority = f.mt_priority,
		.attempts = f.attempts,
		.soons = f.soons,
		.life = f.life,
		.nrcpts = f.nrcpts,
		.state = f.state,
		.place = f.place,
		.known = true,
		.whole = f.whole == 1 };
	return (f.state == ENTRY_WAITING || f.state == ENTRY_HELD) &&
	       f.place < SPOOL_PLACES && f.whole <= 1 &&
	       f.nrcpts <= RCPTS_MAX_BYTES / (6 * sizeof(uint16_t));
}

bool
qrecord_get(struct slice value, struct arena *a, struct qrecord *r)
{
	struct cur c = cur_of(value);

	if (!get_fixed(&c, r))
		return false;
	r->sender = get_string(&c);
	r->login = get_string(&c);
	if (r->state == ENTRY_HELD)
		r->held = get_string(&c);
	r->rcpts = arena_alloc(a, (r->nrcpts + 1) * sizeof *r->rcpts);
	for (size_t i = 0; i < r->nrcpts; i++) {
		struct qrecord_rcpt *to = &r->rcpts[i];

		to->address = get_string(&c);
		to->target = get_string(&c);
		to->dsn = get_string(&c);
		to->host = get_string(&c);
		to->text = get_string(&c);
		to->site = get_site(&c, i > 0 ? to[-1].site : SLICE(""));
	}
	return cur_end(&c);
}
