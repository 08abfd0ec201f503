/* SPDX-License-Identifier: ISC */
/* Parameters as tables: what a table says of one (values: conf/values.h).
 * conf/rows.h tells how an entry of a params.def is written. */
#ifndef CONF_PARAM_H
#define CONF_PARAM_H

#include <stddef.h>

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
	CONF_SECRET,
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

#endif
