/* SPDX-License-Identifier: ISC */
#include "ctl/mail/authcheck.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "ctl/cmd/confined.h"
#include "ctl/view/out.h"
#include "dns/gather.h"
#include "dns/resolver.h"
#include "dns/zone.h"
#include "mailauth/check.h"
#include "sys/fd.h"
#include "sys/portset.h"

enum {
	ZONE_MAX = 4 << 20,
	RESULT_MAX = 1 << 20,
	PIECE = 65536,
	DNS_TIME_MS = 40 * 1000, /* for everything (RFC 7208 4.6.4) */
	FD_ZONE = 3,             /* in the child; 0 is the message */
};

/* The child's. */
struct authcheck_child {
	struct mailauth_question q;
	struct mailauth check;
	struct dkim_message message;
	struct dns_answers answers;
	struct dns_zone *zone;
	struct dns_gather gather;
};

/* ---- what is printed ---- */

static void
line(struct buf *out, const char *what, const char *result, struct slice domain,
    struct slice why)
{
	buf_addf(out, "%-7s %s", what, result);
	if (domain.n > 0) {
		buf_addc(out, ' ');
		out_plain(out, domain);
	}
	if (why.n > 0) {
		buf_adds(out, " (");
		out_plain(out, why);
		buf_addc(out, ')');
	}
	buf_addc(out, '\n');
}

static void
line_dkim(struct buf *out, const struct dkim_verdict *d)
{
	char what[160];

	snprintf(what, sizeof what, "%s%s%.*s%s%s",
	    d->why != NULL ? d->why : "", d->why != NULL ? ", " : "",
	    (int)(d->sig->selector.n < 64 ? d->sig->selector.n : 64),
	    d->sig->selector.n > 0 ? d->sig->selector.p : "",
	    d->sig->selector.n > 0 ? " " : "no selector ",
	    d->testing ? "(a test key)" : dkim_alg_name(d->sig->alg));
	line(out, "dkim", dkim_result_name(d->result), d->sig->domain,
	    slice_str(what));
}

static void
print_text(struct authcheck_child *c, struct slice id, struct buf *out)
{
	const struct mailauth_verdict *v = &c->check.verdict;
	const struct dmarc_verdict *d = &v->dmarc;
	struct buf field = { .max = RESULT_MAX };
	char policy[400];

	line(out, "spf", spf_result_name(v->spf.result), v->spf.domain,
	    v->spf.why);
	if (v->spf.explanation.n > 0)
		line(out, "", "says:", v->spf.explanation, SLICE(""));
	for (size_t i = 0; i < v->ndkim; i++)
		line_dkim(out, &v->dkim[i]);
	if (v->ndkim == 0)
		line(out, "dkim", "none", SLICE(""),
		    c->message.too_large ? SLICE("the header is too large")
					 : SLICE(""));
	line(out, "arc", dkim_arc_result_name(v->arc.result), v->arc.sealer,
	    slice_str(v->arc.why));
	snprintf(policy, sizeof policy, "%s%s%s%s%.*s",
	    d->why != NULL ? d->why : "", d->at.n > 0 ? "; policy " : "",
	    d->at.n > 0 ? dmarc_policy_name(d->policy) : "",
	    d->at.n > 0 ? " of " : "", SLICE_FMT(d->at));
	line(out, "dmarc", dmarc_result_name(d->result), d->domain,
	    slice_str(policy));
	line(out, "action", mailauth_action_name(v->action), SLICE(""),
	    slice_str(v->why));
	buf_addc(out, '\n');
	mailauth_put_field(&c->check, id, &field);
	buf_add(out, buf_slice(&field));
	buf_fini(&field);
}

static void
put(struct buf *out, const char *before, struct slice value)
{
	buf_adds(out, before);
	out_json(out, value);
}

static void
print_json(const struct mailauth_verdict *v, struct buf *out)
{
	put(out,
	    "{\"spf\":{\"result\":", slice_str(spf_result_name(v->spf.result)));
	put(out, ",\"domain\":", v->spf.domain);
	buf_adds(out, "},\"dkim\":[");
	for (size_t i = 0; i < v->ndkim; i++) {
		const struct dkim_verdict *d = &v->dkim[i];

		put(out, i == 0 ? "{\"result\":" : ",{\"result\":",
		    slice_str(dkim_result_name(d->result)));
		put(out, ",\"domain\":", d->sig->domain);
		put(out, ",\"selector\":", d->sig->selector);
		buf_addc(out, '}');
	}
	put(out, "],\"arc\":{\"result\":",
	    slice_str(dkim_arc_result_name(v->arc.result)));
	put(out, "},\"dmarc\":{\"result\":",
	    slice_str(dmarc_result_name(v->dmarc.result)));
	put(out, ",\"domain\":", v->dmarc.domain);
	put(out, ",\"policy\":", slice_str(dmarc_policy_name(v->dmarc.policy)));
	put(out, "},\"action\":", slice_str(mailauth_action_name(v->action)));
	buf_adds(out, "}\n");
}

/* ---- the child ---- */

static int
read_message(struct dkim_message *m, struct err *err)
{
	char *piece = xmalloc(PIECE);
	ssize_t n;

	while ((n = read(STDIN_FILENO, piece, PIECE)) != 0) {
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			break;
		dkim_message_add(m, slice_of(piece, (size_t)n));
	}
	free(piece);
	dkim_message_end(m);
	return n == -1 ? err_sys(err, ERR_TEMP, "read the message") : 0;
}

/* Answers have come, or there is no time left; done, or more are asked for. */
static void
on_all(struct dns_gather *g)
{
	struct authcheck_child *c = OUTER(g, struct authcheck_child, gather);

	while (!mailauth_check(&c->check, &c->answers))
		if (dns_gather_ask(g))
			return;
	ev_stop();
}

static void
ask_the_dns(struct authcheck_child *c)
{
	dns_gather_init(&c->gather, &c->answers, DNS_TIME_MS, on_all);
	if (!mailauth_check(&c->check, &c->answers) &&
	    dns_gather_ask(&c->gather))
		ev_run();
	dns_gather_fini(&c->gather);
}

static struct dns_zone *
read_zone(struct err *err)
{
	struct buf text = { .max = ZONE_MAX };
	struct dns_zone *zone = NULL;

	if (fd_read_rest(FD_ZONE, &text, err) == 0)
		zone = dns_zone_parse(buf_slice(&text), err);
	buf_fini(&text);
	return zone;
}

static int
open_dns(const struct authcheck *c, struct port_set *ports, struct err *err)
{
	*ports = (struct port_set){ 0 };
	port_set_add(ports, DNS_PORT);
	for (size_t i = 0; i < c->dns->nservers; i++)
		port_set_add(ports, dns_server_port(c->dns->servers[i]));
	ev_init();
	return dns_open(c->dns, err);
}

static int
check(const struct authcheck *c, struct authcheck_child *r, struct err *err)
{
	struct port_set *ports = xcalloc(1, sizeof *ports);
	const struct ctl_confined box = { .uid = CTL_NOBODY,
		.gid = CTL_NOBODY,
		.dns = c->zone == -1 ? ports : NULL };
	int rc = 0;

	if (c->zone == -1)
		rc = open_dns(c, ports, err);
	if (rc == 0)
		rc = c->confine(&box, err);
	free(ports);
	if (rc == -1 || read_message(&r->message, err) == -1)
		return -1;
	mailauth_init(&r->check, &r->q);
	if (c->zone == -1) {
		ask_the_dns(r);
		return 0;
	}
	r->zone = read_zone(err);
	if (r->zone == NULL)
		return -1;
	while (!mailauth_check(&r->check, &r->answers))
		dns_zone_answer(r->zone, &r->answers);
	return 0;
}

/* Never returns: what it found, or why not, is on its standard output. */
__attribute__((noreturn)) static void
child(const struct authcheck *c)
{
	struct authcheck_child *r = xcalloc(1, sizeof *r);
	struct buf out = { .max = RESULT_MAX };
	struct err err = { .text = "" };
	int rc;

	r->q = (struct mailauth_question){
		.has_client = c->has_client,
		.spf = { .helo = c->helo,
		    .sender = c->sender,
		    .receiver = c->id,
		    .now_s = c->now_s,
		    .limits = &spf_limits_default },
		.message = &r->message,
		.now_s = c->now_s,
	};
	memcpy(r->q.spf.ip, c->ip, sizeof c->ip);
	dkim_message_init(&r->message, &dkim_limits_default);
	dns_answers_init(&r->answers);
	rc = check(c, r, &err);
	if (rc == -1)
		buf_adds(&out, err.text);
	else if (c->json)
		print_json(&r->check.verdict, &out);
	else
		print_text(r, c->id, &out);
	if (fd_write_all(STDOUT_FILENO, buf_slice(&out), NULL) == -1)
		rc = -1;
	_exit(rc == 0 ? 0 : 1);
}

/* The message, the pipe, nothing, the zone; and no other file. */
static int
arrange(const struct authcheck *c, int to)
{
	const int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	const int message = fcntl(c->message, F_DUPFD_CLOEXEC, 10);
	const int zone =
	    c->zone != -1 ? fcntl(c->zone, F_DUPFD_CLOEXEC, 10) : null;
	const int pipe = fcntl(to, F_DUPFD_CLOEXEC, 10);

	if (null == -1 || message == -1 || zone == -1 || pipe == -1 ||
	    dup2(message, STDIN_FILENO) == -1 ||
	    dup2(pipe, STDOUT_FILENO) == -1 ||
	    dup2(null, STDERR_FILENO) == -1 || dup2(zone, FD_ZONE) == -1)
		return -1;
	return close_range(FD_ZONE + 1, ~0U, 0);
}

int
authcheck_run(const struct authcheck *c, struct buf *out, struct err *err)
{
	int ends[2], status = -1;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) == -1)
		return err_sys(err, ERR_TEMP, "pipe");
	(void)fflush(NULL);
	pid = fork();
	if (pid == 0) {
		if (arrange(c, ends[1]) == -1)
			_exit(1);
		child(c);
	}
	fd_close(&ends[1]);
	if (pid == -1) {
		fd_close(&ends[0]);
		return err_sys(err, ERR_TEMP, "fork");
	}
	(void)fd_read_rest(ends[0], out, NULL);
	fd_close(&ends[0]);
	while (waitpid(pid, &status, 0) == -1 && errno == EINTR)
		continue;
	if (status == 0)
		return 0;
	if (out->n > 0 && WIFEXITED(status))
		err_set(err, ERR_TEMP, "%s", buf_cstr(out));
	else
		err_set(err, ERR_TEMP,
		    "the process that read it has ended "
		    "before its time");
	return -1;
}
