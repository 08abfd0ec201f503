/* SPDX-License-Identifier: ISC */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/ascii.h"
#include "base/buf.h"
#include "base/slice.h"
#include "conf/manual.h"
#include "ctl/cmd/commands.h"
#include "ctl/cmd/ctl.h"
#include "ctl/view/lines.h"
#include "ctl/view/words.h"

enum { MDOC_LINE = 50 }; /* a word more is within 80 bytes */

/* Print ARGS as mdoc arguments: upper case words are .Ar, the rest is text. */
static void
mdoc_args(struct buf *out, const char *args)
{
	size_t line = out->n;

	for (const char *c = args; *c != '\0'; c++) {
		const bool start = c == args || strchr(" [|:=", c[-1]) != NULL;
		const size_t n = strspn(c, "ABCDEFGHIJKLMNOPQRSTUVWXYZ@");

		if (start && n > 1) {
			buf_adds(out, "\\fI");
			buf_add(out, slice_of(c, n));
			buf_adds(out, "\\fR");
			c += n - 1;
		} else if (*c == '-') {
			buf_adds(out, "\\-");
		} else if (*c == ' ' && out->n - line > MDOC_LINE) {
			buf_addc(out, '\n');
			line = out->n;
		} else {
			buf_addc(out, *c);
		}
	}
}

static int
help_mdoc(void)
{
	struct buf out;

	buf_init(&out, 1u << 20);
	buf_adds(&out, ".Bl -tag -width Ds\n");
	for (const struct ctl_command *c = commands_all(); c->words != NULL;
	     c++) {
		buf_addf(&out, ".It Xo\n.Cm %s\n", c->words);
		if (*c->args != '\0') {
			mdoc_args(&out, c->args);
			buf_addc(&out, '\n');
		}
		buf_adds(&out, ".Xc\n");
		buf_addc(&out, ascii_upper(c->summary[0]));
		buf_addf(&out, "%s.\n", c->summary + 1);
		if (*c->details != '\0')
			conf_manual_text(slice_str(c->details), &out);
	}
	buf_adds(&out, ".El\n");
	fputs(buf_cstr(&out), stdout);
	buf_fini(&out);
	return CTL_OK;
}

/* Are there commands of the word WORD and another one? */
static bool
has_others(const char *word)
{
	const size_t n = strlen(word);

	for (const struct ctl_command *c = commands_all(); c->words != NULL;
	     c++)
		if (strncmp(c->words, word, n) == 0 && c->words[n] == ' ')
			return true;
	return false;
}

static int
help_command(const struct ctl_command *c)
{
	printf("usage: pabal [-d DIR] %s%s%s\n\n", c->words,
	    *c->args != '\0' ? " " : "", c->args);
	printf("%c%s.\n", ascii_upper(c->summary[0]), c->summary + 1);
	if (*c->details != '\0')
		lines_fill(stdout, "", c->details);
	if (strchr(c->words, ' ') == NULL && has_others(c->words)) {
		puts("");
		commands_usage(stdout, c->words);
	}
	return CTL_OK;
}

int
cmd_help(struct ctl *ctl, int argc, char **argv)
{
	bool mdoc = false, next = false;
	const struct ctl_opt opts[] = { { "mdoc", NULL, &mdoc },
		{ "words", NULL, &next }, { 0 } };
	static char help[] = "help";
	char *words[] = { help };
	const struct ctl_command *c;
	int n, used;

	/* It may be called for another command's --help. */
	ctl->command = commands_find(1, words, &used);
	n = ctl_options(ctl, opts, argc, argv, 0, 100);

	if (n == -1)
		return CTL_USAGE;
	if (mdoc)
		return help_mdoc();
	if (next) {
		words_print(n, argv);
		return CTL_OK;
	}
	if (n == 0) {
		puts("usage: pabal [-d DIR] COMMAND ...\n");
		commands_usage(stdout, NULL);
		puts("\nDIR is the instance's directory (or $PABAL_DIR); "
		     "without "
		     "it the installed one\nis meant. --json prints JSON. "
		     "See \"pabal help COMMAND\" and pabal(8).");
		return CTL_OK;
	}
	c = commands_find(n, argv, &used);
	if (c != NULL)
		return help_command(c);
	if (!commands_begin(argv[0])) {
		const char *near = commands_nearest(n, argv);

		if (near != NULL)
			ctl_fail(
			    "there is no command \"%s\"; did you mean \"%s\"?",
			    argv[0], near);
		else
			ctl_fail("there is no command \"%s\"; \"pabal help\" "
				 "lists them all",
			    argv[0]);
		return CTL_USAGE;
	}
	puts("usage: pabal [-d DIR] COMMAND ...\n");
	commands_usage(stdout, argv[0]);
	return CTL_OK;
}

int
cmd_version(struct ctl *ctl, int argc, char **argv)
{
	if (ctl_options(ctl, NULL, argc, argv, 0, 0) == -1)
		return CTL_USAGE;
	puts(ctl->json ? "{\"version\":\"" PABAL_VERSION "\"}"
		       : "pabal " PABAL_VERSION);
	return CTL_OK;
}
