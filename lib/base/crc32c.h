/* SPDX-License-Identifier: ISC */
/* CRC-32C (Castagnoli, RFC 3720 B.4), by the CPU's own instruction where it
 * has one.  Start with 0; feed pieces in order. */
#ifndef BASE_CRC32C_H
#define BASE_CRC32C_H

#include <stdint.h>

#include "base/slice.h"

uint32_t crc32c(uint32_t crc, struct slice s);

#endif
