/* SPDX-License-Identifier: ISC */
/*
 * A parameter is one entry in <daemon>/params.def:
 *
 *   PARAM_BOOL(name, "yes", text)                    bool
 *   PARAM_UINT(name, "16", "1", "1000", text)        uint32_t
 *   PARAM_AUTO(name, "auto", "1", "1000", text)      uint32_t, 0 is auto
 *   PARAM_SIZE(name, "50M", "64K", "2G", text)       int64_t bytes
 *   PARAM_SECS(name, "5m", "1s", "1h", text)         int64_t milliseconds
 *   PARAM_STR(name, "default", text)                 const char *, never NULL
 *   PARAM_ENUM(name, "may", "none|may|encrypt", text)  int, index of the word
 *   PARAM_LIST(name, "a b", text)                    struct conf_list
 *   PARAM_NETS(name, "127.0.0.0/8 [::1]", text)      struct conf_nets
 *   PARAM_AGES(name, "5m 10m 30m", text)             struct conf_ages
 *   PARAM_PATH(name, "/x", text)                     const char *, absolute
 *
 * Struct member ("conf/members.h"), table row ("conf/rows.h"), range check,
 * `pabal conf` and the manual come from it.
 */
#ifndef CONF_PARAM_H
#define CONF_PARAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"
#include "sys/addr.h"

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
