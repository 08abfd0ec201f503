/* SPDX-License-Identifier: ISC */
#include "smfi/command.h"

static void
put_u32(struct buf *out, uint32_t v)
{
	for (int shift = 24; shift >= 0; shift -= 8)
		buf_addc(out, (char)(v >> shift & 0xff));
}

size_t
smfi_command_begin(struct buf *out, enum smfi_command command)
{
	put_u32(out, 0);
	buf_addc(out, (char)command);
	return out->n - 1;
}

void
smfi_command_end(struct buf *out, size_t begun)
{
	const size_t n = out->n - begun;

	if (out->failed)
		return;
	for (size_t i = 0; i < 4; i++)
		out->p[begun - 4 + i] = (char)(n >> (24 - 8 * i) & 0xff);
}

static void
put_text(struct buf *out, struct slice text)
{
	buf_add(out, slice_sub(text, 0, slice_find(text, '\0')));
	buf_addc(out, '\0');
}

void
smfi_command_put(struct buf *out, enum smfi_command command,
    const struct slice *texts, size_t n)
{
	const size_t begun = smfi_command_begin(out, command);
	size_t left = SMFI_COMMAND_MAX - 1;

	for (size_t i = 0; i < n && left > 0; i++) {
		put_text(out, slice_sub(texts[i], 0, left - 1));
		left -= texts[i].n < left - 1 ? texts[i].n + 1 : left;
	}
	smfi_command_end(out, begun);
}

void
smfi_command_connect(
    struct buf *out, struct slice name, struct slice ip, uint16_t port)
{
	const size_t begun = smfi_command_begin(out, SMFIC_CONNECT);
	const bool six = slice_find(ip, ':') < ip.n;

	put_text(out, name);
	if (ip.n == 0) {
		buf_addc(out, 'U');
	} else {
		buf_addc(out, six ? '6' : '4');
		buf_addc(out, (char)(port >> 8));
		buf_addc(out, (char)(port & 0xff));
		put_text(out, ip);
	}
	smfi_command_end(out, begun);
}

void
smfi_command_body(struct buf *out, struct slice bytes)
{
	const size_t begun = smfi_command_begin(out, SMFIC_BODY);

	buf_add(out, slice_sub(bytes, 0, SMFI_CHUNK_BYTES));
	smfi_command_end(out, begun);
}

void
smfi_command_options(struct buf *out, uint32_t actions, uint32_t steps)
{
	const size_t begun = smfi_command_begin(out, SMFIC_OPTNEG);

	put_u32(out, SMFI_PROT_VERSION);
	put_u32(out, actions);
	put_u32(out, steps);
	smfi_command_end(out, begun);
}
