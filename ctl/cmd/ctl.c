/* SPDX-License-Identifier: ISC */
#include "ctl/cmd/ctl.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/slice.h"
#include "conf/find.h"
#include "ctl/cmd/commands.h"
#include "ctl/view/out.h"

__attribute__((format(printf, 1, 0))) static void
say(const char *fmt, va_list ap)
{
	(void)fflush(stdout);
	fputs("pabal: ", stderr);
	out_vprintf(stderr, fmt, ap);
	fputc('\n', stderr);
}

int
ctl_fail(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(fmt, ap);
	va_end(ap);
	return CTL_FAILED;
}

int
ctl_fail_err(const struct err *err)
{
	return ctl_fail("%s", err->text);
}

int
ctl_usage(const struct ctl *ctl, const char *fmt, ...)
{
	const struct ctl_command *c = ctl->command;
	va_list ap;

	va_start(ap, fmt);
	say(fmt, ap);
	va_end(ap);
	fprintf(stderr, "usage: pabal [-d DIR] %s%s%s\n", c->words,
	    *c->args != '\0' ? " " : "", c->args);
	return CTL_USAGE;
}

static const struct ctl_opt *
find(const struct ctl_opt *opts, struct slice name)
{
	for (; opts != NULL && opts->name != NULL; opts++)
		if (slice_is(name, opts->name))
			return opts;
	return NULL;
}

static void
unknown_option(
    const struct ctl *ctl, const struct ctl_opt *opts, struct slice name)
{
	struct conf_nearest near = { .name = name };

	for (; opts != NULL && opts->name != NULL; opts++)
		conf_nearest_try(&near, opts->name);
	if (near.best != NULL)
		ctl_usage(ctl,
		    "%s does not know the option --%.*s; did you mean --%s?",
		    ctl->command->words, SLICE_FMT(name), near.best);
	else
		ctl_usage(ctl, "%s does not know the option --%.*s",
		    ctl->command->words, SLICE_FMT(name));
}

/* The option at ARGV[*I]; *I goes on to its value where it takes one. */
static int
take_option(
    struct ctl *ctl, const struct ctl_opt *opts, int argc, char **argv, int *i)
{
	const struct ctl_opt json = { "json", NULL, &ctl->json };
	struct slice value;
	const char *arg = argv[*i] + 2;
	const struct slice name = slice_cut(slice_str(arg), '=', &value);
	const bool with = strchr(arg, '=') != NULL;
	const struct ctl_opt *o =
	    slice_is(name, json.name) ? &json : find(opts, name);

	if (o == NULL) {
		unknown_option(ctl, opts, name);
		return -1;
	}
	if (o->flag != NULL && !with) {
		*o->flag = true;
		return 0;
	}
	if (o->value == NULL || (!with && *i + 1 == argc)) {
		ctl_usage(ctl, "--%s takes %s value", o->name,
		    o->value == NULL ? "no" : "a");
		return -1;
	}
	if (o->flag != NULL)
		*o->flag = true;
	*o->value = with ? strchr(arg, '=') + 1 : argv[++*i];
	return 0;
}

int
ctl_options(struct ctl *ctl, const struct ctl_opt *opts, int argc, char **argv,
    int min, int max)
{
	bool options = true;
	int left = 0;

	for (int i = 0; i < argc; i++) {
		if (options && strcmp(argv[i], "--") == 0)
			options = false;
		else if (!options || strncmp(argv[i], "--", 2) != 0)
			argv[left++] = argv[i];
		else if (take_option(ctl, opts, argc, argv, &i) == -1)
			return -1;
	}
	argv[left] = NULL;
	if (left < min || left > max) {
		ctl_usage(ctl,
		    left < min ? "%s needs more arguments"
			       : "%s takes fewer arguments",
		    ctl->command->words);
		return -1;
	}
	return left;
}
