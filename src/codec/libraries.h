/* libraries.h: ISA-L, zlib and libzstd behind tables of calls. private to codec/ */
#ifndef CODEC_LIBRARIES_H
#define CODEC_LIBRARIES_H

#include <isa-l/crc.h>
#include <isa-l/igzip_lib.h>
#include <zlib.h>
#include <zstd.h>

#include "base/err.h"

#define LIB(name) __typeof__(name) *name;
typedef struct IsalLib {
#include "codec/isal.def"
} IsalLib;
typedef struct ZLib {
#include "codec/zlib.def"
} ZLib;
typedef struct ZstdLib {
#include "codec/zstd.def"
} ZstdLib;
#undef LIB

/* The tables; looked for once a process. Any thread. Fails ERR_RUNTIME: the library is missing. */
MUST bool zlib_lib(const ZLib **out, Err *err);
MUST bool zstd_lib(const ZstdLib **out, Err *err);
/* NULL: it is not there. */
const IsalLib *isal_lib(void);

#endif
