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
 *   PARAM_ENUM(name, enum tls, "may",                enum tls, defined by it
 *       WORD(TLS_NONE, "none") WORD(TLS_MAY, "may"), text)
 *   PARAM_ENUM_OF(name, enum tls, "may", LIST(WORD), text)
 *                     enum tls, which a header has made of LIST (base/words.h)
 *   PARAM_LIST(name, "a b", text)                    struct conf_list
 *   PARAM_NETS(name, "127.0.0.0/8 [::1]", text)      struct conf_nets
 *   PARAM_AGES(name, "5m 10m 30m", text)             struct conf_ages
 *   PARAM_PATH(name, "/x", text)                     const char *, absolute
 *   PARAM_SECRET(name, text)                         struct conf_secret
 *   PARAM_SECRETS(name, text)                        the same, of many lines
 *
 * Struct member (conf/members.h), table row (here), range check, `pabal conf`
 * and the manual come from it.  A daemon's conf.h and conf.c are these lines:
 *
 *   struct smtpd_conf {
 *           struct shared_conf shared;
 *   #include "conf/members.h"
 *   #include "smtpd/params.def"
 *   };
 *   extern const struct conf_desc smtpd_conf_desc;
 *
 *   #define CONF_STRUCT struct smtpd_conf
 *   #include "conf/rows.h"
 *   static const struct conf_param params[] = {
 *   #include "smtpd/params.def"
 *   };
 *   const struct conf_desc smtpd_conf_desc = CONF_DESC("smtpd", params);
 *
 * From here on an entry is a row of a struct conf_param table for the struct
 * CONF_STRUCT.  No guard: each table includes this anew.
 */
/* clang-format off */
#undef PARAM_BOOL
#undef PARAM_UINT
#undef PARAM_AUTO
#undef PARAM_SIZE
#undef PARAM_SECS
#undef PARAM_STR
#undef PARAM_ENUM
#undef PARAM_ENUM_OF
#undef WORD
#undef PARAM_LIST
#undef PARAM_NETS
#undef PARAM_AGES
#undef PARAM_PATH
#undef PARAM_SECRET
#undef PARAM_SECRETS
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
#define WORD(id, word) "|" word
#define PARAM_ENUM_OF(name, type, preset, words, text) \
	CONF_ROW(CONF_ENUM, name, preset, NULL, NULL, &("" words)[1], text)
#define PARAM_ENUM(name, type, preset, words, text) \
	CONF_ROW(CONF_ENUM, name, preset, NULL, NULL, &("" words)[1], text)
#define PARAM_LIST(name, preset, text) \
	CONF_ROW(CONF_LIST, name, preset, NULL, NULL, NULL, text)
#define PARAM_NETS(name, preset, text) \
	CONF_ROW(CONF_NETS, name, preset, NULL, NULL, NULL, text)
#define PARAM_AGES(name, preset, text) \
	CONF_ROW(CONF_AGES, name, preset, NULL, NULL, NULL, text)
#define PARAM_PATH(name, preset, text) \
	CONF_ROW(CONF_PATH, name, preset, NULL, NULL, NULL, text)
#define PARAM_SECRET(name, text) \
	CONF_ROW(CONF_SECRET, name, "", NULL, NULL, NULL, text)
#define PARAM_SECRETS(name, text) \
	CONF_ROW(CONF_SECRET, name, "", NULL, NULL, "lines", text)

/* The struct conf_desc of daemon NAME whose rows are in ROWS. */
#undef CONF_DESC
#define CONF_DESC(name, rows) \
	{ name, &shared_conf_desc, sizeof(CONF_STRUCT), rows, \
	    sizeof(rows) / sizeof(struct conf_param) }
