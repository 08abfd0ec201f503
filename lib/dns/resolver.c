/* SPDX-License-Identifier: ISC */
#include "dns/resolver.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/queue.h>
#include <unbound-event.h>
#include <unbound.h>

#include "base/ascii.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/must.h"
#include "dns/events.h"
#include "ev/loop.h"
#include "log/log.h"
#include "log/metric.h"
#include "proto/domain.h"
#include "sys/addr.h"

/* One question put to libunbound.  It lives until libunbound has called back,
 * which may be long after the asker stopped waiting. */
struct dns_question {
	TAILQ_ENTRY(dns_question) link;
	struct dns_query *query; /* NULL: nobody waits any more */
	enum dns_type type;
	bool answered; /* ANSWER is set, and libunbound is done with us */
	struct dns_answer answer;
	struct arena arena;
	struct ev_task task; /* hands the answer out */
	struct ev_timer deadline;
	char name[DNS_NAME_MAX + 1];
};

static struct {
	struct ub_ctx *ctx;
	FILE *log;
	int64_t timeout_ms;
	TAILQ_HEAD(, dns_question) open;
} dns = { .open = TAILQ_HEAD_INITIALIZER(dns.open) };

static struct metric questions = { .name = "pabal_dns_questions",
	.help = "DNS queries, cached ones included." };
static struct metric temporary = { .name = "pabal_dns_failures",
	.help = "DNS queries without an answer, or with a bogus one." };

/* ---- opening ---- */

static void
question_free(struct dns_question *k)
{
	TAILQ_REMOVE(&dns.open, k, link);
	ev_task_cancel(&k->task);
	ev_timer_stop(&k->deadline);
	arena_fini(&k->arena);
	free(k);
}

static int
fail(struct err *err, const char *what, int rc)
{
	return err_set(err, ERR_PERM, "dns: %s: %s", what, ub_strerror(rc));
}

/* ADDR[:PORT], [ADDR6][:PORT], ADDR@PORT or ADDR6. */
static int
server_parse(const char *text, struct addr *a, struct err *err)
{
	struct slice port, host = slice_cut(slice_str(text), '@', &port);
	char copy[ADDR_TEXT * 2];
	bool bare6;

	bare6 = host.n > 0 && host.p[0] != '[' &&
		slice_find(host, ':') != slice_rfind(host, ':');
	if (port.n > 0 || bare6)
		snprintf(copy, sizeof copy,
		    bare6 ? "[%.*s]%s%.*s" : "%.*s%s%.*s", SLICE_FMT(host),
		    port.n > 0 ? ":" : "", SLICE_FMT(port));
	else
		snprintf(copy, sizeof copy, "%s", text);
	if (addr_parse(a, slice_str(copy), DNS_PORT, err) == -1 ||
	    addr_is_unix(a) || a->dual)
		return err_set(err, ERR_PERM,
		    "DNS server \"%s\": expected an address such as "
		    "192.0.2.1, 192.0.2.1:5353 or [2001:db8::1]:53",
		    text);
	return 0;
}

/* As libunbound reads it. */
static int
server_text(const char *text, char *out, size_t size, struct err *err)
{
	char ip[ADDR_TEXT];
	struct addr a;

	if (server_parse(text, &a, err) == -1)
		return -1;
	snprintf(out, size, "%s@%u", addr_format_ip(&a, ip),
	    (unsigned)addr_port(&a));
	return 0;
}

int
dns_check_server(const char *text, struct err *err)
{
	struct addr a;

	return server_parse(text, &a, err);
}

uint16_t
dns_server_port(const char *text)
{
	struct addr a;
	struct err err;

	return server_parse(text, &a, &err) == 0 ? addr_port(&a) : DNS_PORT;
}

static int
set_servers(const struct dns_config *config, struct err *err)
{
	/* Zones that libunbound answers itself by default (RFC 6761, 6303);
	 * servers that we were told to ask know better. */
	static const char *const local[] = { "test.", "invalid.",
		"home.arpa." };
	char server[ADDR_TEXT + 8];
	int rc;

	if (config->nservers == 0) {
		rc = ub_ctx_resolvconf(dns.ctx, NULL);
		return rc == 0 ? 0 : fail(err, "resolv.conf", rc);
	}
	for (size_t i = 0; i < config->nservers; i++) {
		if (server_text(
			config->servers[i], server, sizeof server, err) == -1)
			return -1;
		rc = ub_ctx_set_fwd(dns.ctx, server);
		if (rc != 0)
			return fail(err, server, rc);
	}
	/* These freeze the settings, so they come last. */
	for (size_t i = 0; i < ARRAY_LEN(local); i++) {
		rc = ub_ctx_zone_remove(dns.ctx, local[i]);
		if (rc != 0)
			return fail(err, local[i], rc);
	}
	return 0;
}

static int
set_options(const struct dns_config *config, struct err *err)
{
	char half[32], quarter[32];
	const struct {
		const char *name;
		const char *value;
	} options[] = {
		{ "do-not-query-localhost:", "no" },
		{ "unblock-lan-zones:", "yes" },
		{ "insecure-lan-zones:", "yes" },
		{ "use-syslog:", "no" },
		{ "verbosity:", "0" },
		/* A server that was down is tried again soon. */
		{ "infra-host-ttl:", "30" },
		{ "infra-keep-probing:", "yes" },
		{ "cache-max-negative-ttl:", "900" },
		{ "msg-cache-size:", quarter },
		{ "rrset-cache-size:", half },
	};
	int rc;

	snprintf(half, sizeof half, "%zu", config->cache_bytes / 2);
	snprintf(quarter, sizeof quarter, "%zu", config->cache_bytes / 4);
	for (size_t i = 0; i < ARRAY_LEN(options); i++) {
		rc = ub_ctx_set_option(
		    dns.ctx, options[i].name, options[i].value);
		if (rc != 0)
			return fail(err, options[i].name, rc);
	}
	if (config->trust_anchor[0] == '\0')
		return 0;
	rc = ub_ctx_add_ta_file(dns.ctx, config->trust_anchor);
	return rc == 0 ? 0 : fail(err, config->trust_anchor, rc);
}

/* libunbound writes what worries it to a FILE; it is worth a debug line. */
static ssize_t
on_library_log(void *cookie, const char *p, size_t n)
{
	(void)cookie;
	if (slice_trim(slice_of(p, n)).n > 0)
		log_debug("dns.library",
		    kv_slice("text", slice_trim(slice_of(p, n))));
	return (ssize_t)n;
}

static void
on_first(void *arg, int rcode, void *packet, int len, int sec, char *why,
    int limited)
{
	(void)arg, (void)rcode, (void)packet, (void)len, (void)sec, (void)why,
	    (void)limited;
}

/* libunbound reads its files and makes what it needs with the first question;
 * have that happen now, with a name that it answers itself. */
static int
first_question(struct err *err)
{
	const int rc = ub_resolve_event(
	    dns.ctx, "localhost", DNS_A, 1, NULL, on_first, NULL);

	return rc == 0 ? 0 : fail(err, "start", rc);
}

int
dns_open(const struct dns_config *config, struct err *err)
{
	must(dns.ctx == NULL);
	metric_register(&questions);
	metric_register(&temporary);
	dns.timeout_ms = config->timeout_ms;
	dns.log = fopencookie(
	    NULL, "w", (cookie_io_functions_t){ .write = on_library_log });
	must(dns.log != NULL);
	setvbuf(dns.log, NULL, _IOLBF, 512);
	dns.ctx = ub_ctx_create_ub_event(dns_events_base());
	if (dns.ctx == NULL)
		return err_set(err, ERR_PERM, "dns: no memory");
	(void)ub_ctx_debugout(dns.ctx, dns.log);
	if (set_options(config, err) == 0 && set_servers(config, err) == 0 &&
	    first_question(err) == 0)
		return 0;
	dns_close();
	return -1;
}

void
dns_close(void)
{
	struct dns_question *k;

	/* libunbound calls back for what is open; nobody is told. */
	if (dns.ctx != NULL)
		ub_ctx_delete(dns.ctx);
	dns.ctx = NULL;
	while ((k = TAILQ_FIRST(&dns.open)) != NULL) {
		if (k->query != NULL)
			k->query->question = NULL;
		question_free(k);
	}
	if (dns.log != NULL)
		fclose(dns.log);
	dns.log = NULL;
}

/* ---- asking ---- */

static void
log_failure(const struct dns_question *k, const struct dns_answer *answer)
{
	metric_add(&temporary, 1);
	log_info("dns.failed", kv_s("name", k->name),
	    kv_s("type", dns_type_name(k->type)), kv_s("why", answer->why));
}

/* Tell who waits, who may ask again from inside. */
static void
hand_out(struct dns_question *k, const struct dns_answer *answer)
{
	struct dns_query *q = k->query;

	k->query = NULL;
	ev_timer_stop(&k->deadline);
	if (q == NULL)
		return;
	if (answer->found == TEMPFAIL)
		log_failure(k, answer);
	q->question = NULL;
	q->on_answer(q, answer);
}

static void
on_task(struct ev_task *task)
{
	struct dns_question *k = OUTER(task, struct dns_question, task);

	hand_out(k, &k->answer);
	question_free(k);
}

static void
on_deadline(struct ev_timer *t)
{
	struct dns_question *k = OUTER(t, struct dns_question, deadline);
	const struct dns_answer late = {
		.found = TEMPFAIL, .name = "", .why = "no answer in time"
	};

	hand_out(k, &late);
}

/* libunbound has the answer; possibly from inside ub_resolve_event. */
static void
on_answer(void *arg, int rcode, void *packet, int len, int sec, char *why,
    int limited)
{
	struct dns_question *k = arg;
	struct dns_answer *answer = &k->answer;

	(void)limited;
	if (rcode == 0 && packet != NULL && len > 0)
		dns_wire_parse(
		    slice_of(packet, (size_t)len), k->type, &k->arena, answer);
	else if (rcode == 3)
		*answer = (struct dns_answer){
			.found = ABSENT, .nxdomain = true, .name = ""
		};
	else
		*answer = (struct dns_answer){
			.found = TEMPFAIL, .name = "", .why = "server failure"
		};
	answer->secure = sec == 2;
	if (sec == 1) {
		answer->found = TEMPFAIL;
		answer->n = 0;
		answer->why = arena_str(
		    &k->arena, slice_str(why != NULL ? why : "DNSSEC: bogus"));
	}
	k->answered = true;
	ev_task_queue(&k->task);
}

/* A name as libunbound takes it: printable, labels of 1 to 63, no escapes.  A
 * final dot makes it absolute. */
static bool
name_ok(struct slice name)
{
	size_t label = 0;

	if (name.n > 0 && name.p[name.n - 1] == '.')
		name.n--;
	if (name.n == 0 || name.n >= DNS_NAME_MAX)
		return false;
	for (size_t i = 0; i < name.n; i++) {
		const char c = name.p[i];

		if (!ascii_isprint(c) || c == ' ' || c == '\\' || c == '"' ||
		    c == '(' || c == ')' || c == ';' || c == '@')
			return false;
		label = c == '.' ? 0 : label + 1;
		if (label > 63 ||
		    (c == '.' && (i == 0 || name.p[i - 1] == '.')))
			return false;
	}
	return true;
}

/* NAME as the DNS is asked for it; false when it cannot stand there. */
static bool
take_name(struct slice name, char *to, size_t size)
{
	struct buf ascii = { .max = size };
	const bool ok = domain_to_ascii(name, &ascii) &&
			name_ok(buf_slice(&ascii)) &&
			slice_copy(buf_slice(&ascii), to, size);

	buf_fini(&ascii);
	return ok;
}

void
dns_ask(struct dns_query *q, struct slice name, enum dns_type type,
    void (*fn)(struct dns_query *, const struct dns_answer *))
{
	struct dns_question *k = xcalloc(1, sizeof *k);
	int rc;

	must(q->question == NULL);
	metric_add(&questions, 1);
	q->on_answer = fn;
	q->question = k;
	k->query = q;
	TAILQ_INSERT_TAIL(&dns.open, k, link);
	k->type = type;
	arena_init(&k->arena);
	ev_task_init(&k->task, on_task);
	ev_timer_init(&k->deadline, on_deadline);
	if (!take_name(name, k->name, sizeof k->name)) {
		k->answer = (struct dns_answer){
			.found = ABSENT, .nxdomain = true, .name = ""
		};
		ev_task_queue(&k->task);
		return;
	}
	/* A resolver that could not be opened anew answers nothing. */
	rc = dns.ctx == NULL ? UB_INITFAIL
			     : ub_resolve_event(dns.ctx, k->name, (int)type, 1,
				   k, on_answer, NULL);
	if (rc != 0) {
		k->answer = (struct dns_answer){
			.found = TEMPFAIL, .name = "", .why = ub_strerror(rc)
		};
		ev_task_queue(&k->task);
	} else if (!k->answered) {
		ev_timer_set(&k->deadline, dns.timeout_ms);
	}
}

void
dns_cancel(struct dns_query *q)
{
	if (q->question == NULL)
		return;
	ev_timer_stop(&q->question->deadline);
	q->question->query = NULL;
	q->question = NULL;
}
