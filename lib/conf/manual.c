/* SPDX-License-Identifier: ISC */
#include "conf/manual.h"

#include <stdbool.h>
#include <string.h>

#include "conf/value.h"

enum { LINE_MAX_COLUMNS = 76 };

static bool
sentence_ends(struct slice word)
{
	while (word.n > 0 && strchr(")\"'", word.p[word.n - 1]) != NULL)
		word.n--;
	return word.n > 0 && strchr(".!?", word.p[word.n - 1]) != NULL;
}

static void
add_word(struct slice word, struct buf *out)
{
	if (word.n > 0 && (word.p[0] == '.' || word.p[0] == '\''))
		buf_adds(out, "\\&");
	for (size_t i = 0; i < word.n; i++) {
		if (word.p[i] == '\\')
			buf_adds(out, "\\e");
		else
			buf_addc(out, word.p[i]);
	}
}

void
conf_manual_text(struct slice text, struct buf *out)
{
	struct slice rest = text;
	size_t column = 0;

	while (rest.n > 0) {
		const struct slice word = slice_cut(rest, ' ', &rest);

		if (column > 0 && column + 1 + word.n > LINE_MAX_COLUMNS) {
			buf_addc(out, '\n');
			column = 0;
		}
		if (column > 0)
			buf_addc(out, ' ');
		add_word(word, out);
		column += word.n + 1;
		if (rest.n > 0 && sentence_ends(word)) {
			buf_addc(out, '\n');
			column = 0;
		}
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
	buf_adds(&want, "Takes ");
	conf_expect(p, &want);
	buf_addc(&want, '.');
	conf_manual_text(buf_slice(&want), out);
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
