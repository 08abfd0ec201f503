/* SPDX-License-Identifier: ISC */
/* From here on an entry of a params.def is a struct member.  No guard: each
 * struct includes this anew (see conf/rows.h). */
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
#define PARAM_BOOL(name, preset, text)		  bool name;
#define PARAM_UINT(name, preset, min, max, text)  uint32_t name;
#define PARAM_AUTO(name, preset, min, max, text)  uint32_t name;
#define PARAM_SIZE(name, preset, min, max, text)  int64_t name;
#define PARAM_SECS(name, preset, min, max, text)  int64_t name;
#define PARAM_STR(name, preset, text)		  const char *name;
#define PARAM_ENUM(name, preset, words, text)	  int name;
#define PARAM_LIST(name, preset, text)		  struct conf_list name;
#define PARAM_NETS(name, preset, text)		  struct conf_nets name;
#define PARAM_AGES(name, preset, text)		  struct conf_ages name;
#define PARAM_PATH(name, preset, text)		  const char *name;
