/* SPDX-License-Identifier: ISC */
#include "lookup/dns.h"

#include <stdlib.h>
#include <sys/queue.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/cur.h"
#include "base/mem.h"
#include "dns/gather.h"
#include "dns/pass.h"
#include "ipc/ipc.h"
#include "ipc/msg.h"
#include "log/metric.h"
#include "lookup/conf.h"

/* One message: its questions are asked at once and answered together. */
struct dns_asked {
	TAILQ_ENTRY(dns_asked) link;
	struct ipc *peer;
	uint64_t id;
	struct arena arena;
	size_t n;
	struct {
		const char *name;
		enum dns_type type;
	} questions[DNS_PASS_MAX];
	struct dns_answers answers;
	struct dns_gather gather;
};

static TAILQ_HEAD(, dns_asked) open = TAILQ_HEAD_INITIALIZER(open);

static struct metric asked = { .name = "pabal_lookup_dns_questions",
	.help = "Questions to the DNS that others had." };

static void
asked_free(struct dns_asked *a)
{
	TAILQ_REMOVE(&open, a, link);
	dns_gather_fini(&a->gather);
	dns_answers_fini(&a->answers);
	arena_fini(&a->arena);
	free(a);
}

/* In the order of the questions, as many as a frame has room for: who asked
 * asks for the others again. */
static void
answer(const struct dns_asked *a, struct dns_answers *answers)
{
	static const struct dns_answer failed = { .found = TEMPFAIL };
	struct buf out = { .max = MSG_MAX_BYTES - 256 };

	for (size_t i = 0; i < a->n && !out.failed; i++) {
		const size_t before = out.n;
		const struct dns_answer *one = dns_answers_get(answers,
		    slice_str(a->questions[i].name), a->questions[i].type);

		dns_pass_put_answer(
		    &out, a->questions[i].type, one != NULL ? one : &failed);
		if (!out.failed)
			continue;
		buf_truncate(&out, before);
		if (before > 0)
			break;
		out.failed = false;
		dns_pass_put_answer(&out, a->questions[i].type, &failed);
	}
	IPC_SEND(
	    a->peer, lookup_dns_found, .id = a->id, .answers = buf_slice(&out));
	buf_fini(&out);
}

static void
on_all(struct dns_gather *g)
{
	struct dns_asked *a = OUTER(g, struct dns_asked, gather);

	answer(a, &a->answers);
	asked_free(a);
}

static bool
read_questions(struct dns_asked *a, struct slice text)
{
	struct cur c = cur_of(text);

	while (a->n < DNS_PASS_MAX &&
	       dns_pass_get_question(&c, &a->arena, &a->questions[a->n].name,
		   &a->questions[a->n].type))
		a->n++;
	return cur_end(&c) && a->n > 0;
}

static int64_t
time_of(uint32_t asked_ms)
{
	return asked_ms < lookup_conf->dns_timeout ? asked_ms
						   : lookup_conf->dns_timeout;
}

void
lookup_on_dns(struct ipc *peer, struct msg *m)
{
	struct dns_asked *a = xcalloc(1, sizeof *a);

	a->peer = peer;
	a->id = m->lookup_dns.id;
	arena_init(&a->arena);
	dns_answers_init(&a->answers);
	dns_gather_init(
	    &a->gather, &a->answers, time_of(m->lookup_dns.time_ms), on_all);
	TAILQ_INSERT_TAIL(&open, a, link);
	if (!read_questions(a, m->lookup_dns.questions)) {
		asked_free(a);
		ipc_drop(peer, "malformed questions");
		return;
	}
	metric_add(&asked, (int64_t)a->n);
	for (size_t i = 0; i < a->n; i++)
		(void)dns_answers_get(&a->answers,
		    slice_str(a->questions[i].name), a->questions[i].type);
	if (!dns_gather_ask(&a->gather))
		on_all(&a->gather);
}

void
lookup_dns_on_gone(struct ipc *peer)
{
	struct dns_asked *a, *next;

	for (a = TAILQ_FIRST(&open); a != NULL; a = next) {
		next = TAILQ_NEXT(a, link);
		if (a->peer == peer)
			asked_free(a);
	}
}

void
lookup_dns_fail_open(void)
{
	struct dns_asked *a;

	while ((a = TAILQ_FIRST(&open)) != NULL) {
		dns_answers_give_up(&a->answers);
		answer(a, &a->answers);
		asked_free(a);
	}
}
