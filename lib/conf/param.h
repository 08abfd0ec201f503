/* SPDX-License-Identifier: ISC */
/* Parameters as tables: the types of values, and what a table says of one.
 * conf/rows.h tells how an entry of a params.def is written. */
#ifndef CONF_PARAM_H
#define CONF_PARAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

struct addr;
struct cidr;

struct conf_list {
	const char **v;
	size_t n;
};

struct conf_nets {
	struct cidr *v;
	size_t n;
};

struct conf_ages {
	int64_t *ms;
	size_t n; /* at least 1 */
};

enum conf_type {
	CONF_BOOL,
	CONF_UINT,
	CONF_AUTO,
	CONF_SIZE,
	CONF_SECS,
	CONF_STR,
	CONF_ENUM,
	CONF_LIST,
	CONF_NETS,
	CONF_AGES,
	CONF_PATH,
};

struct conf_param {
	const char *name;
	enum conf_type type;
	size_t offset;
	const char *preset; /* the default, as it would stand in a file */
	const char *min;    /* NULL where the type has no range */
	const char *max;
	const char *words; /* CONF_ENUM: "none|may|encrypt" */
	const char *text;  /* for the manual: sentences, mdoc-free */
};

/* All parameters of one daemon.  A struct described here begins with the
 * struct that BASE describes (the shared facts), where it has one. */
struct conf_desc {
	const char *name; /* of the daemon: its file is <name>.conf */
	const struct conf_desc *base;
	size_t size;
	const struct conf_param *params;
	size_t nparams;
};

/* The parameter NAME of D or its base, or NULL. */
const struct conf_param *conf_param_find(
    const struct conf_desc *d, struct slice name);
/* The known name that NAME looks like most, NULL when none is near. */
const char *conf_param_nearest(const struct conf_desc *d, struct slice name);

bool conf_nets_match(const struct conf_nets *nets, const struct addr *a);
/* Whether one of the words is WORD (ASCII case ignored). */
bool conf_list_has(const struct conf_list *list, struct slice word);

#endif
