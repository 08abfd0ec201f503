/* SPDX-License-Identifier: ISC */
#include "conf/manual.h"

#include "conf/value.h"

/* Whether a sentence ends before the blank at I. */
static bool
sentence_ends(struct slice s, size_t i)
{
	while (i > 0 && (s.p[i - 1] == ')' || s.p[i - 1] == '"'))
		i--;
	return i > 0 && strchr(".!?", s.p[i - 1]) != NULL;
}

void
conf_manual_text(struct slice text, struct buf *out)
{
	bool start = true;

	for (size_t i = 0; i < text.n; i++) {
		const char c = text.p[i];

		if (start && (c == '.' || c == '\''))
			buf_adds(out, "\\&");
		start = c == ' ' && sentence_ends(text, i);
		if (start)
			buf_addc(out, '\n');
		else if (c == '\\')
			buf_adds(out, "\\e");
		else
			buf_addc(out, c);
	}
	buf_addc(out, '\n');
}

static void
add_param(const struct conf_param *p, struct buf *out)
{
	struct buf want;

	buf_addf(out, ".It Ic %s", p->name);
	if (*p->preset != '\0') {
		buf_adds(out, " Li \"= ");
		for (const char *c = p->preset; *c != '\0'; c++) {
			if (*c == '\\')
				buf_adds(out, "\\e");
			else if (*c == '"')
				buf_adds(out, "\\(dq");
			else
				buf_addc(out, *c);
		}
		buf_addc(out, '"');
	}
	buf_addc(out, '\n');
	conf_manual_text(slice_str(p->text), out);
	if (p->type == CONF_STR || p->type == CONF_LIST)
		return;
	buf_init(&want, 1000);
	conf_expect(p, &want);
	buf_adds(out, "Takes ");
	conf_manual_text(buf_slice(&want), out);
	buf_truncate(out, out->n - 1);
	buf_adds(out, ".\n");
	buf_fini(&want);
}

void
conf_manual_mdoc(const struct conf_desc *d, struct buf *out)
{
	if (d->nparams == 0) {
		buf_adds(out, "There are no parameters yet.\n");
		return;
	}
	buf_adds(out, ".Bl -tag -width Ds\n");
	for (size_t i = 0; i < d->nparams; i++)
		add_param(&d->params[i], out);
	buf_adds(out, ".El\n");
}
