/* SPDX-License-Identifier: ISC */
#include "ctl/template.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "ctl/instance.h"

void
template_pabal(const struct template *t, struct buf *out)
{
	buf_adds(out, "# What several daemons need to know: pabal.conf(5).\n"
		      "# \"pabal conf show pabal\" prints every parameter, "
		      "\"pabal conf explain NAME\" says\n"
		      "# what it means, \"pabal conf check\" finds mistakes "
		      "before a reload does.\n\n");
	buf_addf(out, "hostname = %s\ndomains =", t->hostname);
	for (size_t i = 0; t->domains[i] != NULL; i++)
		buf_addf(out, " %s", t->domains[i]);
	buf_addf(out, "\n\n"
		      "# Who may send to other hosts without a password.\n"
		      "#trusted_networks = 127.0.0.0/8 [::1]\n\n");
	if (t->inst->dir != NULL)
		buf_adds(out,
		    "# Passwords in clear text without TLS: from here only.\n"
		    "cleartext_login_networks = 127.0.0.0/8 [::1]\n\n");
	buf_addf(out,
	    "tls_certificate = %s/cert.pem\n"
	    "tls_key = %s/key.pem\n\n"
	    "spool_directory = %s\n"
	    "mail_directory = %s\n"
	    "table_directory = %s\n",
	    t->inst->tls, t->inst->tls, t->inst->spool, t->inst->mail,
	    t->inst->etc);
}

struct service {
	const char *name;
	const char *daemon;
	const char *protocol; /* NULL: reached from inside only */
	unsigned port;
	const char *extra; /* one more address */
};

/* clang-format off */
static const struct service services[] = {
	{ "lookup",      "lookup", NULL,          0,   NULL },
	{ "keys",        "keys",   NULL,          0,   NULL },
	{ "auth",        "auth",   NULL,          0,   NULL },
	{ "qmgr",        "qmgr",   NULL,          0,   NULL },
	{ "local",       "local",  NULL,          0,   NULL },
	{ "pipe",        "pipe",   NULL,          0,   NULL },
	{ "outbound",    "smtp",   NULL,          0,   NULL },
	{ "imapd",       "imapd",  NULL,          0,   NULL },
	{ "pop3d",       "pop3d",  NULL,          0,   NULL },
	{ "smtp",        "smtpd",  "smtp",        25,  "unix:public/smtpd" },
	{ "submission",  "smtpd",  "submission",  587, NULL },
	{ "submissions", "smtpd",  "submissions", 465, NULL },
	{ "lmtp",        "smtpd",  "lmtp",        24,  NULL },
	{ "imap",        "login",  "imap",        143, NULL },
	{ "imaps",       "login",  "imaps",       993, NULL },
	{ "pop3",        "login",  "pop3",        110, NULL },
	{ "pop3s",       "login",  "pop3s",       995, NULL },
};
/* clang-format on */

static bool
has_program(const struct instance *in, const char *daemon)
{
	char *path = xasprintf("%s/%s", in->programs, daemon);
	const bool has = access(path, X_OK) == 0;

	free(path);
	return has;
}

/* LMTP has no authentication: from this host only unless told otherwise. */
static void
add_listen(const struct template *t, const struct service *s, struct buf *out)
{
	const bool here =
	    t->base_port != NULL || strcmp(s->protocol, "lmtp") == 0;

	buf_addf(out, "protocol = %s\nlisten = %s:%u%s%s\n", s->protocol,
	    here ? "127.0.0.1" : "*", t->port + s->port,
	    s->extra != NULL ? " " : "", s->extra != NULL ? s->extra : "");
}

void
template_master(const struct template *t, struct buf *out)
{
	buf_adds(out, "# The services: master.conf(5).  Each section is one; "
		      "\"listen\" takes\n"
		      "# 127.0.0.1:25, [::1]:25, *:25 and "
		      "unix:path-beneath-run.\n");
	for (size_t i = 0; i < ARRAY_LEN(services); i++) {
		const struct service *s = &services[i];

		if (!has_program(t->inst, s->daemon))
			continue;
		buf_addf(out, "\n[%s]\ndaemon = %s\n", s->name, s->daemon);
		if (s->protocol != NULL)
			add_listen(t, s, out);
	}
}

void
template_daemon(const char *daemon, struct buf *out)
{
	buf_addf(out,
	    "# Parameters of %s: %s.conf(5), \"pabal conf show %s\".\n"
	    "# What is not set here has its default.\n",
	    daemon, daemon, daemon);
}

void
template_accounts(const struct template *t, struct buf *out)
{
	buf_addf(out,
	    "# Who has a mailbox: \"pabal user add NAME@DOMAIN\".  After "
	    "editing by hand:\n# \"pabal map accounts\".\n"
	    "postmaster@%s home=%s/postmaster\n",
	    t->domains[0], t->domains[0]);
}

void
template_passwords(const struct template *t, struct buf *out)
{
	(void)t;
	buf_adds(out, "# Password hashes: \"pabal user password "
		      "NAME@DOMAIN\".\n");
}

void
template_aliases(const struct template *t, struct buf *out)
{
	buf_addf(out,
	    "# name: target, target     in every local domain\n"
	    "# name@domain: target      this address only\n"
	    "# Targets: addresses, \"|command\", :include:/file, \\name for "
	    "the "
	    "mailbox itself.\n"
	    "# After editing by hand: \"pabal map aliases\" or "
	    "newaliases.\n\n"
	    "# Somebody must read what is sent here (RFC 5321 4.5.1).\n"
	    "postmaster: \\postmaster@%s\n"
	    "mailer-daemon: postmaster\n"
	    "abuse: postmaster\n"
	    "hostmaster: postmaster\n"
	    "root: postmaster\n",
	    t->domains[0]);
}
