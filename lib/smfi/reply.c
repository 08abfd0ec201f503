/* SPDX-License-Identifier: ISC */
#include "smfi/reply.h"

#include "base/ascii.h"
#include "base/cur.h"
#include "base/mem.h"
#include "smfi/protocol.h"

enum { LENGTH_BYTES = 4, LINE_MAX_BYTES = 480 };

/* What stands behind the letter: u index, n a name, v a value, o a value that
 * may be missing, b bytes to the end, t text to the end. */
/* clang-format off */
static const struct {
	char code;
	const char *form;
} forms[] = {
	{ SMFIR_ADDRCPT,     "n" },
	{ SMFIR_DELRCPT,     "n" },
	{ SMFIR_ADDRCPT_PAR, "no" },
	{ SMFIR_SHUTDOWN,    "" },
	{ SMFIR_ACCEPT,      "" },
	{ SMFIR_REPLBODY,    "b" },
	{ SMFIR_CONTINUE,    "" },
	{ SMFIR_DISCARD,     "" },
	{ SMFIR_CHGFROM,     "no" },
	{ SMFIR_CONN_FAIL,   "" },
	{ SMFIR_ADDHEADER,   "nv" },
	{ SMFIR_INSHEADER,   "unv" },
	{ SMFIR_CHGHEADER,   "unv" },
	{ SMFIR_PROGRESS,    "" },
	{ SMFIR_QUARANTINE,  "t" },
	{ SMFIR_REJECT,      "" },
	{ SMFIR_SKIP,        "" },
	{ SMFIR_TEMPFAIL,    "" },
	{ SMFIR_REPLYCODE,   "t" },
	{ SMFIC_OPTNEG,      "b" },
};
/* clang-format on */

static uint32_t
u32(struct slice s)
{
	uint32_t v = 0;

	for (size_t i = 0; i < s.n; i++)
		v = v << 8 | (unsigned char)s.p[i];
	return v;
}

enum smfi_end
smfi_frame_next(struct slice *in, struct slice *frame)
{
	uint32_t n;

	if (in->n < LENGTH_BYTES)
		return SMFI_MORE;
	n = u32(slice_sub(*in, 0, LENGTH_BYTES));
	if (n == 0 || n > SMFI_FRAME_MAX)
		return SMFI_BAD;
	if (in->n - LENGTH_BYTES < n)
		return SMFI_MORE;
	*frame = slice_sub(*in, LENGTH_BYTES, n);
	*in = slice_from(*in, LENGTH_BYTES + n);
	return SMFI_WHOLE;
}

/* To the end, without the NUL that may stand there. */
static struct slice
text_rest(struct cur *c)
{
	struct slice text = cur_take(c, cur_left(c));

	if (text.n > 0 && text.p[text.n - 1] == '\0')
		text.n--;
	if (slice_find(text, '\0') < text.n)
		cur_fail(c);
	return text;
}

static void
read_part(struct cur *c, char part, struct smfi_reply *r)
{
	switch (part) {
	case 'u':
		r->index = u32(cur_take(c, 4));
		return;
	case 'n':
		r->name = cur_until(c, '\0');
		return;
	case 'v':
		r->value = cur_until(c, '\0');
		return;
	case 'o':
		if (cur_left(c) > 0)
			r->value = cur_until(c, '\0');
		return;
	case 't':
		r->value = text_rest(c);
		return;
	case 'b':
	default:
		r->value = cur_take(c, cur_left(c));
		return;
	}
}

bool
smfi_reply_parse(struct slice frame, struct smfi_reply *r, const char **why)
{
	struct cur c = cur_of(frame);
	const int code = cur_byte(&c);

	*r = (struct smfi_reply){ .code = (char)code };
	for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
		if (forms[i].code != code)
			continue;
		for (const char *p = forms[i].form; *p != '\0'; p++)
			read_part(&c, *p, r);
		*why = "malformed reply";
		return cur_end(&c);
	}
	*why = "unknown reply";
	return false;
}

/* ---- the text of a reply ---- */

/* Three digits and " " or "-". */
static bool
read_code(struct cur *c, struct slice *code)
{
	*code = cur_while(c, ascii_isdigit);
	if (code->n != 3 || (code->p[0] != '4' && code->p[0] != '5'))
		return false;
	return cur_left(c) == 0 || cur_try_byte(c, ' ') || cur_try_byte(c, '-');
}

/* D.D+.D+ of CLASS and a blank behind it; empty: none stands there. */
static struct slice
read_enhanced(struct cur *c, char class)
{
	struct cur at = *c;
	const char *from = at.p;

	if (cur_byte(&at) != class || !cur_try_byte(&at, '.') ||
	    cur_while(&at, ascii_isdigit).n - 1 > 2 ||
	    !cur_try_byte(&at, '.') || cur_while(&at, ascii_isdigit).n - 1 > 2)
		return SLICE("");
	const struct slice s = slice_of(from, (size_t)(at.p - from));
	if (cur_left(&at) > 0 && !cur_try_byte(&at, ' '))
		return SLICE("");
	*c = at;
	return s;
}

/* "%%" stands for "%": Sendmail takes what filters say for a format. */
static void
add_line(struct slice text, struct buf *out)
{
	text = slice_sub(text, 0, LINE_MAX_BYTES);
	for (size_t i = 0; i < text.n; i++) {
		const char c = text.p[i];

		if (c == '%' && i + 1 < text.n && text.p[i + 1] == '%')
			i++;
		buf_addc(out, ascii_isprint(c) ? c : '?');
	}
}

bool
smfi_reply_text(struct slice text, struct buf *out)
{
	const size_t from = out->n;
	struct slice first = { 0 };
	unsigned lines = 0;

	while ((text.n > 0 || lines == 0) && lines < SMFI_TEXT_LINES) {
		struct cur c =
		    cur_of(slice_chomp(slice_cut(text, '\n', &text)));
		struct slice code, enhanced;

		if (!read_code(&c, &code) ||
		    (lines > 0 && !slice_eq(code, first)))
			return false;
		first = code;
		enhanced = read_enhanced(&c, code.p[0]);
		if (enhanced.n == 0)
			enhanced =
			    code.p[0] == '4' ? SLICE("4.7.1") : SLICE("5.7.1");
		if (out->n - from > SMFI_TEXT_MAX - LINE_MAX_BYTES)
			break;
		if (lines++ == 0)
			buf_addf(out, "%.*s %.*s ", SLICE_FMT(code),
			    SLICE_FMT(enhanced));
		else
			buf_addc(out, '\n');
		add_line(cur_rest(&c), out);
	}
	return true;
}
