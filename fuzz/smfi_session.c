/* SPDX-License-Identifier: ISC */
/* What a filter says while a client has a message, whatever it is: it ends,
 * what is kept is bounded, and a message that was changed has a header that is
 * one. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/must.h"
#include "mime/header.h"
#include "smfi/reply.h"
#include "smfi/session.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { BODY_MAX = 4096, ROUNDS = 3 };

static const char text[] = "From: a@b.example\r\nSubject: one\r\n\ttwo\r\n"
			   "no field\r\nSubject: again\r\n\r\n";

static size_t
read_body(struct smfi_body *b, int64_t at, char *p, size_t n)
{
	(void)b;
	(void)at;
	memset(p, 'x', n);
	return n;
}

/* Hear frames until what was asked is decided; false: a fault, or the end. */
static bool
settle(struct smfi_session *s, struct slice *in)
{
	struct slice frame;

	while (s->asked != 0) {
		if (smfi_frame_next(in, &frame) != SMFI_WHOLE ||
		    smfi_session_hear(s, frame) == SMFI_FAULT)
			return false;
		must(s->changes_bytes <= SMFI_CHANGES_MAX);
		must(s->body.n <= BODY_MAX);
		must(s->ignored_body <= BODY_MAX);
	}
	for (size_t i = 0; i < s->text.n; i++)
		must(s->text.p[i] == '\n' ||
		     (s->text.p[i] >= 0x20 && s->text.p[i] < 0x7f));
	return true;
}

static void
check(const struct smfi_message *m)
{
	struct buf out = { .max = 16 << 20 };

	smfi_message_front(m, &out);
	smfi_message_header(m, &out);
	must(!out.failed);
	must(out.n == 0 || header_length(buf_slice(&out)) == out.n);
	for (size_t i = 0; i + 1 < out.n; i++)
		must(out.p[i] != '\0' &&
		     (out.p[i] == '\r') == (out.p[i + 1] == '\n'));
	buf_fini(&out);
}

static bool
ask(struct smfi_session *s, enum smfi_command command,
    const struct smfi_facts *facts, struct buf *out, struct slice *in)
{
	static const struct slice texts[] = { { "host", 4 }, { "::1", 3 },
		{ "25", 2 } };

	(void)smfi_session_ask(s, command, texts, 3, facts, out);
	buf_reset(out);
	return settle(s, in);
}

static bool
message(struct smfi_session *s, const struct smfi_facts *facts, struct buf *out,
    struct slice *in)
{
	struct smfi_body b = { .size = 70000, .read = read_body };
	struct smfi_message m;
	bool well = true;

	smfi_message_init(&m, BODY_MAX);
	smfi_message_read(&m, slice_str(text));
	smfi_session_message(s);
	while (well && s->phase != SMFI_OVER) {
		(void)smfi_session_more(s, &m, &b, facts, out);
		must(!out->failed);
		buf_reset(out);
		well = settle(s, in);
	}
	if (well)
		smfi_session_apply(s, &m);
	check(&m);
	smfi_message_fini(&m);
	return well;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice in = slice_of(data, size);
	struct buf out = { .max = 1 << 20 };
	struct smfi_session s;
	struct smfi_facts facts;
	bool well;

	smfi_facts_init(&facts);
	(void)smfi_facts_add(&facts, in);
	smfi_session_init(&s, BODY_MAX);
	smfi_session_begin(&s, SMFI_ACTIONS,
	    size % 2 == 0 ? SMFI_ACTIONS : SMFIF_QUARANTINE, &out);
	well = settle(&s, &in) && ask(&s, SMFIC_CONNECT, &facts, &out, &in) &&
	       ask(&s, SMFIC_HELO, &facts, &out, &in);
	for (int i = 0; well && i < ROUNDS; i++) {
		well = ask(&s, SMFIC_MAIL, &facts, &out, &in) &&
		       ask(&s, SMFIC_RCPT, &facts, &out, &in) &&
		       ask(&s, SMFIC_DATA, &facts, &out, &in) &&
		       message(&s, &facts, &out, &in);
		smfi_session_abort(&s, &out);
		buf_reset(&out);
	}
	smfi_session_fini(&s);
	smfi_facts_fini(&facts);
	buf_fini(&out);
	return 0;
}
