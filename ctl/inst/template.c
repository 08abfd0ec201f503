/* SPDX-License-Identifier: ISC */
#include "ctl/inst/template.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/cur.h"
#include "base/mem.h"
#include "base/slice.h"
#include "conf/errors.h"
#include "conf/lex.h"
#include "ctl/inst/instance.h"
#include "ipc/role_facts.h"
#include "proto/domain.h"
#include "tls/digest.h"

void
template_pabal(const struct template *t, const char *name, struct buf *out)
{
	(void)name;
	buf_adds(out, "# What several daemons need to know: pabal.conf(5).\n"
		      "# \"pabal conf show pabal\" prints every parameter, "
		      "\"pabal conf explain NAME\" says\n"
		      "# what it means, \"pabal conf check\" finds mistakes "
		      "before a reload does.\n\n");
	if (t->local)
		buf_adds(out,
		    "# This instance serves its own host only.  \"pabal init "
		    "--domain DOMAIN\" makes it\n# a mail host as long as "
		    "this file is as it was made.\n\n");
	buf_addf(out, "hostname = %s\ndomains =", t->hostname);
	for (size_t i = 0; t->domains[i] != NULL; i++)
		buf_addf(out, " %s", t->domains[i]);
	if (!t->local && t->base_port == NULL) {
		buf_adds(out,
		    "\n\n# Mail that is sent on elsewhere (aliases, .forward) "
		    "has a sender in this\n# domain, so that SPF passes "
		    "there.\nsrs_domain = ");
		/* not all hosts have SMTPUTF8 */
		(void)domain_to_ascii(slice_str(t->domains[0]), out);
	}
	buf_addf(out, "\n\n"
		      "# Who may send to other hosts without a password.\n"
		      "#trusted_networks = 127.0.0.0/8 [::1]\n\n");
	if (t->inst->dir != NULL)
		buf_adds(out,
		    "# Passwords in clear text without TLS: from here only.\n"
		    "cleartext_login_networks = 127.0.0.0/8 [::1]\n\n");
	buf_addf(out,
	    "tls_certificate = %s/cert.pem\n"
	    "tls_key = %s/key.pem\n"
	    "signing_directory = %s\n\n"
	    "spool_directory = %s\n"
	    "mail_directory = %s\n"
	    "table_directory = %s\n",
	    t->inst->tls, t->inst->tls, t->inst->signing, t->inst->spool,
	    t->inst->mail, t->inst->etc);
	if (t->inst->dir != NULL)
		buf_addf(out, "state_directory = %s\n", t->inst->lib);
}

/* A section of etc/master.conf. */
struct template_service {
	struct slice name, daemon;
	struct slice protocol; /* empty: reached from inside only */
	struct slice listen;
};

static const char sample[] =
#include "ctl/master_conf.def" // IWYU pragma: keep
    ;

static bool
has_program(const struct instance *in, const char *daemon)
{
	char *path = xasprintf("%s/%s", in->programs, daemon);
	const bool has = access(path, X_OK) == 0;

	free(path);
	return has;
}

/* Does a host need it that serves only itself?  Its users have their mail on
 * it, and nobody logs in. */
static bool
is_for_local(const struct template_service *s)
{
	const enum role role = role_find(s->daemon);

	if (s->protocol.n > 0)
		return slice_is(s->protocol, "smtp");
	return role < ROLE_COUNT && role_facts(role)->serves != SERVES_ACCOUNT;
}

/* Its ports may be another program's on a host that is there already. */
static bool
is_for_web(const struct template_service *s)
{
	return slice_starts(s->protocol, SLICE("http"));
}

static void
add_listen(
    const struct template *t, const struct template_service *s, struct buf *out)
{
	const bool here = t->local || t->base_port != NULL;
	const size_t colon = slice_rfind(s->listen, ':');
	struct cur port = cur_of(slice_from(s->listen, colon + 1));

	buf_addf(out, "protocol = %.*s\nlisten = ", SLICE_FMT(s->protocol));
	if (slice_starts(s->listen, SLICE("unix:")))
		buf_addf(out, "%.*s\n", SLICE_FMT(s->listen));
	else
		buf_addf(out, "%.*s:%llu\n",
		    SLICE_FMT(here ? SLICE("127.0.0.1")
				   : slice_sub(s->listen, 0, colon)),
		    (unsigned long long)(t->port + cur_u64(&port, 65535)));
}

static void
add_service(
    const struct template *t, const struct template_service *s, struct buf *out)
{
	char daemon[32];

	if (s->daemon.n == 0 || !slice_copy(s->daemon, daemon, sizeof daemon) ||
	    !has_program(t->inst, daemon) || (t->local && !is_for_local(s)) ||
	    (t->base_port == NULL && is_for_web(s)))
		return;
	buf_addf(out, "\n[%.*s]\ndaemon = %s\n", SLICE_FMT(s->name), daemon);
	if (s->protocol.n > 0)
		add_listen(t, s, out);
}

static void
add_services(
    const struct template *t, const struct conf_items *items, struct buf *out)
{
	struct template_service s = { .name = { NULL, 0 } };

	for (size_t i = 0; i < items->n; i++) {
		const struct conf_item *it = &items->v[i];

		if (it->header) {
			add_service(t, &s, out);
			s = (struct template_service){ .name = it->section };
		} else if (slice_is(it->name, "daemon")) {
			s.daemon = it->value;
		} else if (slice_is(it->name, "protocol")) {
			s.protocol = it->value;
		} else if (slice_is(it->name, "listen")) {
			s.listen = it->value;
		}
	}
	add_service(t, &s, out);
}

void
template_master(const struct template *t, const char *name, struct buf *out)
{
	const struct conf_text text = { name, slice_str(sample) };
	struct conf_errors ignored = { 0 };
	struct conf_items items;
	struct arena a;

	buf_adds(out, "# The services: master.conf(5).  Each section is one; "
		      "\"listen\" takes\n"
		      "# 127.0.0.1:25, [::1]:25, *:25 and "
		      "unix:path-beneath-run.\n");
	arena_init(&a);
	conf_lex(&text, &a, &items, &ignored);
	add_services(t, &items, out);
	free(items.v);
	arena_fini(&a);
	conf_errors_fini(&ignored);
}

void
template_daemon(const struct template *t, const char *name, struct buf *out)
{
	struct slice rest;
	const struct slice daemon = slice_cut(slice_str(name), '.', &rest);

	buf_addf(out,
	    "# Parameters of %.*s: %s(5), \"pabal conf show %.*s\".\n"
	    "# What is not set here has its default.\n",
	    SLICE_FMT(daemon), name, SLICE_FMT(daemon));
	if (t->local && slice_is(daemon, "lookup"))
		buf_adds(out, "\nsystem_users = yes\n");
	if (t->inst->dir != NULL && slice_is(daemon, "policy"))
		buf_adds(out, "\n# Who tries this instance out may send much; "
			      "enforce is the default.\nrates = warn\n");
	if (slice_is(daemon, "auth"))
		buf_adds(out, "\nscram_secret = scram.secret\n");
}

void
template_scram_secret(
    const struct template *t, const char *name, struct buf *out)
{
	uint8_t random[32];
	char hex[2 * DIGEST_MAX + 1];

	(void)t;
	(void)name;
	digest_random(random, sizeof random);
	digest_hex(DIGEST_SHA256, slice_of(random, sizeof random), hex);
	buf_addf(out, "%s\n", hex);
}

void
template_accounts(const struct template *t, const char *name, struct buf *out)
{
	(void)name;
	buf_addf(out,
	    "# Who has a mailbox: \"pabal user add NAME@DOMAIN\".  After "
	    "editing by hand:\n# \"pabal map accounts\".\n"
	    "postmaster@%s home=%s/postmaster\n",
	    t->domains[0], t->domains[0]);
}

void
template_passwords(const struct template *t, const char *name, struct buf *out)
{
	(void)t;
	(void)name;
	buf_adds(out, "# Password hashes: \"pabal user password "
		      "NAME@DOMAIN\".\n");
}

void
template_app_passwords(
    const struct template *t, const char *name, struct buf *out)
{
	(void)t;
	(void)name;
	buf_adds(out, "# Passwords of accounts for programs: \"pabal user app "
		      "add NAME@DOMAIN APP\".\n");
}

void
template_aliases(const struct template *t, const char *name, struct buf *out)
{
	(void)name;
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
