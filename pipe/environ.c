/* SPDX-License-Identifier: ISC */
#include "pipe/environ.h"

#include <stdbool.h>
#include <string.h>

#include "base/ascii.h"
#include "base/buf.h"
#include "base/must.h"
#include "base/slice.h"
#include "proto/address.h"

enum { MAX_VARS = 20, VALUE_MAX = 8192 };

struct vars {
	struct arena *arena;
	char **v;
	size_t n;
};

/* Bytes beyond ASCII are addresses in UTF-8 and mean nothing to a shell. */
static bool
is_harmless(char c)
{
	return ascii_isalnum(c) || (unsigned char)c >= 0x80 ||
	       (c != '\0' && strchr("!@%-_=+:,./", c) != NULL);
}

static void
set(struct vars *vars, const char *name, struct slice value)
{
	struct buf out = { .max = VALUE_MAX };

	buf_addf(&out, "%s=", name);
	buf_add(&out, value);
	must(vars->n < MAX_VARS);
	vars->v[vars->n++] = arena_str(vars->arena, buf_slice(&out));
	buf_fini(&out);
}

/* What came from outside. */
static void
set_foreign(struct vars *vars, const char *name, struct slice value)
{
	char *clean = arena_str(vars->arena, value);

	for (size_t i = 0; i < value.n; i++)
		if (!is_harmless(clean[i]))
			clean[i] = '_';
	set(vars, name, slice_of(clean, value.n));
}

static void
set_client(struct vars *vars, const struct envelope *env)
{
	const struct {
		const char *name;
		struct slice value;
	} all[] = {
		{ "CLIENT_ADDRESS", env->client },
		{ "CLIENT_HOSTNAME", env->client_name },
		{ "CLIENT_HELO", env->helo },
		{ "CLIENT_PROTOCOL", env->protocol },
	};

	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
		if (all[i].value.n > 0)
			set_foreign(vars, all[i].name, all[i].value);
}

char **
environ_make(struct arena *arena, const struct owner *owner, const char *path,
    const char *delimiters, const struct envelope *env,
    const struct job_rcpt *rcpt)
{
	struct vars vars = { .arena = arena };
	struct slice local, domain, user, tag;

	vars.v = arena_alloc(arena, (MAX_VARS + 1) * sizeof *vars.v);
	address_split(rcpt->address, &local, &domain);
	(void)address_split_tag(local, delimiters, &user, &tag);
	if (rcpt->extension.n > 0)
		tag = rcpt->extension;
	set(&vars, "PATH", slice_str(path));
	set(&vars, "SHELL", SLICE("/bin/sh"));
	set(&vars, "HOME", slice_str(owner->home));
	set(&vars, "USER", slice_str(owner->user));
	set(&vars, "LOGNAME", slice_str(owner->user));
	set_foreign(&vars, "SENDER",
	    env->sender.n > 0 ? env->sender : SLICE("MAILER-DAEMON"));
	set_foreign(&vars, "RECIPIENT", rcpt->address);
	set_foreign(&vars, "LOCAL", local);
	set_foreign(&vars, "DOMAIN", domain);
	if (tag.n > 0)
		set_foreign(&vars, "EXTENSION", tag);
	set_client(&vars, env);
	return vars.v;
}
