/* SPDX-License-Identifier: ISC */
#include "ctl/imap/client.h"

#include <string.h>

#include "base/base64.h"
#include "base/mem.h"
#include "ctl/imap/name.h"
#include "sasl/client.h"

enum {
	COMMAND_MAX = 64 << 10,
	IDLE_MAX = 16 << 20, /* bytes of no use before we leave */
	SAY_MAX = 160,       /* of what a server says to people */
};

static void
on_body(void *arg, struct slice bytes)
{
	struct imap_client *c = arg;

	if (c->on_body != NULL)
		c->on_body(c->arg, bytes);
}

int
imap_client_open(
    struct imap_client *c, const struct imap_login *l, struct err *err)
{
	imap_gather_init(&c->gather, on_body, c);
	imap_answer_init(&c->answer);
	buf_init(&c->out, COMMAND_MAX);
	c->tag = 0;
	c->caps = 0;
	c->idle_bytes = 0;
	return imap_conn_open(&c->conn, l->host, l->port, l->timeout_ms, err);
}

void
imap_client_close(struct imap_client *c)
{
	imap_conn_close(&c->conn);
	imap_gather_fini(&c->gather);
	imap_answer_fini(&c->answer);
	buf_fini(&c->out);
}

static int
next_answer(struct imap_client *c, struct err *err)
{
	struct slice in, rest;
	int rc;

	do {
		if (imap_conn_read(&c->conn, &in, err) == -1)
			return -1;
		rest = in;
		rc = imap_gather_feed(&c->gather, &rest, err);
		imap_conn_used(&c->conn, in.n - rest.n);
		if (rc == -1)
			return -1;
	} while (rc == 0);
	if (!imap_answer_parse(&c->answer, buf_slice(&c->gather.text)))
		return err_set(err, ERR_PERM,
		    "the server sends what is no IMAP: %.*s",
		    (int)(c->gather.text.n < 60 ? c->gather.text.n : 60),
		    c->gather.text.p);
	if (c->answer.has_caps)
		c->caps = c->answer.caps;
	return 0;
}

/* Nobody is kept here for ever by responses that lead nowhere. */
static int
count_idle(struct imap_client *c, struct err *err)
{
	if (c->answer.kind == IMAP_FETCH || c->answer.kind == IMAP_LIST ||
	    c->answer.kind == IMAP_LSUB)
		return 0;
	c->idle_bytes += c->gather.text.n + 2;
	return c->idle_bytes <= IDLE_MAX
		   ? 0
		   : err_set(
			 err, ERR_PERM, "the server talks and does not answer");
}

/* What a NO or BAD means for who tries again. */
static enum err_class
class_of(const struct imap_answer *a)
{
	static const char *const permanent[] = { "AUTHENTICATIONFAILED",
		"AUTHORIZATIONFAILED", "EXPIRED", "PRIVACYREQUIRED",
		"CONTACTADMIN", "NOPERM", "NONEXISTENT", "CANNOT" };

	for (size_t i = 0; i < ARRAY_LEN(permanent); i++)
		if (slice_iis(a->code, permanent[i]))
			return ERR_PERM;
	return a->status == IMAP_BAD ? ERR_PERM : ERR_TEMP;
}

static void
say(struct err *err, enum err_class class, const struct imap_answer *a)
{
	const struct slice s = slice_sub(a->say, 0, SAY_MAX);

	(void)err_set(err, class, "the server says: %s%.*s%s%.*s",
	    a->code.n > 0 ? "[" : "", SLICE_FMT(slice_sub(a->code, 0, 40)),
	    a->code.n > 0 ? "] " : "", SLICE_FMT(s));
}

void
imap_client_begin(struct imap_client *c)
{
	buf_reset(&c->out);
	buf_addf(&c->out, "p%u ", ++c->tag);
}

static bool
is_ours(const struct imap_client *c)
{
	struct buf tag = { .max = 16 };
	bool same;

	buf_addf(&tag, "p%u", c->tag);
	same = slice_ieq(c->answer.tag, buf_slice(&tag));
	buf_fini(&tag);
	return same;
}

/* Up to the tagged response; 2: the server waits for more (+). */
static int
read_answers(struct imap_client *c, struct err *err)
{
	c->idle_bytes = 0;
	for (;;) {
		const struct imap_answer *a = &c->answer;

		if (next_answer(c, err) == -1 || count_idle(c, err) == -1)
			return -1;
		if (a->kind == IMAP_CONTINUE)
			return 2;
		if (a->kind == IMAP_STATE && a->status == IMAP_BYE) {
			say(err, ERR_TEMP, a);
			return -1;
		}
		if (a->kind == IMAP_TAGGED && !is_ours(c))
			return err_set(err, ERR_PERM,
			    "the server answers what was not asked");
		if (a->kind == IMAP_TAGGED && a->status == IMAP_OK)
			return 0;
		if (a->kind == IMAP_TAGGED) {
			say(err, class_of(a), a);
			return 1;
		}
		if (c->on_answer != NULL &&
		    c->on_answer(c->arg, a, &c->gather, err) == -1)
			return -1;
	}
}

static int
send_out(struct imap_client *c, struct err *err)
{
	int rc;

	buf_adds(&c->out, "\r\n");
	if (c->out.failed)
		return err_set(err, ERR_PERM, "a command is too long");
	rc = imap_conn_write(&c->conn, buf_slice(&c->out), err);
	if (c->out.p != NULL)
		explicit_bzero(c->out.p, c->out.cap);
	return rc;
}

int
imap_client_run(struct imap_client *c, struct err *err)
{
	int rc;

	if (send_out(c, err) == -1)
		return -1;
	rc = read_answers(c, err);
	return rc != 2 ? rc
		       : err_set(err, ERR_PERM,
			     "the server wants more where there is none");
}

static int
run_word(struct imap_client *c, const char *command, struct err *err)
{
	imap_client_begin(c);
	buf_adds(&c->out, command);
	return imap_client_run(c, err);
}

/* ---- the way in ---- */

static int
read_greeting(struct imap_client *c, bool *in, struct err *err)
{
	if (next_answer(c, err) == -1)
		return -1;
	*in = c->answer.status == IMAP_PREAUTH;
	if (c->answer.kind == IMAP_STATE &&
	    (c->answer.status == IMAP_OK || *in))
		return 0;
	if (c->answer.kind == IMAP_STATE) {
		say(err, ERR_TEMP, &c->answer);
		return -1;
	}
	return err_set(err, ERR_PERM, "the server greets as none of IMAP does");
}

static int
starttls(struct imap_client *c, const struct imap_login *l, struct err *err)
{
	int rc;

	if ((c->caps & IMAP_CAP_STARTTLS) == 0)
		return err_set(err, ERR_PERM,
		    "the server has no STARTTLS: imaps:// may be meant");
	rc = run_word(c, "STARTTLS", err);
	if (rc != 0)
		return -1;
	/* Nothing that was said in the clear counts (RFC 9051 11.1). */
	c->caps = 0;
	return imap_conn_tls(&c->conn, l->client, l->host, l->verified, err);
}

static int
auth_plain(struct imap_client *c, const struct imap_login *l, struct err *err)
{
	const bool initial = (c->caps & IMAP_CAP_SASL_IR) != 0;
	struct buf response = { .max = 8 << 10 };
	int rc = -1;

	if (!sasl_client_plain(
		slice_str(l->name), slice_str(l->password), &response)) {
		rc = err_set(err, ERR_PERM, "name or password cannot be sent");
		goto out;
	}
	imap_client_begin(c);
	buf_adds(&c->out, "AUTHENTICATE PLAIN");
	if (initial) {
		buf_addc(&c->out, ' ');
		buf_add(&c->out, buf_slice(&response));
	}
	rc = send_out(c, err);
	if (rc == 0)
		rc = read_answers(c, err);
	if (rc == 2 && !initial) {
		buf_reset(&c->out);
		buf_add(&c->out, buf_slice(&response));
		rc = send_out(c, err);
		if (rc == 0)
			rc = read_answers(c, err);
	}
	if (rc == 2)
		rc = err_set(err, ERR_PERM, "the server wants more of PLAIN");
out:
	if (response.p != NULL)
		explicit_bzero(response.p, response.cap);
	buf_fini(&response);
	return rc;
}

static int
login(struct imap_client *c, const struct imap_login *l, struct err *err)
{
	if ((c->caps & IMAP_CAP_LOGINDISABLED) != 0)
		return err_set(err, ERR_PERM,
		    "the server has no way to log in "
		    "that we know");
	imap_client_begin(c);
	buf_adds(&c->out, "LOGIN ");
	if (!imap_name_quote(&c->out, slice_str(l->name)))
		return err_set(err, ERR_PERM, "the name cannot be sent");
	buf_addc(&c->out, ' ');
	if (!imap_name_quote(&c->out, slice_str(l->password)))
		return err_set(err, ERR_PERM, "the password cannot be sent");
	return imap_client_run(c, err);
}

int
imap_client_login(
    struct imap_client *c, const struct imap_login *l, struct err *err)
{
	bool in = false;
	int rc;

	if (l->tls &&
	    imap_conn_tls(&c->conn, l->client, l->host, l->verified, err) == -1)
		return -1;
	if (read_greeting(c, &in, err) == -1)
		return -1;
	if (c->caps == 0 && run_word(c, "CAPABILITY", err) != 0)
		return -1;
	if (!l->tls && !l->cleartext) {
		/* No command can be put before ours then (RFC 9051 11.2). */
		if (in)
			return err_set(err, ERR_PERM,
			    "the server lets in who has no TLS yet");
		if (starttls(c, l, err) == -1 ||
		    run_word(c, "CAPABILITY", err) != 0)
			return -1;
	}
	if (!in) {
		rc = (c->caps & IMAP_CAP_PLAIN) != 0 ? auth_plain(c, l, err)
						     : login(c, l, err);
		if (rc != 0)
			return -1;
		if (!c->answer.has_caps && run_word(c, "CAPABILITY", err) != 0)
			return -1;
	}
	return 0;
}
