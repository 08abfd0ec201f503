/* SPDX-License-Identifier: ISC */
/* From here on an entry of a params.def is a row of a struct conf_param table
 * for the struct CONF_STRUCT.  No guard: see conf/param.h. */
/* clang-format off */
#undef PARAM_BOOL
#undef PARAM_UINT
#undef PARAM_AUTO
#undef PARAM_SIZE
#undef PARAM_SECS
#undef PARAM_STR
#undef PARAM_ENUM
#undef PARAM_LIST
#undef PARAM_NETS
#undef PARAM_AGES
#undef PARAM_PATH
#undef CONF_ROW
#define CONF_ROW(type, name, preset, min, max, words, text) \
	{ #name, type, offsetof(CONF_STRUCT, name), preset, min, max, words, text },
#define PARAM_BOOL(name, preset, text) \
	CONF_ROW(CONF_BOOL, name, preset, NULL, NULL, NULL, text)
#define PARAM_UINT(name, preset, min, max, text) \
	CONF_ROW(CONF_UINT, name, preset, min, max, NULL, text)
#define PARAM_AUTO(name, preset, min, max, text) \
	CONF_ROW(CONF_AUTO, name, preset, min, max, NULL, text)
#define PARAM_SIZE(name, preset, min, max, text) \
	CONF_ROW(CONF_SIZE, name, preset, min, max, NULL, text)
#define PARAM_SECS(name, preset, min, max, text) \
	CONF_ROW(CONF_SECS, name, preset, min, max, NULL, text)
#define PARAM_STR(name, preset, text) \
	CONF_ROW(CONF_STR, name, preset, NULL, NULL, NULL, text)
#define PARAM_ENUM(name, preset, words, text) \
	CONF_ROW(CONF_ENUM, name, preset, NULL, NULL, words, text)
#define PARAM_LIST(name, preset, text) \
	CONF_ROW(CONF_LIST, name, preset, NULL, NULL, NULL, text)
#define PARAM_NETS(name, preset, text) \
	CONF_ROW(CONF_NETS, name, preset, NULL, NULL, NULL, text)
#define PARAM_AGES(name, preset, text) \
	CONF_ROW(CONF_AGES, name, preset, NULL, NULL, NULL, text)
#define PARAM_PATH(name, preset, text) \
	CONF_ROW(CONF_PATH, name, preset, NULL, NULL, NULL, text)

/* The struct conf_desc of daemon NAME whose rows are in ROWS. */
#undef CONF_DESC
#define CONF_DESC(name, rows) \
	{ name, &shared_conf_desc, sizeof(CONF_STRUCT), rows, \
	    sizeof(rows) / sizeof(struct conf_param) }
