/* SPDX-License-Identifier: ISC */
/* Read by cppcheck before each file (mk/lint.mk): the macros whose __VA_OPT__
 * it cannot read. */
#ifndef TOOLS_CPPCHECK_H
#define TOOLS_CPPCHECK_H

#include "log/log.h"

#undef log_err
#undef log_warn
#undef log_info
#undef log_debug
void log_any(const char *event, ...);
#define log_err(...)   log_any(__VA_ARGS__)
#define log_warn(...)  log_any(__VA_ARGS__)
#define log_info(...)  log_any(__VA_ARGS__)
#define log_debug(...) log_any(__VA_ARGS__)

#endif
