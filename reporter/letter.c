/* SPDX-License-Identifier: ISC */
#include "reporter/letter.h"

#include "base/map.h"
#include "conf/shared.h"
#include "mime/date.h"
#include "mime/encode.h"
#include "reporter/conf.h"
#include "sys/clock.h"

static const struct letter_words {
	const char *of, *type, *file_type, *suffix, *title, *about;
} words[REPORT_KIND_COUNT] = {
	[REPORT_OF_DMARC] = { "", "multipart/mixed", "application/gzip", "xml",
	    "DMARC aggregate report (RFC 9990)", "mail got by" },
	[REPORT_OF_TLS] = { ".tls", "multipart/report; report-type=\"tlsrpt\"",
	    "application/tlsrpt+gzip", "json", "TLS report (RFC 8460)",
	    "TLS with its mail exchangers, seen by" },
};

struct slice
letter_organization(void)
{
	const char *said = reporter_conf->report_organization;

	return slice_str(
	    said[0] != '\0' ? said : reporter_conf->shared.hostname);
}

struct slice
letter_contact(void)
{
	static struct buf address = { .max = 1024 };
	const char *domain = shared_domain(&reporter_conf->shared);

	if (reporter_conf->report_contact[0] != '\0')
		return slice_str(reporter_conf->report_contact);
	buf_reset(&address);
	buf_addf(&address, "postmaster@%s", domain);
	return buf_slice(&address);
}

void
letter_id(enum report_kind kind, struct slice domain, int64_t begin_s,
    struct buf *out)
{
	buf_addf(out, "%lld.%016llx%s@%s", (long long)begin_s,
	    (unsigned long long)map_hash_fixed(domain), words[kind].of,
	    reporter_conf->shared.hostname);
}

/* receiver "!" policy-domain "!" begin "!" end "!" unique-id ".xml.gz" */
static void
put_file_name(struct buf *out, const struct aggregate_about *a,
    const struct letter_words *w)
{
	buf_addf(out, "%s!%.*s!%lld!%lld!%016llx.%s.gz",
	    reporter_conf->shared.hostname, SLICE_FMT(a->domain),
	    (long long)a->begin_s, (long long)a->end_s,
	    (unsigned long long)map_hash_fixed(a->domain), w->suffix);
}

static void
put_to(struct buf *out, struct slice to)
{
	const char *sep = "To: ";

	while (to.n > 0) {
		const struct slice one = slice_cut(to, '\n', &to);

		buf_addf(out, "%s<%.*s>", sep, SLICE_FMT(one));
		sep = ",\r\n ";
	}
	buf_adds(out, "\r\n");
}

/* It is to come through where TLS does not (RFC 8460 3). */
static void
put_tls_header(struct buf *out, const struct aggregate_about *a)
{
	buf_addf(out,
	    "TLS-Report-Domain: %.*s\r\n"
	    "TLS-Report-Submitter: %s\r\n"
	    "TLS-Required: No\r\n",
	    SLICE_FMT(a->domain), reporter_conf->shared.hostname);
}

static void
put_header(struct buf *out, const struct aggregate_about *a,
    const struct letter_words *w, struct slice to)
{
	const struct date now = { .time_s = clock_wall_s() };

	buf_addf(out, "From: <%.*s>\r\n", SLICE_FMT(a->email));
	put_to(out, to);
	buf_adds(out, "Date: ");
	date_put(out, &now);
	buf_addf(out,
	    "\r\nMessage-ID: <%.*s>\r\n"
	    "Subject: Report Domain: %.*s\r\n"
	    " Submitter: %s\r\n"
	    " Report-ID: <%.*s>\r\n"
	    "Auto-Submitted: auto-generated\r\n"
	    "MIME-Version: 1.0\r\n",
	    SLICE_FMT(a->id), SLICE_FMT(a->domain),
	    reporter_conf->shared.hostname, SLICE_FMT(a->id));
	if (w == &words[REPORT_OF_TLS])
		put_tls_header(out, a);
	buf_addf(
	    out, "Content-Type: %s;\r\n boundary=\"report\"\r\n\r\n", w->type);
}

static void
put_text(struct buf *out, const struct aggregate_about *a,
    const struct letter_words *w)
{
	const struct date begin = { .time_s = a->begin_s },
			  end = { .time_s = a->end_s };

	buf_addf(out,
	    "--report\r\n"
	    "Content-Type: text/plain; charset=us-ascii\r\n\r\n"
	    "This is a %s for %.*s,\r\n"
	    "about %s %s from ",
	    w->title, SLICE_FMT(a->domain), w->about,
	    reporter_conf->shared.hostname);
	date_put(out, &begin);
	buf_adds(out, "\r\nto ");
	date_put(out, &end);
	buf_adds(out, ".\r\n");
	if (a->error.n > 0)
		buf_addf(
		    out, "Not all is in it: %.*s.\r\n", SLICE_FMT(a->error));
	buf_adds(out, "\r\n");
}

void
letter_put(struct buf *out, enum report_kind kind,
    const struct aggregate_about *a, struct slice file, struct slice to)
{
	const struct letter_words *w = &words[kind];
	struct encode e;

	put_header(out, a, w, to);
	put_text(out, a, w);
	buf_addf(out,
	    "--report\r\n"
	    "Content-Type: %s\r\n"
	    "Content-Transfer-Encoding: base64\r\n"
	    "Content-Disposition: attachment;\r\n"
	    " filename=\"",
	    w->file_type);
	put_file_name(out, a, w);
	buf_adds(out, "\"\r\n\r\n");
	encode_init(&e, TRANSFER_BASE64);
	encode_feed(&e, file, out);
	encode_finish(&e, out);
	buf_adds(out, "\r\n--report--\r\n");
}
