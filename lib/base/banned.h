/* SPDX-License-Identifier: ISC */
/*
 * Included by force before every source file: calls that cannot be used
 * safely, or for which pabal has one better way, do not compile.
 */
#ifndef BASE_BANNED_H
#define BASE_BANNED_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#undef strcpy
#undef strcat
#undef strncpy
#undef strncat
#undef strtok
#undef sprintf
#undef vsprintf
#undef gets
#undef sscanf
#undef atoi
#undef atol
#undef alloca
#pragma GCC poison strcpy strcat strncpy strncat strtok sprintf vsprintf gets
#pragma GCC poison sscanf atoi atol atoll atof alloca

#endif
