/* SPDX-License-Identifier: ISC */
/* Entries of a params.def as struct members: see conf/rows.h; no guard. */
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
#define PARAM_BOOL(name, preset, text)		  bool name;
#define PARAM_UINT(name, preset, min, max, text)  uint32_t name;
#define PARAM_AUTO(name, preset, min, max, text)  uint32_t name;
#define PARAM_SIZE(name, preset, min, max, text)  int64_t name;
#define PARAM_SECS(name, preset, min, max, text)  int64_t name;
#define PARAM_STR(name, preset, text)		  const char *name;
#define WORD(id, word)				  id,
#define PARAM_ENUM(name, type, preset, words, text)	  type { words } name;
#define PARAM_ENUM_OF(name, type, preset, words, text) type name;
#define PARAM_LIST(name, preset, text)		  struct conf_list name;
#define PARAM_NETS(name, preset, text)		  struct conf_nets name;
#define PARAM_AGES(name, preset, text)		  struct conf_ages name;
#define PARAM_PATH(name, preset, text)		  const char *name;
#define PARAM_SECRET(name, text)		  struct conf_secret name;
#define PARAM_SECRETS(name, text)		  struct conf_secret name;
