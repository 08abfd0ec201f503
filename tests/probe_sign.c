/* SPDX-License-Identifier: ISC */
/*
 * A daemon that was taken over has digests signed of its own choice.  Each line
 * "# sign: KIND DOMAIN SELECTOR BYTES" of its files is a question to keys, over
 * the link that it has:
 *
 *   probe.signed domain= selector= bytes=    of the signature; 0: refused
 */
#include <string.h>

#include "base/cur.h"
#include "base/mem.h"
#include "ipc/ipc.h"
#include "log/log.h"
#include "tests/probe.h"

enum { SIGN_MAX = 32, DEADLINE_MS = 30000 };

static struct sign {
	struct ipc_call call;
	char domain[200], selector[64];
} signs[SIGN_MAX];

static const char digest[64] = "what nobody has written";

static void
on_signed(struct ipc_call *call, struct msg *m)
{
	const struct sign *s = OUTER(call, struct sign, call);

	log_info("probe.signed", kv_s("domain", s->domain),
	    kv_s("selector", s->selector),
	    kv_u("bytes", m != NULL ? m->keys_mail_signed.signature.n : 0));
}

static void
ask(struct sign *s, struct slice words)
{
	struct slice kind, domain, selector;
	struct cur k, n;

	kind = slice_cut(words, ' ', &words);
	domain = slice_cut(words, ' ', &words);
	selector = slice_cut(words, ' ', &words);
	k = cur_of(kind);
	n = cur_of(words);
	(void)slice_copy(domain, s->domain, sizeof s->domain);
	(void)slice_copy(selector, s->selector, sizeof s->selector);
	IPC_CALL(ipc_link(ROLE_KEYS, 0, 0), &s->call, keys_mail_signed,
	    on_signed, DEADLINE_MS, keys_mail_sign,
	    .kind = (uint32_t)cur_u64(&k, 1000), .domain = slice_str(s->domain),
	    .selector = slice_str(s->selector),
	    .digest = slice_of(digest, (size_t)cur_u64(&n, sizeof digest)));
}

void
probe_sign(struct slice text)
{
	const struct slice mark = SLICE("# sign: ");
	size_t n = 0;

	while (text.n > 0 && n < SIGN_MAX) {
		const struct slice line = slice_cut(text, '\n', &text);

		if (slice_starts(line, mark))
			ask(&signs[n++], slice_from(line, mark.n));
	}
}
