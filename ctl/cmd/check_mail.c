/* SPDX-License-Identifier: ISC */
/* pabal check-mail: what SPF, DKIM, ARC and DMARC say of a message. */
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
#include "proto/address.h"
#include "queue/envelope.h"
#include "sys/addr.h"
#include "sys/clock.h"
#include "sys/fd.h"

enum { RESULT_MAX = 1 << 20 };

struct mail_asked {
	const char *file, *client, *helo, *from, *zone;
};

static int
open_file(const char *path)
{
	if (strcmp(path, "-") == 0)
		return fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
	return open(path, O_RDONLY | O_CLOEXEC);
}

/* What it came with, where nothing else was said. */
static void
fill_in(struct authcheck *c, const struct mail_asked *asked,
    const struct envelope *env)
{
	struct addr addr;

	if (asked->client == NULL)
		c->has_client = addr_of_ip(&addr, AF_UNSPEC, env->client, 0) &&
				addr_ip16(&addr, c->ip);
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
check(struct ctl *ctl, const struct mail_asked *asked, struct authcheck *c)
{
	struct buf out = { .max = RESULT_MAX };
	struct surroundings s;
	struct err err;
	int rc = surroundings_load(&s, ctl);

	c->dns = &s.dns;
	c->id = slice_str(s.hostname);
	if (rc == CTL_OK && authcheck_run(c, &out, &err) == -1)
		rc = ctl_fail("check-mail: %s: %s", asked->file, err.text);
	else if (rc == CTL_OK)
		out_text(stdout, buf_slice(&out));
	surroundings_fini(&s);
	buf_fini(&out);
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

int
cmd_check_mail(struct ctl *ctl, int argc, char **argv)
{
	struct mail_asked asked = { 0 };
	const struct ctl_opt opts[] = { { "client", &asked.client, NULL },
		{ "helo", &asked.helo, NULL }, { "from", &asked.from, NULL },
		{ "zone", &asked.zone, NULL }, { 0 } };
	struct buf sender = { .max = ADDRESS_MAX };
	struct authcheck c = {
		.message = -1, .confine = ctl->confine, .now_s = clock_wall_s()
	};
	struct addr addr;
	int rc;

	if (ctl_options(ctl, opts, argc, argv, 1, 1) == -1)
		return CTL_USAGE;
	asked.file = argv[0];
	c.json = ctl->json;
	c.helo = slice_str(asked.helo);
	c.has_client = asked.client != NULL;
	if (c.has_client &&
	    (!addr_of_ip(&addr, AF_UNSPEC, slice_str(asked.client), 0) ||
		!addr_ip16(&addr, c.ip)))
		return ctl_usage(ctl, "--client: expected an IP address");
	if (asked.from != NULL && *asked.from != '\0' &&
	    !address_parse(
		slice_str(asked.from), ADDRESS_UTF8 | ADDRESS_NULL, &sender)) {
		buf_fini(&sender);
		return ctl_usage(ctl, "--from: expected an address, or <>");
	}
	c.sender = buf_slice(&sender);
	rc = open_and_check(ctl, &asked, &c);
	buf_fini(&sender);
	return rc;
}
