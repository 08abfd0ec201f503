/* SPDX-License-Identifier: ISC */
#include "smtp/session/caps.h"

#include "base/cur.h"
#include "base/mem.h"

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
}

void
smtp_caps_parse(struct slice text, struct smtp_caps *caps)
{
	*caps = (struct smtp_caps){ 0 };
	(void)slice_cut(text, '\n', &text);
	while (text.n > 0)
		take_line(slice_trim(slice_cut(text, '\n', &text)), caps);
}
