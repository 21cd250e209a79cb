/* format.h: the words and numbers of the Parquet format. private to parquet/
 * Source: parquet.thrift and Encodings.md of the Apache Parquet format, 2.10.
 */
#ifndef PARQUET_FORMAT_H
#define PARQUET_FORMAT_H

#include "arrow/arrow.h"

#define PARQUET_MAGIC "PAR1"
/* Columns of type NULL are optional texts in the file: every reader has those, and casts them to
 * anything. Their numbers stand under this key of the footer, each with a comma behind it. */
#define NULL_COLUMNS_KEY "weir.null_columns"

/* How values lie in the file. */
typedef enum Physical {
    PHYSICAL_BOOLEAN,
    PHYSICAL_INT32,
    PHYSICAL_INT64,
    PHYSICAL_INT96,
    PHYSICAL_FLOAT,
    PHYSICAL_DOUBLE,
    PHYSICAL_BYTES,              /* BYTE_ARRAY                                                   */
    PHYSICAL_FIXED,              /* FIXED_LEN_BYTE_ARRAY                                         */
    PHYSICAL_COUNT
} Physical;

typedef enum Encoding {
    ENCODING_PLAIN = 0,
    ENCODING_PLAIN_DICTIONARY = 2,
    ENCODING_RLE = 3,
    ENCODING_DELTA = 5,          /* DELTA_BINARY_PACKED                                          */
    ENCODING_DELTA_LENGTH = 6,   /* DELTA_LENGTH_BYTE_ARRAY                                      */
    ENCODING_DICTIONARY = 8,     /* RLE_DICTIONARY                                               */
    ENCODING_COUNT = 10
} Encoding;

enum { PAGE_DATA = 0, PAGE_DICTIONARY = 2, PAGE_DATA_V2 = 3 };
enum { COMPRESSION_NONE = 0, COMPRESSION_ZSTD = 6 };
enum { REPEATS_REQUIRED = 0, REPEATS_OPTIONAL = 1 };

/* Wire types of thrift's compact protocol. */
enum {
    WIRE_TRUE = 1,
    WIRE_FALSE = 2,
    WIRE_BYTE = 3,
    WIRE_I16 = 4,
    WIRE_I32 = 5,
    WIRE_I64 = 6,
    WIRE_DOUBLE = 7,
    WIRE_BINARY = 8,
    WIRE_LIST = 9,
    WIRE_SET = 10,
    WIRE_MAP = 11,
    WIRE_STRUCT = 12,
};

/* What a type of ours is in a file. */
typedef struct Layout {
    Physical physical;
    uint32_t width;              /* bytes a value there; 0: bits, BYTES                          */
} Layout;

/* False: has no place in a flat file (LIST, STRUCT, INTERVAL). */
bool layout_of(const Field *field, Layout *out);
/* "INT64", for messages. */
const char *physical_name(Physical physical);

#endif
