/* SPDX-License-Identifier: ISC */
/* pabal dns: what others are told of this host. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/slice.h"
#include "conf/shared.h"
#include "ctl/cmd/commands.h"
#include "ctl/cmd/ctl.h"
#include "ctl/dns/dnscheck.h"
#include "ctl/dns/dnschild.h"
#include "ctl/dns/dnspolicy.h"
#include "ctl/dns/surroundings.h"
#include "ctl/sign/signkeys.h"
#include "ctl/view/nextsteps.h"
#include "ctl/view/out.h"
#include "lookup/conf.h"
#include "proto/address.h"
#include "proto/domain.h"
#include "sys/addr.h"
#include "sys/fd.h"
#include "tls/cert.h"

enum { RESULT_MAX = 1 << 20 };

struct dns_checking {
	struct dnschild child;
	struct dnscheck_host host;
	struct dnscheck check;
	bool json;
};

/* What belongs to a check, in the parent. */
struct dns_checked {
	const char *addresses, *zone;
	char domain[ADDRESS_DOMAIN_MAX + 1], hostname[ADDRESS_DOMAIN_MAX + 1];
	char key_id[CERT_KEY_ID_SIZE];
	struct surroundings around;
	struct signkeys keys;
	struct dnspolicy policy;
};

/* ---- what is printed, in the child ---- */

static void
print_row(struct out *o, struct dnscheck_row *w)
{
	out_str(o, slice_str(dnscheck_word(w->verdict)));
	out_str(o, slice_str(w->what));
	out_str(o, buf_slice(&w->name));
	out_str(o, buf_slice(&w->detail));
	if (o->json && w->publish.n == 0)
		out_none(o);
	else if (o->json)
		out_str(o, buf_slice(&w->publish));
}

/* Has a row before row I the same to say? */
static bool
is_said(const struct dnscheck *c, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (slice_eq(buf_slice(&c->rows[k].publish),
			buf_slice(&c->rows[i].publish)))
			return true;
	return false;
}

enum group { NEEDED, FOR_TLS, FOR_CLIENTS };

static enum group
group_of(const struct dnscheck_row *w)
{
	if (w->verdict != DNSCHECK_OPTIONAL)
		return NEEDED;
	return strcmp(w->what, "srv") == 0 || strcmp(w->what, "autoconf") == 0
		   ? FOR_CLIENTS
		   : FOR_TLS;
}

static void
print_publish(const struct dnscheck *c, enum group g, const char *heading)
{
	for (size_t i = 0; i < c->n; i++) {
		const struct dnscheck_row *w = &c->rows[i];

		if (w->publish.n == 0 || is_said(c, i) || group_of(w) != g)
			continue;
		printf("%s%.*s", heading, SLICE_FMT(buf_slice(&w->publish)));
		heading = "";
	}
}

/* The first byte is for the parent: is all well? */
static void
on_print(struct dnschild *child, struct buf *out)
{
	static const struct out_col cols[] = { { "verdict", 9 }, { "what", 8 },
		{ "name", 36 }, { "detail", 0 }, { "publish", 0 } };
	struct dns_checking *d = OUTER(child, struct dns_checking, child);
	struct out o;

	(void)out;
	putchar(dnscheck_is_well(&d->check) ? '0' : '1');
	out_begin(&o, d->json, cols, ARRAY_LEN(cols) - (d->json ? 0 : 1));
	for (size_t i = 0; i < d->check.n; i++)
		print_row(&o, &d->check.rows[i]);
	out_end(&o);
	if (!d->json) {
		print_publish(
		    &d->check, NEEDED, "records to publish in the DNS:\n");
		print_publish(&d->check, FOR_TLS,
		    "records by which other hosts know that there must be TLS "
		    "here, and\ntell what failed:\n");
		print_publish(&d->check, FOR_CLIENTS,
		    "records that help mail programs to find this host:\n");
	}
	(void)fflush(stdout);
}

static bool
on_step(struct dnschild *child, struct dns_answers *answers)
{
	struct dns_checking *d = OUTER(child, struct dns_checking, child);

	return dnscheck_run(&d->check, &d->host, answers);
}

/* ---- what this host is ---- */

static bool
add_address(struct dnscheck_host *h, struct slice text)
{
	struct addr a;

	if (!addr_of_ip(&a, AF_UNSPEC, text, 0))
		return false;
	if (h->naddresses < DNSCHECK_ADDRESSES_MAX &&
	    addr_ip16(&a, h->addresses[h->naddresses]))
		h->naddresses++;
	return true;
}

static bool
add_said(struct dnscheck_host *h, struct slice list)
{
	while (list.n > 0)
		if (!add_address(h, slice_trim(slice_cut(list, ',', &list))))
			return false;
	return true;
}

static void
add_own(struct dnscheck_host *h, const struct lookup_conf *lookup)
{
	char *found[NEXTSTEPS_ADDRESSES_MAX + 1];

	for (size_t i = 0; i < lookup->own_addresses.n; i++)
		(void)add_address(h, slice_str(lookup->own_addresses.v[i]));
	nextsteps_addresses(found);
	for (size_t i = 0; found[i] != NULL; i++) {
		(void)add_address(h, slice_str(found[i]));
		free(found[i]);
	}
}

static bool
in_ascii(const char *domain, char out[ADDRESS_DOMAIN_MAX + 1])
{
	struct buf ascii = { .max = ADDRESS_DOMAIN_MAX };
	const bool ok =
	    domain_to_ascii(slice_str(domain), &ascii) &&
	    address_is_domain(buf_slice(&ascii), 0) &&
	    slice_copy(buf_slice(&ascii), out, ADDRESS_DOMAIN_MAX + 1);

	buf_fini(&ascii);
	return ok;
}

/* Without a certificate, or rights to read it, no TLSA is ours. */
static void
find_key(const char *path, char id[CERT_KEY_ID_SIZE])
{
	struct buf pem = { .max = CERT_PEM_MAX };
	struct cert *cert = NULL;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd != -1 && fd_read_file(fd, &pem, NULL) == 0 &&
	    cert_parse(buf_slice(&pem), &cert, NULL) == 0)
		(void)slice_copy(
		    slice_str(cert_key_id(cert)), id, CERT_KEY_ID_SIZE);
	cert_free(&cert);
	fd_close(&fd);
	buf_fini(&pem);
}

/* ---- the command ---- */

static int
gather(struct ctl *ctl, struct dns_checked *a, struct dnscheck_host *h)
{
	const struct shared_conf *shared;
	struct err err;

	if (surroundings_load(&a->around, ctl) != CTL_OK)
		return CTL_FAILED;
	shared = a->around.pabal.conf;
	if (!in_ascii(a->around.hostname, a->hostname))
		return ctl_fail("dns: the hostname %s cannot be in the DNS",
		    a->around.hostname);
	if (signkeys_read(
		shared->signing_directory, a->domain, &a->keys, &err) == -1)
		return ctl_fail("dns: %s", err.text);
	find_key(shared->tls_certificate, a->key_id);
	h->domain = a->domain;
	h->hostname = a->hostname;
	h->keys = &a->keys;
	h->key_id = a->key_id;
	h->now_s = time(NULL);
	if (dnspolicy_find(&a->policy, ctl, a->domain, a->hostname,
		a->zone == NULL, &h->sts) == -1)
		return CTL_FAILED;
	if (h->naddresses == 0)
		add_own(h, a->around.lookup.conf);
	return CTL_OK;
}

static int
check(struct dns_checking *d)
{
	struct buf out = { .max = RESULT_MAX };
	struct err err;
	int rc = CTL_FAILED;

	if (dnschild_run(&d->child, &out, &err) == -1) {
		rc = ctl_fail("dns: %s", err.text);
	} else if (out.n > 0) {
		rc = out.p[0] == '0' ? CTL_OK : CTL_FAILED;
		out_text(stdout, slice_from(buf_slice(&out), 1));
	}
	buf_fini(&out);
	return rc;
}

int
cmd_dns_check(struct ctl *ctl, int argc, char **argv)
{
	struct dns_checked a = { .addresses = NULL };
	const struct ctl_opt opts[] = { { "address", &a.addresses, NULL },
		{ "zone", &a.zone, NULL }, { 0 } };
	struct dns_checking *d;
	int rc = CTL_FAILED;

	if (ctl_options(ctl, opts, argc, argv, 1, 1) == -1)
		return CTL_USAGE;
	if (!in_ascii(argv[0], a.domain))
		return ctl_usage(ctl,
		    "expected a domain such as example.org, not \"%s\"",
		    argv[0]);
	d = xcalloc(1, sizeof *d);
	d->json = ctl->json;
	d->child = (struct dnschild){ .file = -1,
		.zone = -1,
		.dns = &a.around.dns,
		.confine = ctl->confine,
		.step = on_step,
		.print = on_print };
	if (!add_said(&d->host, slice_str(a.addresses)))
		rc = ctl_usage(ctl, "--address: expected IP addresses");
	else if (a.zone != NULL &&
		 (d->child.zone = open(a.zone, O_RDONLY | O_CLOEXEC)) == -1)
		rc = ctl_fail("dns: open %s: %s", a.zone, strerror(errno));
	else if (gather(ctl, &a, &d->host) == CTL_OK)
		rc = check(d);
	fd_close(&d->child.zone);
	free(d);
	signkeys_free(&a.keys);
	surroundings_fini(&a.around);
	dnspolicy_fini(&a.policy);
	return rc;
}
