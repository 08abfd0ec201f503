/* SPDX-License-Identifier: ISC */
#include "smtp/session/caps.h"

#include "base/cur.h"
#include "base/mem.h"

enum { LIMIT_MAX = 999999 };

/* clang-format off */
static const struct {
	const char *word;
	unsigned cap;
} words[] = {
	{ "PIPELINING",          SMTP_CAP_PIPELINING },
	{ "SIZE",                SMTP_CAP_SIZE },
	{ "8BITMIME",            SMTP_CAP_8BITMIME },
	{ "SMTPUTF8",            SMTP_CAP_SMTPUTF8 },
	{ "ENHANCEDSTATUSCODES", SMTP_CAP_ENHANCED },
	{ "DSN",                 SMTP_CAP_DSN },
	{ "STARTTLS",            SMTP_CAP_STARTTLS },
	{ "REQUIRETLS",          SMTP_CAP_REQUIRETLS },
	{ "CHUNKING",            SMTP_CAP_CHUNKING },
	{ "BINARYMIME",          SMTP_CAP_BINARYMIME },
	{ "LIMITS",              SMTP_CAP_LIMITS },
	{ "MT-PRIORITY",         SMTP_CAP_MT_PRIORITY },
};
/* clang-format on */

static void
take_size(struct slice args, struct smtp_caps *caps)
{
	struct cur c = cur_of(slice_trim(args));
	const uint64_t n = cur_u64(&c, UINT64_MAX);

	if (cur_end(&c))
		caps->size_max = n;
}

/* "AUTH PLAIN LOGIN", and "AUTH=PLAIN" of very old servers. */
static void
take_auth(struct slice args, struct smtp_caps *caps)
{
	while (args.n > 0)
		if (slice_iis(slice_cut(args, ' ', &args), "PLAIN"))
			caps->set |= SMTP_CAP_AUTH_PLAIN;
}

/* "MAILMAX=5 RCPTMAX=20"; what is unknown, or no number from 1 to 999999 (RFC
 * 9422 4), limits nothing. */
static void
take_limits(struct slice args, struct smtp_caps *caps)
{
	while (args.n > 0) {
		struct slice value,
		    name = slice_cut(slice_cut(args, ' ', &args), '=', &value);
		struct cur c = cur_of(value);
		const unsigned n = (unsigned)cur_u64(&c, LIMIT_MAX);

		if (!cur_end(&c))
			continue;
		if (slice_iis(name, "MAILMAX"))
			caps->mail_max = n;
		else if (slice_iis(name, "RCPTMAX"))
			caps->rcpt_max = n;
		else if (slice_iis(name, "RCPTDOMAINMAX"))
			caps->domain_max = n;
	}
}

static void
take_line(struct slice line, struct smtp_caps *caps)
{
	struct slice args, word = slice_cut(line, ' ', &args);

	if (slice_istarts(word, SLICE("AUTH="))) {
		take_auth(slice_from(line, 5), caps);
		return;
	}
	if (slice_iis(word, "AUTH"))
		take_auth(args, caps);
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (slice_iis(word, words[i].word))
			caps->set |= words[i].cap;
	if (slice_iis(word, "SIZE"))
		take_size(args, caps);
	if (slice_iis(word, "LIMITS"))
		take_limits(args, caps);
}

void
smtp_caps_parse(struct slice text, struct smtp_caps *caps)
{
	*caps = (struct smtp_caps){ 0 };
	(void)slice_cut(text, '\n', &text);
	while (text.n > 0)
		take_line(slice_trim(slice_cut(text, '\n', &text)), caps);
}
