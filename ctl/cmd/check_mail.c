/* SPDX-License-Identifier: ISC */
/* pabal check-mail: what SPF, DKIM, ARC, DMARC and policy's rules say of a
 * message. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"
#include "ctl/cmd/commands.h"
#include "ctl/cmd/ctl.h"
#include "ctl/dns/surroundings.h"
#include "ctl/mail/authcheck.h"
#include "ctl/mail/queuedmail.h"
#include "ctl/view/out.h"
#include "lookup/conf.h"
#include "mime/charset.h"
#include "policy/conf.h"
#include "proto/address.h"
#include "queue/envelope.h"
#include "sys/addr.h"
#include "sys/clock.h"
#include "sys/fd.h"

enum { RESULT_MAX = 1 << 20 };

struct mail_asked {
	const char *file, *client, *helo, *from, *rcpt, *login, *zone;
	const char *mechanism, *tls, *country;
	struct buf sender, recipient, account; /* canonical */
};

static int
open_file(const char *path)
{
	if (strcmp(path, "-") == 0)
		return fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
	return open(path, O_RDONLY | O_CLOEXEC);
}

/* RFC 3848: ESMTPS, ESMTPSA, LMTPS, UTF8SMTPS, ... */
static bool
is_tls(struct slice protocol)
{
	const size_t at = slice_find(protocol, 'P');

	return at + 1 < protocol.n && protocol.p[at + 1] == 'S';
}

/* What it came with, where nothing else was said. */
static void
fill_in(struct authcheck *c, const struct mail_asked *asked,
    const struct envelope *env)
{
	struct addr addr;

	if (asked->client == NULL) {
		c->client = env->client;
		c->has_client = addr_of_ip(&addr, AF_UNSPEC, env->client, 0) &&
				addr_ip16(&addr, c->ip);
	}
	if (asked->login == NULL)
		c->login = env->login;
	/* where it was, the version is not known */
	if (asked->tls == NULL && !is_tls(env->protocol))
		c->tls = SLICE("none");
	if (asked->helo == NULL)
		c->helo = env->helo;
	if (asked->from == NULL)
		c->sender = env->sender;
}

/* A file, or a message of the queue. */
static int
open_message(struct ctl *ctl, const struct mail_asked *asked,
    struct authcheck *c, struct queuedmail **queued, struct err *err)
{
	const struct slice name = slice_str(asked->file);

	bool missing;

	c->message = open_file(asked->file);
	if (c->message != -1)
		return 0;
	missing = errno == ENOENT;
	err_sys(err, ERR_PERM, "check-mail: open %s", asked->file);
	if (!missing || name.n >= ENVELOPE_ID_BYTES ||
	    slice_find(name, '.') < name.n || slice_find(name, '/') < name.n)
		return -1;
	*queued = queuedmail_open(&ctl->inst, name, &c->message, err);
	if (*queued == NULL)
		return err_set(err, ERR_PERM,
		    "check-mail: %s is no file and no message of the queue",
		    asked->file);
	fill_in(c, asked, queuedmail_envelope(*queued));
	return 0;
}

static int
run(const struct mail_asked *asked, struct authcheck *c)
{
	struct buf out = { .max = RESULT_MAX };
	struct err err;
	int rc = CTL_OK;

	/* Names are decoded where no file can be opened. */
	charset_preload(false);
	if (authcheck_run(c, &out, &err) == -1)
		rc = ctl_fail("check-mail: %s: %s", asked->file, err.text);
	else
		out_text(stdout, buf_slice(&out));
	buf_fini(&out);
	return rc;
}

static int
check(struct ctl *ctl, const struct mail_asked *asked, struct authcheck *c)
{
	struct surroundings s;
	struct target policy = { 0 };
	int rc = surroundings_load(&s, ctl);

	if (rc == CTL_OK)
		rc = surroundings_conf(&policy, ctl, "policy");
	c->dns = &s.dns;
	c->id = slice_str(s.hostname);
	c->policy = policy.conf;
	c->tables = s.tables;
	if (rc == CTL_OK) {
		c->country_file =
		    ((const struct lookup_conf *)s.lookup.conf)->country_file;
		c->spf_strict_voids = c->policy->spf_strict_voids;
		c->dkim_key_bits_max = (unsigned)c->policy->dkim_key_bits_max;
		rc = run(asked, c);
	}
	target_fini(&policy);
	surroundings_fini(&s);
	return rc;
}

static int
open_and_check(
    struct ctl *ctl, const struct mail_asked *asked, struct authcheck *c)
{
	struct queuedmail *queued = NULL;
	struct err err;
	int rc;

	c->zone = asked->zone != NULL ? open_file(asked->zone) : -1;
	if (asked->zone != NULL && c->zone == -1) {
		err_sys(&err, ERR_PERM, "check-mail: open %s", asked->zone);
		rc = ctl_fail_err(&err);
	} else if (open_message(ctl, asked, c, &queued, &err) == -1) {
		rc = ctl_fail_err(&err);
	} else {
		rc = check(ctl, asked, c);
	}
	fd_close(&c->message);
	fd_close(&c->zone);
	queuedmail_free(&queued);
	return rc;
}

/* ---- what is given ---- */

/* The word of OPTION, in canonical form; false: it is no address. */
static bool
read_address(const char *word, unsigned how, struct buf *out)
{
	return word == NULL || *word == '\0' ||
	       address_parse(slice_str(word), how, out);
}

static const char *
read_words(struct mail_asked *asked, struct authcheck *c)
{
	struct addr addr;

	c->client = slice_str(asked->client);
	c->has_client = asked->client != NULL;
	if (c->has_client && (!addr_of_ip(&addr, AF_UNSPEC, c->client, 0) ||
				 !addr_ip16(&addr, c->ip)))
		return "--client: expected an IP address";
	if (!read_address(
		asked->from, ADDRESS_UTF8 | ADDRESS_NULL, &asked->sender))
		return "--from: expected an address, or <>";
	if (!read_address(asked->rcpt, ADDRESS_UTF8, &asked->recipient))
		return "--rcpt: expected an address";
	if (!read_address(asked->login, ADDRESS_UTF8, &asked->account))
		return "--login: expected the address of an account";
	c->helo = slice_str(asked->helo);
	c->mechanism = slice_str(asked->mechanism);
	c->tls = slice_str(asked->tls);
	c->country = slice_str(asked->country);
	c->sender = buf_slice(&asked->sender);
	c->rcpt = buf_slice(&asked->recipient);
	c->login = buf_slice(&asked->account);
	return NULL;
}

int
cmd_check_mail(struct ctl *ctl, int argc, char **argv)
{
	struct mail_asked asked = { .sender.max = ADDRESS_MAX,
		.recipient.max = ADDRESS_MAX,
		.account.max = ADDRESS_MAX };
	const struct ctl_opt opts[] = { { "client", &asked.client, NULL },
		{ "helo", &asked.helo, NULL }, { "from", &asked.from, NULL },
		{ "rcpt", &asked.rcpt, NULL }, { "login", &asked.login, NULL },
		{ "zone", &asked.zone, NULL },
		{ "mechanism", &asked.mechanism, NULL },
		{ "tls", &asked.tls, NULL },
		{ "country", &asked.country, NULL }, { 0 } };
	struct authcheck c = {
		.message = -1, .confine = ctl->confine, .now_s = clock_wall_s()
	};
	const char *wrong;
	int rc;

	if (ctl_options(ctl, opts, argc, argv, 1, 1) == -1)
		return CTL_USAGE;
	asked.file = argv[0];
	c.json = ctl->json;
	wrong = read_words(&asked, &c);
	rc = wrong != NULL ? ctl_usage(ctl, "%s", wrong)
			   : open_and_check(ctl, &asked, &c);
	buf_fini(&asked.sender);
	buf_fini(&asked.recipient);
	buf_fini(&asked.account);
	return rc;
}
